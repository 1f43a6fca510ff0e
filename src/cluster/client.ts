// A client of a cluster on its thread: promises and synchronous calls in front of a coordinator, its rings and its
// doorbell. All operations of one turn of the event loop leave in one batch.
import { isMainThread } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { monotonicMs, nowMs } from '../base/clock.ts';
import { QuorateError, integerOption, typeError } from '../base/errors.ts';
import { optionsOf, requireSignal } from '../base/given.ts';
import { WINDOW_SLOTS } from '../base/limits.ts';
import { bucketOf, looksFirst } from '../replica/bucket.ts';
import { ClientCore } from '../replica/client-core.ts';
import type { Coordinator } from '../replica/coordinator.ts';
import { LiveQuorums } from '../replica/live-quorums.ts';
import { Operation } from '../replica/operation.ts';
import { decisionResult } from '../replica/proposal.ts';
import type { Proposal } from '../replica/proposal.ts';
import { PLACE_MAX, bucketOfTopic, placeKey, requireTopicName } from '../replica/topic-rules.ts';
import { Failure } from '../replica/results.ts';
import type { PendingChange } from '../replica/round.ts';
import type { ScanCall } from '../replica/scan.ts';
import type { SessionCall } from '../replica/session-calls.ts';
import { actorNames } from '../store/actor-names.ts';
import type { HintPlace } from '../store/available.ts';
import type { BucketCall } from '../store/conflicts.ts';
import { continueWith } from '../store/continuation.ts';
import { Hints } from '../store/hints.ts';
import { MergeBucket } from '../store/merge-bucket.ts';
import type { MergeStore, MergingOptions } from '../store/merging.ts';
import type { RepairOptions, RepairReport } from '../store/repair.ts';
import type { Watch, WatchOptions } from '../store/watch.ts';
import type { SessionOptions } from '../store/session.ts';
import type { OperationOptions, ReadResult, Value } from '../store/store.ts';
import type { DecisionResult, ProposeOptions, ProposeResult } from '../store/topic.ts';
import { SiblingBucket } from '../store/sibling-bucket.ts';
import type { SiblingStore } from '../store/siblings.ts';
import type { WriteResult } from '../store/store.ts';
import { ValueCopies } from '../store/value-copies.ts';
import { makerIn } from './bucket-maker.ts';
import type { Chair } from '../replica/chair-seat.ts';
import { ClientLanes } from './client-lanes.ts';
import { closeTimeout } from './close-options.ts';
import type { CloseOptions } from './close-options.ts';
import type { Connection } from './connection.ts';
import { inspectCluster } from './inspect.ts';
import type { ClusterClient, ClusterMetrics, ClusterStatus, Session, SyncStore } from './options.ts';
import { RepairCalls } from './repair-call.ts';
import { WatchStream } from './watch-stream.ts';
import { rulesUnder } from './sabotage.ts';
import { ClusterSession } from './session.ts';
import { CallsOf, StoreCalls } from './store-calls.ts';
import type { Caller, Ending, Made } from './store-calls.ts';

/** How often deadlines and silences are looked at while operations are pending, in milliseconds. */
const TICK_MS = 5;
/** How often it is seen whether a read is late that nothing wakes the thread for: the shortest interval of a timer. */
const HEDGE_TICK_MS = 1;
/** Shortest sleep of a blocking call that may have to hedge. */
const HEDGE_NAP_MS = 0.05;
const FLUSH_PASSES_MAX = 4;
/** Queued operations from which on a turn that submits more serves them too, each time it has submitted so many. */
const CROWD = WINDOW_SLOTS;
const CROWD_MASK = 255;

/** Who waits for an operation. */
class Waiting {
  readonly settle: (result: Ending | Failure) => void;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined = undefined;

  constructor(settle: (result: Ending | Failure) => void, signal: AbortSignal | undefined) {
    this.settle = settle;
    this.signal = signal;
  }

  end(result: Ending | Failure): void {
    if (this.onAbort !== undefined) this.signal?.removeEventListener('abort', this.onAbort);
    this.settle(result);
  }
}

function waitingFor({ context }: Made): Waiting {
  assert(context instanceof Waiting, 'Somebody waits for every operation');
  return context;
}

/** What a client does at its place in the client table. */
export interface ClientPlace {
  /** Answers the supervisor's probes of this thread's life; called every few milliseconds of pending operations. */
  showLife(): void;
  onClose(): void;
}

