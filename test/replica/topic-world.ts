// Voters and proposers in one thread: production's replicas and clients, whose frames wait until the world delivers
// them. Links keep their order, as rings do; everything else is drawn from a seed: which link moves, when time passes,
// who dies. After every step the world looks whether what ballots promise still holds.
import assert from 'node:assert/strict';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import type { Ballot } from '../../src/protocol/ballot.ts';
import { copyBallot, laterBallot, mutableBallot } from '../../src/protocol/ballot.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { Configuration } from '../../src/quorum/configuration.ts';
import { registerQuorums, votersIn } from '../../src/quorum/index.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import { ClientCore } from '../../src/replica/client-core.ts';
import { CLUSTER_OPEN, GRANTED } from '../../src/replica/environment.ts';
import type { Epochs, LargeLane, LargeValue, Link } from '../../src/replica/environment.ts';
import { Electorate } from '../../src/replica/electorate.ts';
import { LiveQuorums, fixedConfiguration } from '../../src/replica/live-quorums.ts';
import { MembershipChange } from '../../src/replica/membership-change.ts';
import type { Proposal } from '../../src/replica/proposal.ts';
import { ClientLane, Replica } from '../../src/replica/replica.ts';
import { Failure } from '../../src/replica/results.ts';
import { TopicSweep } from '../../src/replica/topic-sweep.ts';
import { FrameBuffer } from '../../src/replica/operation.ts';
import { TELL, writeAnswer } from '../../src/replica/topic-wire.ts';
import { INQUIRE, INQUIRY_REPLY, KIND_MASK, REPLY, REQUEST } from '../../src/replica/wire.ts';
import type { FrameViews } from '../../src/replica/wire.ts';
import { SimErased } from '../../src/sim/cluster/sim-erased.ts';
import { TallyBoard, createTallyBoard } from '../../src/ring/tally-board.ts';
import type { Decision, ProposeOptions, ProposeResult, TopicDefinition } from '../../src/store/topic.ts';

/** What voters keep: what was committed, in order. */
interface Ledger {
  readonly sum: number;
  readonly entries: readonly string[];
}

interface Entry {
  readonly amount: number;
  /** Voters that say no to it whatever the state is, as a mask. */
  readonly refusedBy: number;
}

/** What a voter has said. */
interface Said {
  readonly voter: number;
  readonly epoch: number;
  readonly place: number;
  readonly id: string;
  readonly vote: string;
  readonly state: string;
}

/** How a world is made. */
export interface TopicWorldOptions {
  readonly seed: number;
  readonly rules?: Partial<Rules>;
  readonly replicas?: number;
  /** Places for replicas, of which some are free for newcomers; default as many as replicas. */
  readonly places?: number;
  readonly clients?: number;
}

interface Flight {
  readonly arrive: () => void;
}

interface Seat {
  epoch: number;
  isOperational: boolean;
  replica: Replica | undefined;
  lanes: (ClientLane | undefined)[];
  /** Decisions that its next incarnation must know once it serves. */
  mustKnow: number;
}

interface Client {
  readonly core: ClientCore;
  readonly board: TallyBoard;
  isAlive: boolean;
  /** Whether its thread ends as soon as it would tell a voter of a decision. */
  diesOfTelling: boolean;
  /** Whether what it tells voters of decisions is lost. */
  tellsInVain: boolean;
}

const TOPIC = 'ledger';
const LIMIT = 60;
const LINK_BYTES = 1 << 16;
const INITIAL: Ledger = { sum: 0, entries: [] };

/** The world. A violated promise is thrown, with what it is. */
export class TopicWorld {
  readonly quorums: RegisterQuorums;
  readonly random: Random;
  nowMs = 0;
  readonly results: { readonly id: string; readonly result: ProposeResult | Failure | undefined }[] = [];
  commits = 0;
  aborts = 0;
  readonly #rules: Rules;
  readonly #seats: Seat[];
  readonly #clients: Client[] = [];
  /** By directed link, in order. */
  readonly #links = new Map<string, Flight[]>();
  readonly #said: Said[] = [];
  /** States by decisions applied; decisions by place, and places by id. */
  readonly #states = new Map<number, string>([[0, JSON.stringify(INITIAL)]]);
  readonly #decisions = new Map<number, string>();
  readonly #places = new Map<string, number>();
  readonly #lastTag = mutableBallot();
  readonly #epochs: Epochs;
  #restarts = 0;
  #answer: { frames: FrameViews[]; votes: (() => void)[] } = { frames: [], votes: [] };
  /** What was seen where it must not be thrown. */
  #violation: string | undefined;
  readonly #sweeps: TopicSweep[] = [];
  /** The last place that a quorum of voters was known to have applied. */
  #known = 0;
  #configuration: Configuration;
  #change: MembershipChange | undefined;
  /** The client that compares the replicas. */
  #comparing: Client | undefined;

