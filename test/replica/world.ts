// A whole cluster in one thread, in which nothing happens by itself: a test or the explorer delivers each message, lets
// time pass, starts operations, kills replicas. Everything but the network is production code.
//
// Messages between a client and a replica may be reordered, lost and repeated, which is more than rings do. Those
// between replicas stay in order, as in a ring, and outlive both ends.
import { seededRandom } from '../../src/base/random.ts';
import { NO_BALLOT, copyBallot, isNone, laterBallot, mutableBallot, versionOf } from '../../src/protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../../src/protocol/ballot.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import { Coordinator } from '../../src/replica/coordinator.ts';
import type { CoordinatorCounters } from '../../src/replica/coordinator.ts';
import { inquiryAnswer, writeInquiry } from '../../src/replica/inquiry.ts';
import type { Inquiry } from '../../src/replica/inquiry.ts';
import type { Epochs, TagCounter } from '../../src/replica/environment.ts';
import type { Operation, Outcome } from '../../src/replica/operation.ts';
import { Placement } from '../../src/replica/placement.ts';
import { ClientLane, Replica } from '../../src/replica/replica.ts';
import type { FrameViews } from '../../src/replica/wire.ts';
import { SimErased } from '../../src/sim/cluster/sim-erased.ts';
import { TallyBoard, createTallyBoard } from '../../src/ring/tally-board.ts';
import { exchange, fill, historyOf, noteFound, valueOf } from './call.ts';
import type { Call, Request } from './call.ts';
import type { Operation as HistoryOperation } from './linearizability.ts';
import { CapturingLink, NO_LARGE_LANE, describeFrame, describeVote } from './network.ts';
import type { CastVote, Message } from './network.ts';

/** How a world is made. */
export interface WorldOptions {
  readonly quorums: RegisterQuorums;
  readonly clients: number;
  readonly rules?: Rules;
  /** The tag before the first one. */
  readonly tagsFrom?: Ballot;
  /** Clients whose counter hands out the first tag of all, reserved before they submitted anything. */
  readonly reservesTags?: readonly number[];
  /** What a tag is taken for, in place of itself; so does who compares tags in another way than production. */
  readonly readsTags?: (tag: Ballot) => Ballot;
  /** Entries of one answer to a recovering replica; default so many that one is enough. */
  readonly chunkEntries?: number;
  /** Each client has a tag counter of its own, which begins where those of the others began. */
  readonly sharesTags?: boolean;
  /** Bytes of keys and values before a replica refuses more; default 16 MiB. */
  readonly bytesMax?: number;
  /** The supervisor writes a bumped epoch to the table only when time passes: after the new incarnation has begun. */
  readonly bumpsLate?: boolean;
  /** Coordinators look at the epochs when a vote arrives, and see them as of the vote before. */
  readonly looksEarly?: boolean;
  /** Whether a replica has no room for answers now. */
  readonly isFull?: () => boolean;
  /** Promises of a next ballot are kept where the change that asked for them did not end well. */
  readonly keepsVainPromises?: boolean;
}

/** What an inquiry has come to. */
export class InquiryCall {
  outcome: Outcome | undefined = undefined;
  /** Of the replica that answered, and the words of its answer. */
  epoch: number | undefined = undefined;
  words: readonly number[] = [];
}

interface Client {
  readonly coordinator: Coordinator;
  readonly board: TallyBoard;
  readonly seen: SeenEpochs;
  /** Operations that hold a promise, by key. */
  readonly promised: Map<string, Operation>;
  isGone: boolean;
}

/** The epoch table as a coordinator saw it last. */
interface SeenEpochs {
  epochs: readonly number[];
  restarts: number;
}

interface Seat {
  replica: Replica | undefined;
  epoch: number;
  /** Bumps that the epoch table does not show yet. */
  lateBumps: number;
  /** A restart has three steps: the exit was seen, the epoch was bumped, the new incarnation runs. */
  state: 'running' | 'exited' | 'bumped';
  lanes: ClientLane[];
}

/** Longer than any test: operations without a deadline of their own end by their answers. */
const TIMEOUT_MS = 1e9;