/** A client, made from a connection. One thread uses it. */
export class Client extends StoreCalls implements ClusterClient {
  readonly #connection: Connection;
  readonly #lanes: ClientLanes;
  protected readonly maker: ClientCore;
  /** The core's. */
  readonly #coordinator: Coordinator;
  readonly #place: ClientPlace;
  readonly #repairs: RepairCalls;
  /** The quorums in force, as whoever inspects has seen them last. */
  #inspected: LiveQuorums | undefined;
  readonly #watches = new Set<WatchStream>();
  /** How its sessions and buckets call. */
  readonly #caller: Caller = {
    start: (make, signal) => this.start(make, signal),
    run: (make) => this.run(make),
  };
  readonly #newActor: () => string;
  readonly #hints: Hints;
  protected override readonly hintPlace: HintPlace;
  #isFlushing = false;
  #isDraining = false;
  /** Submissions in a crowd. */
  #crowded = 0;
  #isArmed = false;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #reviewAtMs = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;
  #wakeUps = 0;

  constructor(connection: Connection, place: ClientPlace) {
    super();
    this.#connection = connection;
    this.#place = place;
    const { name, serial, sabotage } = connection;
    this.#lanes = new ClientLanes(connection);
    const doors = {
      ...this.#lanes.doors,
      cacheBytesMax: connection.cacheBytesMax,
      settle: (operation: Operation): void => this.#settle(operation),
      settleChange: (change: PendingChange): void => this.#settleMade(change),
      settleSession: (call: SessionCall): void => this.#settleMade(call),
      settleScan: (call: ScanCall): void => this.#settleMade(call),
      settleProposal: (proposal: Proposal): void => this.#settleMade(proposal),
    };
    const rules = rulesUnder(sabotage);
    this.#newActor = actorNames(`${name}-${serial}`, rules.namesActorsAnew);
    this.maker = new ClientCore(doors, new LiveQuorums(this.#lanes.board.configurations, rules), rules);
    this.#coordinator = this.maker.coordinator;
    this.#repairs = new RepairCalls(this.maker, () => queueMicrotask(this.#endTurn));
    this.#hints = new Hints({
      resolve: (operationId, timeoutMs, then) => continueWith(this.#resolveHint(operationId, timeoutMs), then),
      pin: (operationId) => this.maker.heedLife() && this.maker.pin(operationId),
      unpin: (operationId) => this.maker.unpin(operationId),
      resets: () => this.maker.resets,
      pause: (ms, then) => void setTimeout(then, ms),
      sharedMs: monotonicMs,
      finishes: rules.finishesHints,
    });
    this.hintPlace = { hints: this.#hints, copies: new ValueCopies(), prefix: '', looksFirst: false, ttlMs: undefined };
  }

  get chair(): Chair | undefined {
    return this.#lanes.board.chair.chair;
  }

  session(options?: SessionOptions): Session {
    this.#requireOpen();
    return new ClusterSession(this.maker.session(this.#connection.name, optionsOf(options)), this.#caller);
  }

  bucket(name: string): SyncStore {
    return this.#callsOf(name, 'bucket');
  }

  siblings(name: string): SiblingStore {
    return new SiblingBucket(this.#callsOf(name, 'siblings'), this.#newActor);
  }

  merging(name: string, options?: MergingOptions): MergeStore {
    const engine = this.#callsOf(name, 'merging');
    const by = this.#connection.buckets[name]?.merge ?? 'custom';
    return new MergeBucket(engine, { ...optionsOf(options), bucket: name, by, newActor: this.#newActor });
  }

  #callsOf(name: string, call: BucketCall): SyncStore {
    const bucket = bucketOf(this.#connection.buckets, name, call);
    const { prefix, rules } = bucket;
    const hintPlace = { ...this.hintPlace, prefix, looksFirst: looksFirst(bucket), ttlMs: rules.ttlMs };
    return new CallsOf(makerIn(this.maker, bucket), this.#caller, hintPlace);
  }

  watch(prefix: string, given?: WatchOptions): Watch {
    this.#requireOpen();
    const { bucket, ...options } = optionsOf(given);
    const where = bucket === undefined ? undefined : bucketOf(this.#connection.buckets, bucket, 'bucket');
    const client = {
      core: this.maker,
      flush: (): void => this.#endTurn(),
      ended: (watch: WatchStream): void => void this.#watches.delete(watch),
    };
    const watch = new WatchStream(client, prefix, { ...options, bucket: where });
    this.#watches.add(watch);
    return watch;
  }

  async repair(options?: RepairOptions): Promise<RepairReport> {
    this.#requireOpen();
    return this.#repairs.run(optionsOf(options));
  }

  propose(topic: string, payload: Value, options?: ProposeOptions): Promise<ProposeResult> {
    const { topics } = this.#connection;
    return this.start(() => this.maker.propose(topics, topic, payload, options), options?.signal);
  }

  async decision(topic: string, place: number, options?: OperationOptions): Promise<DecisionResult> {
    requireTopicName(this.#connection.topics, topic);
    const key = placeKey(integerOption('place', place, { min: 1, max: PLACE_MAX }));
    const make = (): Made => this.maker.get(key, options, bucketOfTopic(topic));
    return decisionResult(await this.start<ReadResult>(make, options?.signal));
  }

  metrics(): ClusterMetrics {
    const { puts, ...counters } = this.#coordinator.counters;
    const { deletes, omissions, cachedReads } = this.maker;
    const wakeUps = this.#wakeUps;
    const { open: hints, lost: hintsLost } = this.#hints;
    const replicaWakeUps = this.#lanes.replicaWakeUps;
    const ofOmissions = {
      omissions: omissions.size,
      omissionsRepaired: omissions.repaired,
      omissionsDropped: omissions.dropped,
    };
    return {
      ...counters,
      ...ofOmissions,
      puts: puts - deletes,
      deletes,
      hints,
      hintsLost,
      cachedReads,
      wakeUps,
      replicaWakeUps,
    };
  }

  inspect(): ClusterStatus {
    const requests = this.#connection.lanes.map((lane) => lane.requests);
    const { board, doors } = this.#lanes;
    this.#inspected ??= new LiveQuorums(board.configurations);
    const status = inspectCluster(board, { epochs: doors.epochs, quorums: this.#inspected, requests });
    const replicas = status.replicas.map((each) => {
      const divergence = this.#repairs.divergenceOf(each.replica);
      return divergence === undefined ? each : Object.assign(each, { divergence });
    });
    return { ...status, replicas, pending: this.maker.pending };
  }

  async close(options?: CloseOptions): Promise<void> {
    const timeoutMs = closeTimeout(options);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#repairs.close();
    this.maker.omissions.clear();
    for (const watch of this.#watches) watch.close();
    const timer = setTimeout(() => {
      this.#hints.stop();
      this.maker.abandon('closed');
    }, timeoutMs);
    do {
      await this.#hints.empty();
      if (this.maker.pending > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    } while (this.#hints.open > 0); // What was pending may have become hints.
    this.#hints.stop();
    clearTimeout(timer);
    this.#letGo();
  }

  /** Compares all replicas for a change of members; see `RepairCalls`. */
  async compareReplicas(
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly replicas: number; readonly number: number }> {
    return this.#repairs.compare(timeoutMs, signal);
  }

  /** Settles everything at once, without waiting, where the cluster serves nobody any more. */
  heedLife(): void {
    this.maker.heedLife();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // --- promises

  protected start<Result extends Ending>(make: () => Made | Ending, signal: AbortSignal | undefined): Promise<Result> {
    return this.#isClosed ? Promise.reject(closedError()) : this.#begin(make, signal);
  }

  /** Finishes a write of level `available`, also while the client is closing. */
  #resolveHint(operationId: string, timeoutMs: number): Promise<WriteResult> {
    return this.#begin(() => {
      return this.maker.resolve(operationId, { timeoutMs }) ?? { outcome: 'unknown', operationId };
    }, undefined);
  }

  #begin<Result extends Ending>(make: () => Made | Ending, signal: AbortSignal | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (signal !== undefined) {
        requireSignal(signal);
        signal.throwIfAborted();
      }
      const operation = make();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- reads end as reads, writes as writes
      if (!isMade(operation)) return resolve(operation as Result);
      const waiting = new Waiting((result) => {
        if (result instanceof Failure) reject(result.error);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
        else resolve(result as Result);
      }, signal);
      operation.context = waiting;
      if (signal !== undefined) {
        waiting.onAbort = (): void => this.maker.cancel(operation, signal.reason);
        signal.addEventListener('abort', waiting.onAbort, { once: true });
      }
      this.maker.submit(operation);
      if (this.#coordinator.queued >= CROWD && (++this.#crowded & CROWD_MASK) === 0) this.#serveCrowd();
      if (this.#isFlushing) return;
      this.#isFlushing = true;
      queueMicrotask(this.#endTurn);
    });
  }

  #flush(): void {
    this.#isFlushing = false;
    // Again where room turned up while we asked for it; a replica that empties its ring that fast is none to wait for.
    for (let pass = 0; pass < FLUSH_PASSES_MAX && this.#lanes.send(this.maker, nowMs()); pass++);
  }

  /**
   * More waits than the window holds, and the turn that submits it goes on: serves what it can meanwhile, or a flood
   * of submissions would get one window's worth served for each of its turns.
   */
  #serveCrowd(): void {
    if (this.#isDraining || this.maker.isComputing) return; // A step of a change submits this.
    this.#drain();
    this.#lanes.send(this.maker, nowMs());
  }

  /** Takes in what has arrived, and settles what is decided. */
  #drain(): void {
    this.#isDraining = true;
    this.#lanes.takeIn(this.maker);
    this.#coordinator.collect(nowMs());
    this.#isDraining = false;
  }

  /** Waits for the next wake-up while operations are pending; the process stays alive meanwhile. */
  #arm(): void {
    if (this.maker.pending === 0) return;
    if (this.#ticker === undefined) {
      this.#ticker = setInterval(this.#tick, HEDGE_TICK_MS);
      this.#reviewAtMs = nowMs() + TICK_MS;
    } else {
      this.#ticker.ref();
    }
    if (this.#isArmed) return;
    this.#isArmed = true;
    const wait = this.#lanes.bell.parkAsync();
    if (wait === undefined) setImmediate(this.#wake);
    else void wait.then(this.#wake);
  }

  readonly #wake = (): void => {
    this.#isArmed = false;
    this.#lanes.bell.unpark();
    this.#wakeUps++;
    this.#drain();
    process.nextTick(this.#endTurn); // After the continuations of what was settled, whose operations join the batch.
  };

  readonly #endTurn = (): void => {
    this.#flush();
    this.#arm();
  };

  readonly #tick = (): void => {
    const { omissions, pending } = this.maker;
    if (pending === 0 && omissions.size === 0) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
      this.#onIdle?.(); // What ended last may have been nobody's outside, such as an inquiry.
      return;
    }
    if (pending === 0) this.#ticker?.unref(); // Omissions keep no process alive.
    const now = nowMs();
    if (now >= this.#reviewAtMs) {
      this.#reviewAtMs = now + TICK_MS;
      this.#review(now);
    } else if (now >= this.#coordinator.hedgeDueMs) {
      this.#drain();
      this.#flush();
    } else {
      return;
    }
    this.#arm();
  };

  /** Deadlines, silence, a lost state: what no doorbell rings for. */
  #review(now: number): void {
    if (!this.maker.heedLife()) return;
    this.#place.showLife(); // A thread of blocking calls gets to nothing else.
    this.#drain();
    this.maker.tick(now);
    this.#flush();
  }

  // --- blocking

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller's operation ends as
  protected run<Result extends Ending>(make: () => Made | Ending): Result {
    if (isMainThread) {
      throw new QuorateError('ERR_QUORATE_SYNC_ON_MAIN', 'Cannot block the main thread: call it in a worker thread');
    }
    this.#requireOpen();
    if (this.maker.isComputing) throw blockingError();
    const operation = make();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as in a promise
    if (!isMade(operation)) return operation as Result;
    const box: { result: Ending | Failure | undefined } = { result: undefined };
    operation.context = new Waiting((result) => (box.result = result), undefined);
    this.maker.submit(operation);
    this.#flush();
    for (let reviewMs = nowMs() + TICK_MS; box.result === undefined;) {
      this.#lanes.bell.park(this.#msToHedge());
      this.#wakeUps++;
      this.#drain();
      // A round of changes has begun where another has ended, or a read is sent to others.
      if (this.#coordinator.queued > 0 || this.#coordinator.hasUnsent) this.#flush();
      const now = nowMs();
      if (now < reviewMs) continue;
      reviewMs = now + TICK_MS;
      this.#review(now);
    }
    if (box.result instanceof Failure) throw box.result.error;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- reads end as reads, writes as writes
    return box.result as Result;
  }

  /** How long a blocking call may sleep. */
  #msToHedge(): number {
    const dueMs = this.#coordinator.hedgeDueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return TICK_MS;
    return Math.min(TICK_MS, Math.max(HEDGE_NAP_MS, dueMs - nowMs()));
  }

  // --- settling

  #settle(operation: Operation): void {
    const waiting = waitingFor(operation);
    waiting.end(this.maker.resultOf(operation, waiting.signal));
    this.#coordinator.release(operation);
    if (this.maker.pending === 0) this.#onIdle?.();
  }

  #settleMade(made: PendingChange | SessionCall | ScanCall | Proposal): void {
    assert(made.result !== undefined, 'What has ended has a result');
    waitingFor(made).end(made.result);
    if (this.maker.pending === 0) this.#onIdle?.();
  }

  #requireOpen(): void {
    if (this.#isClosed) throw closedError();
  }

  #letGo(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#lanes.close();
    this.#place.onClose();
  }
}

/** Whether there is something to wait for. */
function isMade(made: Made | Ending): made is Made {
  return made instanceof Operation || 'context' in made;
}

/** The operation that waits for the function would be served meanwhile, and what it proposes be computed twice. */
function blockingError(): TypeError {
  const allowed = 'it must make the new value of the current one alone, so read before it';
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot block inside of the function of a change: ${allowed}`);
}

function closedError(): QuorateError {
  return new QuorateError('ERR_QUORATE_CLOSED', 'Cannot use the client: it is closed');
}