  constructor({ seed, rules = {}, replicas = 3, places = replicas, clients = 2 }: TopicWorldOptions) {
    this.random = seededRandom(seed);
    this.#rules = { ...RULES, ...rules };
    this.quorums = registerQuorums({ replicas });
    this.#configuration = fixedConfiguration(this.quorums).read();
    this.#epochs = {
      epochOf: (replica) => this.#seats[replica]!.epoch,
      restarts: () => this.#restarts,
      isOperational: (replica) => this.#seats[replica]!.isOperational,
    };
    this.#seats = Array.from({ length: places }, (_, place) => ({
      epoch: 1,
      isOperational: place < replicas,
      replica: undefined,
      lanes: [],
      mustKnow: 0,
    }));
    for (let replica = 0; replica < replicas; replica++) this.#start(replica, true);
    for (let client = 0; client < clients; client++) this.addClient();
  }

  get clients(): number {
    return this.#clients.length;
  }

  /** Replicas that may die now. */
  mayDie(replica: number): boolean {
    const { replica: own, isOperational } = this.#seats[replica]!;
    if (own === undefined) return false;
    const down = this.#members.reduce((mask, each) => mask | (this.#seats[each]!.isOperational ? 0 : 1 << each), 0);
    return !isOperational || !this.#electorate.isLost(down | (1 << replica));
  }

  /** Who votes: while members change, those of before. */
  get voters(): readonly number[] {
    return votersIn(this.#configuration.current.members);
  }

  get isChanging(): boolean {
    return this.#change?.isOver === false;
  }

  get #electorate(): Electorate {
    return new Electorate(this.#configuration, this.#rules);
  }

  /** All whose votes decide something. */
  get #members(): readonly number[] {
    return votersIn(this.#electorate.all);
  }

  addClient(): void {
    const client = this.#clients.length;
    const board = new TallyBoard(createTallyBoard(64, this.#seats.length));
    const core: ClientCore = new ClientCore(
      {
        links: this.#seats.map((_, replica) => new QueueLink((frame) => this.#leave(client, replica, frame))),
        large: this.#seats.map(() => new Shelf()),
        board,
        epochs: this.#epochs,
        tags: {
          take: (count, first) => {
            copyBallot(first, laterBallot(this.#lastTag, 1));
            copyBallot(this.#lastTag, laterBallot(this.#lastTag, count));
          },
          taken: () => this.#lastTag.low >>> 0,
        },
        random: seededRandom(below(this.random, 1 << 30)),
        ringBytes: 1 << 20,
        erased: new SimErased(),
        life: { state: CLUSTER_OPEN, resets: 0 },
        owner: client + 1,
        sharedMs: () => this.nowMs,
        settle: (operation) => core.coordinator.release(operation),
        settleChange: () => undefined,
        settleSession: () => undefined,
        settleScan: () => undefined,
        settleProposal: (proposal) => this.#settled(proposal),
      },
      this.#liveQuorums(),
      this.#rules,
    );
    this.#spy(core);
    this.#clients.push({ core, board, isAlive: true, diesOfTelling: false, tellsInVain: false });
    for (let replica = 0; replica < this.#seats.length; replica++) this.#openLane(client, replica);
  }

  /** A client proposes. */
  propose(client: number, options: ProposeOptions, entry?: Entry): void {
    const { core, isAlive } = this.#clients[client]!;
    if (!isAlive) return;
    const payload = entry ?? {
      amount: 1 + below(this.random, 9),
      refusedBy: below(this.random, 2 ** this.#seats.length) & below(this.random, 64),
    };
    try {
      core.submit(core.propose({ [TOPIC]: {} }, TOPIC, payload, options));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.results.push({ id: '', result: new Failure(error) }); // So many are no members any more.
    }
    core.flush(this.nowMs);
  }

  /** One thing happens. */
  step(): void {
    const waiting = this.#waiting();
    if (waiting.length > 0 && below(this.random, 12) !== 0)
      waiting[below(this.random, waiting.length)]!.shift()!.arrive();
    else this.pass(1 + below(this.random, 30));
    this.#check();
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const sweep of this.#sweeps) sweep.turn(this.nowMs);
    for (const { core, isAlive } of this.#clients) {
      if (!isAlive) continue;
      core.tick(this.nowMs);
      core.flush(this.nowMs);
    }
    for (let replica = 0; replica < this.#seats.length; replica++) this.#tickReplica(replica);
    this.#goOn();
  }

  /** The members begin to change, if no change is under way. */
  change(members: number): void {
    if (this.isChanging) return;
    const target = { members, quorums: registerQuorums({ replicas: votersIn(members).length }) };
    const doors = {
      lastTag: (): Ballot => this.#lastTag,
      publish: (configuration: Configuration): void => {
        this.#configuration = configuration;
        this.#restarts++;
      },
      seenBy: (replica: number): number => this.#seats[replica]!.replica?.configuration ?? 0,
      isRunning: (replica: number): boolean => this.#seats[replica]!.replica !== undefined,
      isOperational: (replica: number): boolean => this.#seats[replica]!.isOperational,
      start: (replica: number): void => this.#recover(replica),
      retire: (replica: number): void => {
        const seat = this.#seats[replica]!;
        seat.epoch++;
        this.#restarts++;
        seat.isOperational = false;
        seat.replica = undefined;
      },
    };
    this.#change = new MembershipChange(this.#configuration, target, doors, this.#rules);
  }

  /** The members change while only messages on such links arrive. */
  changeBy(members: number, links: RegExp): void {
    this.change(members);
    for (let turn = 0; this.isChanging; turn++) {
      if (turn > 20_000) throw new Error('A change that nothing gets in the way of comes about');
      this.deliver(links);
      this.pass(5);
    }
  }

  /** Everything on such links arrives, and what follows on it there. */
  deliver(links: RegExp): void {
    for (let flight = this.#nextOn(links); flight !== undefined; flight = this.#nextOn(links)) flight.arrive();
  }

  #nextOn(links: RegExp): Flight | undefined {
    const waiting = new Set(this.#waiting());
    return [...this.#links].find(([link, flights]) => links.test(link) && waiting.has(flights))?.[1].shift();
  }

  /** How often a voter has been asked, and has judged. */
  votesOf(replica: number): number {
    return this.#said.filter(({ voter }) => voter === replica).length;
  }

  /** Takes the steps of a change that may be taken; a client compares the replicas where it waits for that. */
  #goOn(): void {
    const change = this.#change;
    if (change === undefined || change.isOver) return;
    change.turn();
    if (change.step !== 'comparing' || this.#comparing?.isAlive === true) return;
    const client = this.#clients.findLast(({ isAlive }) => isAlive)!;
    const { core } = client;
    const end = (): void => {
      this.#comparing = undefined;
      change.compared(repairer.covered, repairer.configuration);
    };
    const repairer = core.repairer({ deadlineMs: this.nowMs + 2000, end });
    this.#comparing = client;
    repairer.start();
    core.flush(this.nowMs);
  }

  /** A replica loses its memory, and its successor begins to recover. What it has not read may be lost with it. */
  crash(replica: number): void {
    const seat = this.#seats[replica]!;
    seat.epoch++;
    this.#restarts++;
    const isLost = below(this.random, 2) === 0;
    for (const [link, flights] of this.#links) if (isLost && link.endsWith(`>A${replica}`)) flights.length = 0;
    this.#recover(replica);
  }

  /** A replica without memory begins to recover. */
  #recover(replica: number): void {
    const seat = this.#seats[replica]!;
    seat.isOperational = false;
    seat.mustKnow = this.#known;
    this.#start(replica, false);
  }

  /** The client's thread will end as soon as it would tell a voter of a decision. */
  silence(client: number): void {
    this.#clients[client]!.diesOfTelling = true;
  }

  /**
   * An answer of a replica to a question that nobody has asked: yes, for a place, and its vote.
   *
   * @returns answers that the client has dropped so far.
   */
  answerUnasked(client: number, replica: number, place: number): number {
    const { core, board } = this.#clients[client]!;
    const frame = new FrameBuffer(1024);
    const slot = 40;
    const generation = 7;
    const bytes = new FrameBuffer(256);
    const valueBytes = writeAnswer(bytes, { high: 0, low: 1 }, { stance: 'yes', place });
    frame.words.set([INQUIRY_REPLY, slot, generation], REPLY.KIND);
    frame.words[REPLY.EPOCH] = this.#seats[replica]!.epoch;
    frame.words[REPLY.VALUE_BYTES] = valueBytes;
    frame.bytes.set(bytes.bytes.subarray(0, valueBytes), REPLY.BYTES);
    board.vote(slot, generation, replica, GRANTED, this.#seats[replica]!.epoch);
    core.look();
    core.coordinator.receive(replica, frame, 0);
    core.coordinator.collect(this.nowMs);
    return core.coordinator.counters.answersDropped;
  }

  /** From now on what the client tells voters of decisions is lost, or no longer. */
  loseTellings(client: number, isLost: boolean): void {
    this.#clients[client]!.tellsInVain = isLost;
  }

  isAlive(client: number): boolean {
    return this.#clients[client]!.isAlive;
  }

  /** Decisions that each voter has applied. */
  get applied(): readonly number[] {
    return this.#members.map((each) => voterOf(this.#seats[each]!.replica).applied);
  }

  /** A client does the housekeeping, in the thread of a replica. */
  sweep(client: number, replica: number): void {
    const { core } = this.#clients[client]!;
    const voters = new Map([[TOPIC, voterOf(this.#seats[replica]!.replica)]]);
    this.#sweeps.push(new TopicSweep({ core, voters }));
  }

  /** A client's thread ends: what it has sent still arrives. */
  kill(client: number): void {
    this.#clients[client]!.isAlive = false;
  }

  /** Everything arrives and time passes: every voter comes to know every decision that one of them knows. */
  heal(): void {
    for (let turn = 0; turn < 20_000; turn++) {
      const [flights] = this.#waiting();
      if (flights !== undefined) flights.shift()!.arrive();
      else this.pass(20);
      this.#check();
      if (flights !== undefined || turn < 200) continue;
      const isIdle = this.#clients.every(({ core, isAlive }) => !isAlive || core.pending === 0);
      const { applied } = this;
      const isEqual = applied.every((each) => each === applied[0]);
      const areUp = this.#members.every((each) => this.#seats[each]!.isOperational);
      if (isIdle && isEqual && areUp && !this.isChanging) return;
    }
    throw new Error('Voters do not come to know the same decisions');
  }

  #settled({ id, result, told }: Proposal): void {
    this.results.push({ id, result });
    if (result === undefined || result instanceof Failure) return;
    if (result.outcome !== 'commit' && result.outcome !== 'abort') return;
    if (result.outcome === 'commit') this.commits++;
    else this.aborts++;
    this.#judge(result.decision);
    let knowing = 0;
    for (const [voter, epoch] of told) if (this.#seats[voter]!.epoch === epoch) knowing |= 1 << voter;
    if (this.#electorate.isKnownTo(knowing)) this.#known = Math.max(this.#known, result.decision.place);
  }

  /** A decision that somebody was told. */
  #judge({ place, id, outcome, votes, needed }: Decision): void {
    this.#decide(place, id, outcome);
    for (const { voter, epoch, vote } of votes) {
      if (vote === 'missing') continue;
      const isSaid = (each: Said): boolean =>
        each.voter === voter && each.epoch === epoch && each.place === place && each.id === id && each.vote === vote;
      const said = this.#said.filter((each) => isSaid(each));
      if (said.length === 0) throw new Error(`Voter ${voter} never said ${vote} to ${id} at place ${place}`);
      const state = this.#states.get(place - 1);
      if (state !== undefined && !said.some((each) => each.state === state)) {
        throw new Error(`Voter ${voter} has judged ${id} in another state than that before place ${place}`);
      }
    }
    const yes = votes.filter(({ vote }) => vote === 'yes').length;
    if (outcome === 'commit' && yes < needed!) throw new Error(`${id} was committed with ${yes} yes of ${needed}`);
  }

  #decide(place: number, id: string, outcome: string): void {
    const text = `${id} ${outcome}`;
    const stands = this.#decisions.get(place) ?? text;
    if (stands !== text) throw new Error(`Place ${place} holds both ${stands} and ${text}`);
    this.#decisions.set(place, text);
    const at = this.#places.get(id) ?? place;
    if (at !== place) throw new Error(`${id} is decided at place ${at} and at place ${place}`);
    this.#places.set(id, place);
  }

  #check(): void {
    if (this.#violation !== undefined) throw new Error(this.#violation);
    for (const [index, { replica, isOperational }] of this.#seats.entries()) {
      if (!isOperational || replica === undefined) continue;
      const { applied, state } = voterOf(replica);
      const text = JSON.stringify(state);
      const known = this.#states.get(applied) ?? text;
      if (known !== text) throw new Error(`Voter ${index} has ${text} after ${applied} decisions, others ${known}`);
      this.#states.set(applied, text);
      const { entries } = state as Ledger;
      if (new Set(entries).size < entries.length) throw new Error(`Voter ${index} has applied one twice: ${text}`);
    }
  }

  /** Looks at every decision as it is written down. */
  #spy(core: ClientCore): void {
    const compareAndSet = core.compareAndSet.bind(core);
    core.compareAndSet = (...call): ReturnType<ClientCore['compareAndSet']> => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else is written in these worlds
      const { votes } = call[2] as Decision;
      const voters = votes.map(({ voter }) => voter).join(', ');
      const members = this.voters.join(', ');
      if (voters !== members) this.#violation ??= `Votes of replicas ${voters} count, where ${members} are the members`;
      for (const { voter, epoch, vote } of votes) {
        const isLive = vote === 'missing' || epoch === this.#seats[voter]!.epoch;
        if (!isLive) this.#violation ??= `The vote of voter ${voter} counts, whose incarnation ${epoch} is dead`;
      }
      return compareAndSet(...call);
    };
  }

  #definition(replica: number, epoch: number): TopicDefinition<Ledger, Entry> {
    return {
      initial: INITIAL,
      validate: ({ amount, refusedBy }, state, { place, id }) => {
        const isYes = state.sum + amount <= LIMIT && ((refusedBy >>> replica) & 1) === 0;
        const vote = isYes ? 'yes' : 'no';
        this.#said.push({ voter: replica, epoch, place, id, vote, state: JSON.stringify(state) });
        return isYes;
      },
      apply: ({ sum, entries }, { amount }, { place, id }) => {
        this.#decide(place, id, 'commit');
        return { sum: sum + amount, entries: [...entries, id] };
      },
    };
  }

  #start(replica: number, isFirst: boolean): void {
    const seat = this.#seats[replica]!;
    const { epoch } = seat;
    const peers = this.#seats.map((_, other) => {
      if (other === replica) return undefined;
      const link = new QueueLink((frame) =>
        this.#send(`A${replica}>A${other}`, () => this.#toPeer(replica, other, frame)),
      );
      return { link, large: SHELF };
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- payloads of these worlds are entries
    const definition = this.#definition(replica, epoch) as unknown as TopicDefinition;
    seat.replica = new Replica({
      index: replica,
      epoch,
      bytesMax: 1 << 24,
      recovery: isFirst ? undefined : { epochs: this.#epochs },
      quorums: this.#liveQuorums(),
      peers,
      rules: this.#rules,
      topics: { definitions: new Map([[TOPIC, definition]]), epochs: this.#epochs },
    });
    for (let client = 0; client < this.#clients.length; client++) this.#openLane(client, replica);
  }

  #liveQuorums(): LiveQuorums {
    const source = { number: (): number => this.#configuration.number, read: (): Configuration => this.#configuration };
    return new LiveQuorums(source, this.#rules);
  }

  #openLane(client: number, replica: number): void {
    const { board } = this.#clients[client]!;
    this.#seats[replica]!.lanes[client] = new ClientLane({
      link: new QueueLink((frame) => this.#answer.frames.push(frame)),
      votes: {
        vote: (...vote: Parameters<TallyBoard['vote']>): boolean => {
          this.#answer.votes.push(() => board.vote(...vote));
          return false;
        },
      },
      large: SHELF,
    });
  }

  #tickReplica(index: number): void {
    const seat = this.#seats[index]!;
    const { replica } = seat;
    if (replica === undefined) return;
    replica.heedConfiguration();
    replica.tick(this.nowMs);
    if (seat.isOperational || !replica.isOperational) return;
    seat.isOperational = true;
    const { applied } = voterOf(replica);
    if (applied < seat.mustKnow)
      throw new Error(`Voter ${index} serves after ${applied} of ${seat.mustKnow} decisions`);
  }

  /** Links that may move: who recovers takes no requests yet. */
  #waiting(): Flight[][] {
    return [...this.#links].flatMap(([link, flights]) => {
      const isHeldUp = link.startsWith('C') && !this.#seats[Number(link.split('>A')[1])]!.isOperational;
      return flights.length === 0 || isHeldUp ? [] : [flights];
    });
  }

  /** A request of a client leaves, if it lives. */
  #leave(client: number, replica: number, frame: FrameViews): void {
    const sender = this.#clients[client]!;
    const isTelling = (frame.words[REQUEST.KIND]! & KIND_MASK) === INQUIRE && frame.words[REQUEST.HASH] === TELL;
    if (isTelling && sender.diesOfTelling) sender.isAlive = false;
    if (isTelling && sender.tellsInVain) return;
    if (sender.isAlive) this.#send(`C${client}>A${replica}`, () => this.#request(client, replica, frame));
  }

  #send(link: string, arrive: () => void): void {
    const flights = this.#links.get(link) ?? [];
    this.#links.set(link, flights);
    flights.push({ arrive });
  }

  #request(client: number, index: number, frame: FrameViews): void {
    const { replica, lanes, epoch, isOperational } = this.#seats[index]!;
    assert(isOperational);
    this.#answer = { frames: [], votes: [] };
    replica!.receive(lanes[client]!, frame, 0);
    lanes[client]!.castVotes(index, epoch);
    const { frames, votes } = this.#answer;
    this.#send(`A${index}>C${client}`, () => this.#hear(client, index, frames, votes));
  }

  #hear(client: number, replica: number, frames: readonly FrameViews[], votes: readonly (() => void)[]): void {
    const { core, isAlive } = this.#clients[client]!;
    if (!isAlive) return;
    for (const vote of votes) vote();
    core.look();
    for (const frame of frames) core.coordinator.receive(replica, frame, 0);
    core.coordinator.collect(this.nowMs);
    core.flush(this.nowMs);
  }

  #toPeer(from: number, to: number, frame: FrameViews): void {
    this.#seats[to]!.replica?.receiveFromPeer(from, frame, 0);
    this.#tickReplica(to);
  }
}

function voterOf(replica: Replica | undefined): { readonly applied: number; readonly state: unknown } {
  const voter = replica?.topics?.voters.get(TOPIC);
  assert(voter !== undefined);
  return voter;
}

/** A link with room for any frame of these worlds. */
class QueueLink implements Link {
  readonly words: Int32Array = new Int32Array(LINK_BYTES >> 2);
  readonly bytes: Uint8Array = new Uint8Array(this.words.buffer);
  readonly #sink: (frame: FrameViews) => void;
  #claimed = 0;

  constructor(sink: (frame: FrameViews) => void) {
    this.#sink = sink;
  }

  claim(payloadBytes: number): number {
    assert(payloadBytes <= LINK_BYTES);
    this.#claimed = payloadBytes;
    return 0;
  }

  commit(): void {
    const bytes = new Uint8Array((this.#claimed + 7) & ~7);
    bytes.set(this.bytes.subarray(0, this.#claimed));
    this.#sink({ bytes, words: new Int32Array(bytes.buffer) });
  }

  hasRoomFor(): boolean {
    return true;
  }
}

/** Large values on their way. */
class Shelf implements LargeLane {
  readonly #values = new Map<number, LargeValue>();

  send(value: LargeValue): number {
    value.hold();
    this.#values.set(this.#values.size + 1, value);
    return this.#values.size;
  }

  take(reference: number): LargeValue | undefined {
    return this.#values.get(reference);
  }
}

const SHELF = new Shelf();
