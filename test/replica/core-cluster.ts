// Clients as production makes them, with rounds of changes and cached promises, and replicas, in one thread: nothing
// arrives by itself and no time passes by itself. A call is begun, flushed, and then its frames are delivered by hand.
import assert from 'node:assert/strict';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { laterBallot, mutableBallot, copyBallot } from '../../src/protocol/ballot.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Ballot } from '../../src/protocol/ballot.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { Configuration, Membership } from '../../src/quorum/configuration.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import { ClientCore } from '../../src/replica/client-core.ts';
import { CLUSTER_OPEN } from '../../src/replica/environment.ts';
import type { Epochs, LargeLane, LargeValue, LastTag, TagCounter } from '../../src/replica/environment.ts';
import { LiveQuorums, fixedConfiguration } from '../../src/replica/live-quorums.ts';
import { MembershipChange } from '../../src/replica/membership-change.ts';
import type { Peer } from '../../src/replica/recovery.ts';
import type { Operation } from '../../src/replica/operation.ts';
import type { Proposal } from '../../src/replica/proposal.ts';
import { ClientLane, Replica } from '../../src/replica/replica.ts';
import { Failure } from '../../src/replica/results.ts';
import type { PendingChange } from '../../src/replica/round.ts';
import type { ScanCall } from '../../src/replica/scan.ts';
import type { SessionCall } from '../../src/replica/session-calls.ts';
import type { FrameViews } from '../../src/replica/wire.ts';
import type { ReadResult } from '../../src/store/store.ts';
import { SimErased } from '../../src/sim/cluster/sim-erased.ts';
import { TallyBoard, createTallyBoard } from '../../src/ring/tally-board.ts';
import { CapturingLink, describeFrame } from './network.ts';
import type { MessageKind } from './network.ts';

/** How a cluster is made. */
export interface CoreClusterOptions {
  readonly quorums: RegisterQuorums;
  /** Default 1. */
  readonly clients?: number;
  /** Places for replicas, of which members may take others later; by default there are as many as threads. */
  readonly places?: number;
  readonly rules?: Rules;
  /** Whether reads repair; default no. */
  readonly repairsReads?: boolean;
  /** Bytes that the cache of each client holds; default 1 MiB. */
  readonly cacheBytesMax?: number;
  /** Bytes before a replica refuses more; default 16 MiB. */
  readonly bytesMax?: number;
  /** Capacity that the reply rings of clients are taken to have; default 1 MiB. */
  readonly ringBytes?: number;
  /** All clients have this number, not one of their own. */
  readonly owner?: number;
}

/** One call of a client. */
export class CoreCall {
  /** What it ended as; `undefined` while it is open. */
  result: unknown = undefined;
  /** What it was rejected with. */
  error: unknown = undefined;
  made: Made = undefined;

  /** The id that it can be resolved by. */
  get operationId(): string {
    assert(typeof this.result === 'object' && this.result !== null && 'operationId' in this.result);
    return String(this.result.operationId);
  }
}

/** A frame to a replica, or the answer of one. */
interface Flight {
  readonly client: number;
  readonly replica: number;
  readonly kind: MessageKind | 'vote';
  readonly isAnswer: boolean;
  readonly sentMs: number;
  readonly arrive: () => void;
}

interface Client {
  readonly core: ClientCore;
  readonly board: TallyBoard;
}

type Made = Operation | PendingChange | SessionCall | ScanCall | Proposal | ReadResult | undefined;

const STEPS_MAX = 10_000;