/** A cluster whose every step is somebody's decision. */
export class World {
  readonly quorums: RegisterQuorums;
  readonly inFlight: Message[] = [];
  readonly calls: Call[] = [];
  /** What happened, a line a step. */
  readonly log: string[] = [];
  readonly erased: SimErased = new SimErased();
  nowMs = 0;
  readonly placement: Placement;
  readonly #rules: Rules;
  readonly #clients: Client[] = [];
  readonly #seats: Seat[];
  readonly #options: WorldOptions;
  #restarts = 0;
  #lastTag: Ballot;
  /** Position in the history: grows by one at each start and end of an operation. */
  #position = 0;
  /** Where the replica that runs now puts its answer. */
  #answer: { frames: FrameViews[]; votes: CastVote[] } = { frames: [], votes: [] };

  constructor(options: WorldOptions) {
    this.#options = options;
    this.quorums = options.quorums;
    this.#rules = options.rules ?? RULES;
    this.placement = Placement.ofAll(options.quorums, this.#rules);
    this.#lastTag = options.tagsFrom ?? NO_BALLOT;
    this.#seats = Array.from({ length: this.quorums.threads }, () => ({
      replica: undefined,
      epoch: 1,
      lateBumps: 0,
      state: 'running' as const,
      lanes: [],
    }));
    for (let client = 0; client < options.clients; client++) this.addClient();
    this.#seats.forEach((_, index) => this.#run(index, true));
  }

  get clients(): number {
    return this.#clients.length;
  }

  /** Replicas that hold their memory, as a mask. */
  get operational(): number {
    return this.#seats.reduce((mask, seat, index) => (seat.replica?.isOperational ? mask | (1 << index) : mask), 0);
  }

  stateOf(replica: number): 'running' | 'exited' | 'bumped' {
    return this.#seats[replica]!.state;
  }

  epochOf(replica: number): number {
    return this.#seats[replica]!.epoch;
  }

  /** The incarnation that runs now. */
  replicaAt(replica: number): Replica | undefined {
    return this.#seats[replica]!.replica;
  }

  /** Ballot, root and value that a replica holds of a key, as text. */
  entryAt(replica: number, key: string): string {
    const { table } = this.replicaAt(replica)!;
    for (const entry of table.entries()) {
      const { accepted, root } = entry.register;
      const bytes = new Uint8Array(entry.key.buffer, 0, entry.keyBytes);
      if (Buffer.from(bytes).toString() !== key || isNone(accepted)) continue;
      const value = entry.value.subarray(0, (entry.valueBytes + 3) >> 2);
      return `b${versionOf(accepted)} root ${versionOf(root)}: ${entry.valueBytes} ${value.join()}`;
    }
    return 'nothing';
  }

  countersOf(client: number): CoordinatorCounters {
    return this.#clients[client]!.coordinator.counters;
  }

  // --- clients

  addClient(): number {
    const index = this.#clients.length;
    const { quorums } = this.#options;
    const board = new TallyBoard(createTallyBoard(32, quorums.threads));
    const seen: SeenEpochs = { epochs: [], restarts: 0 };
    this.#look(seen);
    const doors = {
      links: this.#seats.map(
        (_, replica) => new CapturingLink((frame) => this.#send(`C${index}`, `A${replica}`, frame)),
      ),
      large: this.#seats.map(() => NO_LARGE_LANE),
      board,
      epochs: this.#options.looksEarly === true ? this.#epochsIn(seen) : this.#epochs(),
      tags: this.#tagsOf(index),
      erased: this.erased,
      random: seededRandom(index),
      replyRoomBytes: 1 << 20,
      settle: (operation: Operation): void => this.#settled(operation),
      begin: () => {},
      compute: exchange,
      owner: index,
      isUndecided: (id: Ballot): boolean => this.#isUndecided(id),
    };
    const coordinator = new Coordinator(doors, quorums, this.#rules);
    this.#clients.push({ coordinator, board, seen, promised: new Map(), isGone: false });
    for (const seat of this.#seats) seat.lanes[index] = this.#laneOf(index);
    return index;
  }

  isGone(client: number): boolean {
    return this.#clients[client]!.isGone;
  }

  /** The client's thread ends; what it sent is still under way. */
  endClient(client: number): void {
    this.#clients[client]!.isGone = true;
    this.log.push(`C${client} ends`);
  }

  /** A client begins an operation and sends its first frames. */
  start(client: number, request: Request): Call {
    return this.startBatch(client, [request])[0]!;
  }

  /** A client asks a replica something. */
  inquire(client: number, inquiry: Inquiry, timeoutMs = TIMEOUT_MS): InquiryCall {
    const { coordinator, seen } = this.#clients[client]!;
    this.#look(seen);
    const call = new InquiryCall();
    const operation = coordinator.acquire();
    writeInquiry(operation, inquiry);
    operation.context = call;
    operation.timeoutMs = timeoutMs;
    coordinator.submit(operation);
    this.log.push(`C${client} asks A${inquiry.replica} about ${inquiry.subject}`);
    coordinator.flush(this.nowMs);
    return call;
  }

  /** A client begins several operations at once, which take their tags together. */
  startBatch(client: number, requests: readonly Request[]): Call[] {
    const { coordinator, seen, promised } = this.#clients[client]!;
    this.#look(seen);
    const operations = requests.map((request) => {
      const call = this.#callOf(client, request);
      const promise = call.kind === 'exchange' && call.finishes === undefined ? promised.get(call.key) : undefined;
      if (promise !== undefined) promised.delete(call.key); // It has one user.
      const operation = promise ?? coordinator.acquire();
      this.calls.push(call);
      fill(operation, call, this.quorums, this.placement);
      operation.timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
      operation.deadlineMs = this.nowMs + operation.timeoutMs;
      coordinator.submit(operation);
      this.log.push(`C${client} ${call.kind} ${call.key}${call.kind === 'get' ? '' : ` = ${call.value ?? 'absent'}`}`);
      return operation;
    });
    coordinator.flush(this.nowMs);
    return operations.map(({ context, first }) => {
      const call = context as Call;
      call.first = { high: first.high, low: first.low };
      return call;
    });
  }

  // --- network

  /** Messages that may arrive now: to a replica that takes them, and in order between replicas. */
  deliverable(): Message[] {
    const links = new Set<string>();
    return this.inFlight.filter(({ from, to, link }) => {
      if (to.startsWith('C')) return !this.#clients[indexOf(to)]!.isGone;
      const { replica } = this.#seats[indexOf(to)]!;
      if (from.startsWith('C')) return replica?.takesRequests === true;
      const isFirst = !links.has(link);
      links.add(link);
      return isFirst && replica !== undefined;
    });
  }

  /** A message arrives. */
  deliver(message: Message): void {
    this.inFlight.splice(this.inFlight.indexOf(message), 1);
    this.#arrive(message);
  }

  /** A message arrives and is still under way: it will arrive again. */
  duplicate(message: Message): void {
    this.log.push(`twice:`);
    this.#arrive(message);
  }

  /** A message is lost. */
  drop(message: Message): void {
    this.inFlight.splice(this.inFlight.indexOf(message), 1);
    this.log.push(`lost: ${message.from} > ${message.to} ${message.text}`);
  }

  // --- replicas and time

  /** The replica's thread ends and its memory is gone. */
  crash(replica: number): void {
    const seat = this.#seats[replica]!;
    seat.replica = undefined;
    seat.state = 'exited';
    this.log.push(`A${replica} dies`);
  }

  /** The supervisor has seen the exit and bumps the epoch. */
  bump(replica: number): void {
    const seat = this.#seats[replica]!;
    seat.state = 'bumped';
    if (this.#options.bumpsLate === true) seat.lateBumps++;
    else seat.epoch++;
    this.log.push(`A${replica} has epoch ${seat.epoch}`);
  }

  /** A new incarnation begins to recover. */
  spawn(replica: number): void {
    this.#restarts++;
    this.#run(replica, false);
    this.log.push(`A${replica} recovers`);
    this.#seats[replica]!.replica!.tick(this.nowMs);
  }

  /** Time passes: whoever waited too long asks again. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.log.push(`${ms} ms pass`);
    for (const seat of this.#seats) {
      seat.epoch += seat.lateBumps;
      seat.lateBumps = 0;
    }
    for (const { replica } of this.#seats) replica?.tick(this.nowMs);
    for (const { coordinator, isGone } of this.#clients) {
      if (isGone) continue;
      coordinator.tick(this.nowMs);
      coordinator.flush(this.nowMs);
    }
  }

  // --- results

  /** The history of one key, for the checker. */
  historyOf(key: string): HistoryOperation[] {
    return historyOf(this.calls.filter((call) => call.key === key));
  }

  keys(): string[] {
    return [...new Set(this.calls.map(({ key }) => key))];
  }

  // --- inside

  #epochs(): Epochs {
    return {
      epochOf: (replica) => this.#seats[replica]!.epoch,
      restarts: () => this.#restarts,
      isOperational: (replica) => this.#seats[replica]!.replica?.isOperational === true,
    };
  }

  #epochsIn(seen: SeenEpochs): Epochs {
    return { ...this.#epochs(), epochOf: (replica) => seen.epochs[replica]!, restarts: () => seen.restarts };
  }

  #look(seen: SeenEpochs): void {
    seen.epochs = this.#seats.map(({ epoch }) => epoch);
    seen.restarts = this.#restarts;
  }

  #tagsOf(client: number): TagCounter {
    const reserved = mutableBallot();
    let taken = 0;
    if (this.#options.sharesTags === true) {
      return {
        take: (count, first) => copyBallot(first, laterBallot(NO_BALLOT, (taken += count) - count + 1)),
        taken: () => taken,
      };
    }
    if (this.#options.reservesTags?.includes(client) === true) this.#takeTags(1, reserved);
    return {
      take: (count, first) => {
        if (isNone(reserved)) return this.#takeTags(count, first);
        copyBallot(first, reserved);
        copyBallot(reserved, NO_BALLOT);
      },
      taken: () => countOf(this.#lastTag),
    };
  }

  #takeTags(count: number, first: MutableBallot): void {
    const { readsTags = (tag) => tag } = this.#options;
    copyBallot(first, readsTags(laterBallot(this.#lastTag, 1)));
    this.#lastTag = laterBallot(this.#lastTag, count);
  }

  #run(index: number, isFirstStart: boolean): void {
    const seat = this.#seats[index]!;
    const { chunkEntries } = this.#options;
    const epoch = seat.epoch + seat.lateBumps;
    seat.state = 'running';
    seat.lanes = this.#clients.map((_, client) => this.#laneOf(client));
    seat.replica = new Replica({
      index,
      epoch,
      bytesMax: this.#options.bytesMax ?? 1 << 24,
      recovery: isFirstStart ? undefined : { epochs: this.#epochs() },
      peers: this.#seats.map((_, peer) => {
        if (peer === index) return undefined;
        const link = new CapturingLink((frame) => this.#send(`A${index}`, `A${peer}`, frame));
        return { link, large: NO_LARGE_LANE };
      }),
      rules: this.#rules,
      quorums: this.quorums,
      erased: this.erased,
      ...(chunkEntries !== undefined && { chunkEntries }),
    });
  }

  #laneOf(client: number): ClientLane {
    const { board } = this.#clients[client]!;
    return new ClientLane({
      link: new CapturingLink((frame) => this.#answer.frames.push(frame), this.#options.isFull),
      votes: {
        vote: (...vote: Parameters<TallyBoard['vote']>): boolean => {
          this.#answer.votes.push({ text: describeVote(vote), cast: () => board.vote(...vote) });
          return false;
        },
      },
      large: NO_LARGE_LANE,
    });
  }

  #send(from: string, to: string, frame: FrameViews): void {
    this.inFlight.push({ from, to, link: `${from}${to}`, frames: [frame], votes: [], ...describeFrame(frame) });
  }

  #arrive(message: Message): void {
    const { from, to, frames, votes, text } = message;
    this.log.push(`${from} > ${to} ${text}`);
    if (to.startsWith('C')) {
      const { coordinator, seen } = this.#clients[indexOf(to)]!;
      for (const frame of frames) coordinator.receive(indexOf(from), frame, 0);
      for (const vote of votes) vote.cast();
      coordinator.look();
      coordinator.collect(this.nowMs);
      coordinator.flush(this.nowMs);
      this.#look(seen);
      return;
    }
    const { replica, lanes } = this.#seats[indexOf(to)]!;
    if (from.startsWith('A')) return replica!.receiveFromPeer(indexOf(from), frames[0]!, 0);
    const lane = lanes[indexOf(from)]!;
    this.#answer = { frames: [], votes: [] };
    replica!.receive(lane, frames[0]!, 0);
    lane.castVotes(indexOf(to), replica!.epoch);
    const answer = this.#answer;
    if (answer.votes.length === 0) return;
    const described = answer.frames[0] === undefined ? undefined : describeFrame(answer.frames[0]);
    const voted = answer.votes.map((vote) => vote.text).join(', ');
    const kind = described?.kind ?? (voted.startsWith('grants') ? 'ack' : 'refusal');
    const reply = described === undefined ? `${voted} ${text}` : described.text;
    this.inFlight.push({
      from: to,
      to: from,
      link: `${to}${from}`,
      ...answer,
      kind,
      text: reply,
      ballot: described?.ballot ?? message.ballot,
    });
  }

  #callOf(client: number, request: Request): Call {
    const { kind, finishes, level = 'quorum', takesFreshTag = false, isRepair = false } = request;
    const isFresh = finishes === undefined || takesFreshTag;
    const { key, value } = finishes ?? { key: request.key ?? 'k', value: request.value };
    const { first, floor, tries } = isFresh ? { first: NO_BALLOT, floor: NO_BALLOT, tries: [] } : finishes;
    const { expects } = finishes ?? request;
    const open = { start: this.#position++, end: undefined, outcome: undefined, before: undefined };
    return { client, kind, key, value, expects, first, floor, tries, level, isRepair, finishes, ...open };
  }

  /** Whether an exchange may be tried again: somebody does not know yet what it came to. */
  #isUndecided({ high, low }: Ballot): boolean {
    const mine = this.calls.filter(({ first }) => first.high === high && first.low === low);
    return mine.every(({ outcome }) => outcome === undefined || outcome === 'unknown');
  }

  #settled(operation: Operation): void {
    if (operation.context instanceof InquiryCall) return this.#answered(operation, operation.context);
    const call = operation.context as Call;
    call.outcome = operation.outcome;
    call.end = this.#position++;
    if (call.kind === 'get' && operation.outcome === 'ok') call.value = valueOf(operation);
    if (call.kind === 'exchange') noteFound(operation);
    const seen = call.kind === 'get' ? call.value : call.before;
    const result = call.kind === 'put' ? '' : ` (${seen ?? 'absent'})`;
    this.log.push(`C${call.client} ${call.kind} ${call.key} ends: ${operation.outcome}${result}`);
    this.#keepPromise(call, operation);
  }

  #answered(operation: Operation, call: InquiryCall): void {
    call.outcome = operation.outcome;
    if (operation.outcome !== 'ok') return;
    const { epoch, payload, payloadBytes } = inquiryAnswer(operation);
    call.epoch = epoch;
    call.words = [...payload.words.subarray(0, payloadBytes >> 2)];
  }

  /** Keeps the operation for the next exchange of its key, where that was promised its ballot. */
  #keepPromise(call: Call, operation: Operation): void {
    const { coordinator, promised } = this.#clients[call.client]!;
    const { change, outcome } = operation;
    const hasDecided = outcome === 'ok' || outcome === 'kept' || this.#options.keepsVainPromises === true;
    const isKept = call.kind === 'exchange' && hasDecided && !change!.hasLanded && !isNone(change!.next);
    if (!isKept || promised.has(call.key)) return coordinator.release(operation);
    operation.renew();
    promised.set(call.key, operation);
  }
}

function countOf({ high, low }: Ballot): number {
  return high * 2 ** 32 + (low >>> 0);
}

function indexOf(node: string): number {
  return Number(node.slice(1));
}