/** The cluster. */
export class CoreCluster {
  readonly life = { state: CLUSTER_OPEN, resets: 0 };
  /** Replicas whose rings hold no more. */
  readonly full: Set<number> = new Set();
  readonly epochs: Epochs = {
    epochOf: (replica) => this.#epochs[replica]!,
    restarts: () => this.#restarts,
    isOperational: (replica) => this.#replicas[replica] !== undefined && !this.hidden.has(replica),
  };
  readonly erased: SimErased = new SimErased();
  readonly tags: TagCounter & LastTag = {
    last: (target) => copyBallot(target, this.#lastTag),
    take: (count, first) => {
      copyBallot(first, laterBallot(this.#lastTag, 1));
      copyBallot(this.#lastTag, laterBallot(this.#lastTag, count));
    },
    taken: () => this.#lastTag.low >>> 0,
  };
  /** Replicas that are taken for down by whoever asks for it. */
  readonly hidden = new Set<number>();
  /** Clients whose threads stand still: what is under way of them stays so, unless it is delivered by hand. */
  readonly asleep = new Set<number>();
  /** Frames that clients have sent. */
  frames = 0;
  /** Reads that clients have sent, by replica. */
  readonly reads: number[] = [];
  /** Calls, messages that have arrived, steps of time. */
  steps = 0;
  nowMs = 0;
  readonly #options: CoreClusterOptions;
  #configuration: Configuration;
  /** Incarnation of each replica. */
  readonly #epochs: number[];
  #restarts = 0;
  readonly #clients: Client[] = [];
  /** By place; `undefined` where no thread runs. */
  readonly #replicas: (Replica | undefined)[];
  readonly #lanes: ClientLane[][] = [];
  readonly #largeLanes: TestLane[] = [];
  readonly #lastTag = mutableBallot();
  #flights: Flight[] = [];
  #answer: { frames: FrameViews[]; votes: (() => void)[] } = { frames: [], votes: [] };
  /** Messages between replicas. */
  readonly #toPeers: (() => void)[] = [];

  constructor(options: CoreClusterOptions) {
    this.#options = options;
    const { quorums, places = quorums.threads } = options;
    this.#configuration = fixedConfiguration(quorums).read();
    this.#epochs = Array.from({ length: places }, () => 1);
    this.#replicas = this.#epochs.map(() => undefined);
    for (let index = 0; index < quorums.threads; index++) this.#replicas[index] = this.#replica(index);
    for (let client = 0; client < (options.clients ?? 1); client++) this.#addClient(client);
  }

  /** Keys that each replica holds. */
  get keys(): readonly number[] {
    return this.#replicas.map((replica) => replica?.table.size ?? 0);
  }

  core(client: number): ClientCore {
    return this.#clients[client]!.core;
  }

  replicaAt(replica: number): Replica {
    return this.#replicas[replica]!;
  }

  // --- calls

  /** Begins a call, of which nothing leaves before the next flush. What it throws at once, its caller gets. */
  begin(client: number, make: (core: ClientCore) => Made): CoreCall {
    this.steps++;
    const call = new CoreCall();
    const { core } = this.#clients[client]!;
    call.made = make(core);
    if (call.made === undefined) return call;
    if (isResult(call.made)) {
      call.result = call.made;
      return call;
    }
    call.made.context = call;
    core.submit(call.made);
    return call;
  }

  /** Begins a call and sends its first frames. */
  call(client: number, make: (core: ClientCore) => Made): CoreCall {
    const call = this.begin(client, make);
    this.flush(client);
    return call;
  }

  /** A call that nothing gets into the way of. @returns its result. */
  run(client: number, make: (core: ClientCore) => Made): unknown {
    const call = this.call(client, make);
    this.settle();
    if (call.error !== undefined) throw call.error;
    return call.result;
  }

  flush(client: number): void {
    this.#clients[client]!.core.flush(this.nowMs);
  }

  cancel(client: number, call: CoreCall, reason: unknown): void {
    if (call.made !== undefined && !isResult(call.made)) this.#clients[client]!.core.cancel(call.made, reason);
  }

  // --- messages and time

  /** Frames of a client reach these replicas, whose answers stay under way. */
  reach(client: number, kind: MessageKind, replicas: readonly number[]): void {
    for (const replica of replicas) {
      const flight = this.#flights.find(
        (each) => !each.isAnswer && each.client === client && each.kind === kind && each.replica === replica,
      );
      if (flight !== undefined) this.#deliver(flight);
    }
  }

  /** Answers of these replicas reach a client. */
  hear(client: number, replicas: readonly number[]): void {
    for (const replica of replicas) {
      const flight = this.#flights.find((each) => each.isAnswer && each.client === client && each.replica === replica);
      if (flight !== undefined) this.#deliver(flight);
    }
  }

  /** Frames of a client reach these replicas, and their answers the client. */
  exchange(client: number, kind: MessageKind, replicas: readonly number[]): void {
    this.reach(client, kind, replicas);
    this.hear(client, replicas);
  }

  /** One frame of a client reaches its replica, whose answer reaches the client. */
  hearNext(client: number): void {
    const frame = this.#flights.find((each) => !each.isAnswer && each.client === client);
    if (frame === undefined) throw new Error('There is no frame that could arrive');
    this.#deliver(frame);
    this.hear(client, [frame.replica]);
  }

  /** The message that waits longest arrives, or is lost where its replica is silent. */
  deliverNext(silent: readonly number[]): void {
    const [flight] = this.#flights;
    if (flight === undefined) return;
    if (silent.includes(flight.replica)) this.#flights.shift();
    else this.#deliver(flight);
  }

  /**
   * Something happens: a message arrives or, one of `lossOneOf` and all of `silent` replicas, is lost; or, where there
   * is none, time passes.
   */
  wander(random: Random, lossOneOf: number, silent: readonly number[] = []): void {
    const flight = this.#flights[below(random, this.#flights.length)];
    if (flight === undefined) this.pass(13);
    else if (below(random, lossOneOf) > 0 && !silent.includes(flight.replica)) this.#deliver(flight);
    else this.#flights.splice(this.#flights.indexOf(flight), 1);
  }

  /** Large values that were sent to or by replicas, and not taken. */
  get parcels(): number {
    return this.#largeLanes.reduce((sum, { size }) => sum + size, 0);
  }

  /** How many messages are under way. */
  get underWay(): number {
    return this.#flights.length;
  }

  /** One of the messages under way arrives. */
  deliver(index: number): void {
    this.#deliver(this.#flights[index]!);
  }

  /** One of the messages under way is lost. */
  lose(index: number): void {
    this.#flights.splice(index, 1);
  }

  /** A replica dies and comes back without its memory; the others answer its questions at once, after `meanwhile`. */
  restart(replica: number, meanwhile?: () => void): void {
    this.#epochs[replica]!++;
    this.#restarts++;
    const successor = this.#replica(replica, true);
    this.#replicas[replica] = successor;
    meanwhile?.();
    this.#recover(successor);
    assert(successor.isOperational, 'The others have answered');
  }

  #recover(replica: Replica): void {
    replica.tick(this.nowMs);
    while (this.#toPeers.length > 0) this.#toPeers.shift()?.();
  }

  // --- members

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Begins a change of members, of whom newcomers hear the old ones only, one by one, in {@link recoverNewcomers}. */
  change(target: Membership): MembershipChange {
    const doors = {
      lastTag: (): Ballot => this.#lastTag,
      publish: (configuration: Configuration): void => {
        this.#configuration = configuration;
        this.#restarts++;
      },
      seenBy: (replica: number): number => this.#replicas[replica]?.configuration ?? 0,
      isRunning: (replica: number): boolean => this.#replicas[replica] !== undefined,
      isOperational: (replica: number): boolean => this.#replicas[replica]?.isOperational === true,
      start: (replica: number): void => {
        this.#replicas[replica] = this.#replica(replica, true);
      },
      retire: (replica: number): void => {
        this.#replicas[replica] = undefined;
        this.#epochs[replica]!++;
        this.#restarts++;
      },
    };
    return new MembershipChange(this.#configuration, target, doors, this.#options.rules);
  }

  /** All replicas look which configuration is in force, but for those that stand still. */
  look(standing: readonly number[] = []): void {
    const { number } = this.#configuration;
    for (const [index, replica] of this.#replicas.entries()) {
      if (replica === undefined || standing.includes(index)) continue;
      for (let step = 0; replica.configuration < number && step < STEPS_MAX; step++) replica.heedConfiguration();
    }
  }

  /** Whoever has yet to recover does. */
  recoverAll(): void {
    for (const replica of this.#replicas) if (replica?.isOperational === false) this.#recover(replica);
  }

  /** A newcomer recovers; it does not ask the one that is named. */
  recoverWithout(replica: number, other: number): void {
    this.hidden.add(other);
    this.#recover(this.#replicas[replica]!);
    this.hidden.delete(other);
    assert(this.#replicas[replica]!.isOperational, 'The others have answered');
  }

  /** Takes the steps of a change until it waits for a comparison, or has ended. */
  proceed(change: MembershipChange): void {
    for (let step = 0; step < STEPS_MAX; step++) {
      change.turn();
      if (change.isOver || change.step === 'comparing') return;
      this.look();
      this.recoverAll();
    }
    throw new Error('A change comes to its comparison, or to its end');
  }

  /** Compares the replicas for a change that waits for it, of which `silent` ones hear nothing. */
  compare(change: MembershipChange, client: number, silent: readonly number[] = []): void {
    let isOver = false;
    const repairer = this.core(client).repairer({ deadlineMs: this.nowMs + 1e6, end: () => (isOver = true) });
    repairer.start();
    this.flush(client);
    this.settle(silent);
    assert(isOver, 'A comparison ends');
    change.compared(repairer.covered, repairer.configuration);
  }

  /** Changes the members, from the first step to the last. */
  reconfigure(target: Membership, client = 0): void {
    const change = this.change(target);
    this.proceed(change);
    this.compare(change, client);
    this.proceed(change);
    assert(change.step === 'done', 'A change that nothing gets in the way of comes about');
  }

  /** All messages of a client, to it or from it, are lost. */
  loseAllOf(client: number): void {
    this.#flights = this.#flights.filter((flight) => flight.client !== client);
  }

  /** All messages to a replica are lost, and what it has answered. */
  loseAllTo(replica: number): void {
    this.#flights = this.#flights.filter((flight) => flight.replica !== replica);
  }

  /** Everything arrives, and time passes, until all calls have ended; `silent` replicas hear nothing. */
  settle(silent: readonly number[] = []): void {
    for (let step = 0; step < STEPS_MAX; step++) {
      const flight = this.#flights.find(({ client, replica }) => !silent.includes(replica) && !this.asleep.has(client));
      if (flight !== undefined) this.#deliver(flight);
      else if (this.#clients.every(({ core }, client) => core.pending === 0 || this.asleep.has(client))) return;
      else this.pass(13);
    }
    throw new Error('Every call ends once the messages arrive');
  }

  /** Everything of one client arrives, and the answers to that, until nothing of it is under way. */
  settleOf(client: number): void {
    for (let step = 0; step < STEPS_MAX; step++) {
      const flight = this.#flights.find((each) => each.client === client);
      if (flight === undefined) return;
      this.#deliver(flight);
    }
    throw new Error('A client comes to rest once its messages arrive');
  }

  /** Time passes; what was sent `roundTripMs` ago or earlier to one of these replicas arrives and is answered. */
  passWithReplies(ms: number, roundTripMs: number, replicas: readonly number[]): void {
    this.pass(ms);
    const isDue = ({ replica, isAnswer, sentMs }: Flight): boolean =>
      isAnswer || (replicas.includes(replica) && this.nowMs - sentMs >= roundTripMs);
    for (let due = this.#flights.find(isDue); due !== undefined; due = this.#flights.find(isDue)) this.#deliver(due);
  }

  pass(ms: number): void {
    this.steps++;
    this.nowMs += ms;
    this.#clients.forEach(({ core }, client) => {
      if (this.asleep.has(client)) return;
      core.tick(this.nowMs);
      core.flush(this.nowMs);
    });
  }

  // --- inside

  #deliver(flight: Flight): void {
    this.steps++;
    this.#flights.splice(this.#flights.indexOf(flight), 1);
    flight.arrive();
  }

  #replica(index: number, hasForgotten = false): Replica {
    const { rules = RULES, bytesMax = 1 << 24 } = this.#options;
    const peers = this.#epochs.map((_, other) => this.#peerOf(index, other));
    const recovery = hasForgotten ? { epochs: this.epochs } : undefined;
    const ofErased = hasForgotten ? { erased: this.erased } : {};
    const epoch = this.#epochs[index]!;
    return new Replica({ index, epoch, bytesMax, recovery, peers, rules, quorums: this.#liveQuorums(), ...ofErased });
  }

  #liveQuorums(): LiveQuorums {
    const source = { number: (): number => this.#configuration.number, read: (): Configuration => this.#configuration };
    return new LiveQuorums(source, this.#options.rules);
  }

  /** How a replica reaches another; what it sends arrives when it is done. */
  #peerOf(from: number, to: number): Peer | undefined {
    if (from === to) return undefined;
    const link = new CapturingLink((frame) => {
      this.#toPeers.push(() => this.#replicas[to]?.receiveFromPeer(from, frame, 0));
    });
    return { link, large: new TestLane() };
  }

  #addClient(client: number): void {
    const { rules = RULES, owner } = this.#options;
    const board = new TallyBoard(createTallyBoard(64, this.#epochs.length));
    const large = this.#replicas.map(() => new TestLane());
    this.#largeLanes.push(...large);
    const core = new ClientCore(
      {
        links: this.#replicas.map((_, replica) => {
          const isFull = (): boolean => this.full.has(replica);
          return new BoundedLink((frame) => this.#sent(client, replica, frame), isFull);
        }),
        repairsReads: this.#options.repairsReads === true,
        cacheBytesMax: this.#options.cacheBytesMax ?? 1 << 20,
        large,
        board,
        epochs: this.epochs,
        erased: this.erased,
        tags: this.tags,
        random: seededRandom(client),
        ringBytes: this.#options.ringBytes ?? 1 << 20,
        life: this.life,
        owner: owner ?? client + 1,
        sharedMs: () => this.nowMs,
        settle: (operation) => {
          const { context } = operation;
          end(context, core.resultOf(operation, undefined));
          core.coordinator.release(operation);
        },
        settleChange: ({ context, result }) => end(context, result),
        settleSession: ({ context, result }) => end(context, result),
        settleScan: ({ context, result }) => end(context, result),
      },
      this.#liveQuorums(),
      rules,
    );
    this.#lanes.push(
      this.#replicas.map(
        (_, replica) =>
          new ClientLane({
            link: new CapturingLink((frame) => this.#answer.frames.push(frame)),
            votes: {
              vote: (...vote: Parameters<TallyBoard['vote']>): boolean => {
                this.#answer.votes.push(() => board.vote(...vote));
                return false;
              },
            },
            large: large[replica]!,
          }),
      ),
    );
    this.#clients.push({ core, board });
  }

  #sent(client: number, replica: number, frame: FrameViews): void {
    this.frames++;
    const { kind } = describeFrame(frame);
    if (kind === 'read') this.reads[replica] = (this.reads[replica] ?? 0) + 1;
    this.#flights.push({
      client,
      replica,
      kind,
      isAnswer: false,
      sentMs: this.nowMs,
      arrive: () => this.#toReplica(client, replica, frame),
    });
  }

  #toReplica(client: number, replica: number, frame: FrameViews): void {
    const lane = this.#lanes[client]![replica]!;
    this.#answer = { frames: [], votes: [] };
    if (this.#replicas[replica]?.isOperational !== true) return;
    this.#replicas[replica].receive(lane, frame, 0);
    lane.castVotes(replica, this.#epochs[replica]!);
    const { frames, votes } = this.#answer;
    const arrive = (): void => {
      const { core } = this.#clients[client]!;
      core.heedLife();
      for (const answer of frames) core.coordinator.receive(replica, answer, 0);
      for (const vote of votes) vote();
      core.look();
      core.coordinator.collect(this.nowMs);
      core.flush(this.nowMs);
    };
    this.#flights.push({ client, replica, kind: 'vote', isAnswer: true, sentMs: this.nowMs, arrive });
  }
}

/** Whether it was answered at once, by the cache. */
function isResult(made: object): made is ReadResult {
  return !('context' in made);
}

function end(context: unknown, result: unknown): void {
  assert(context instanceof CoreCall, 'A call ends');
  if (result instanceof Failure) context.error = result.error;
  else context.result = result;
}

/** A lane of both directions, in which nothing is lost. */
class TestLane implements LargeLane {
  readonly #values = new Map<number, LargeValue>();
  #next = 0;

  get size(): number {
    return this.#values.size;
  }

  send(value: LargeValue): number {
    value.hold();
    this.#values.set(++this.#next, value);
    return this.#next;
  }

  take(reference: number): LargeValue | undefined {
    const value = this.#values.get(reference);
    this.#values.delete(reference);
    return value;
  }
}

/** A link that is full when a test says so. */
class BoundedLink extends CapturingLink {
  readonly #isFull: () => boolean;

  constructor(sink: (frame: FrameViews) => void, isFull: () => boolean) {
    super(sink);
    this.#isFull = isFull;
  }

  override claim(payloadBytes: number): number {
    return this.#isFull() ? -1 : super.claim(payloadBytes);
  }

  override hasRoomFor(): boolean {
    return !this.#isFull();
  }
}
