// Opens a cluster: checks the configuration, starts the supervisor's thread, and connects as its first client.
import { EventEmitter } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { controlClient } from '../actor/control-plane.ts';
import { QuorateError, integerOption, rangeError, typeError } from '../base/errors.ts';
import { optionsOf, requireSignal } from '../base/given.ts';
import { CACHE_BYTES_DEFAULT, CACHE_BYTES_MAX, REPLICAS_MAX, RING_BYTES_MAX, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { systemSeed } from '../base/random.ts';
import { sharedMemory } from '../ring/memory.ts';
import { checkedBuckets } from '../replica/bucket.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { MergeStore, MergingOptions } from '../store/merging.ts';
import type { RepairOptions, RepairReport } from '../store/repair.ts';
import type { Watch, WatchOptions } from '../store/watch.ts';
import type { SessionOptions } from '../store/session.ts';
import type { SiblingStore } from '../store/siblings.ts';
import type {
  BatchWrite,
  ChangeOptions,
  ChangeResult,
  EntriesOptions,
  OperationOptions,
  PutOptions,
  ReadResult,
  ScanEntry,
  ScanOptions,
  ScanResult,
  UpdateFunction,
  Value,
  WriteOptions,
  WriteResult,
} from '../store/store.ts';
import type { DecisionResult, ProposeOptions, ProposeResult } from '../store/topic.ts';
import { checkedTopics } from '../replica/topic-rules.ts';
import { CLUSTER_CLOSED, CLUSTER_STATE_LOST } from '../replica/environment.ts';
import { stateLostError } from '../replica/results.ts';
import { ClusterBoard, TAG_WORD, createBoard } from './board.ts';
import type { Chair } from '../replica/chair-seat.ts';
import type { Client } from './client.ts';
import { closeTimeout } from './close-options.ts';
import type { CloseOptions } from './close-options.ts';
import { connectClient } from './connect.ts';
import type { Fault } from './fault.ts';
import type {
  ClusterClient,
  ClusterEvents,
  ClusterHandle,
  ClusterMetrics,
  ClusterOptions,
  ClusterStatus,
  ConfigurationStatus,
  ExitReason,
  ReconfigureOptions,
  Session,
  SyncOptions,
  SyncStore,
  SyncChangeOptions,
  SyncPutOptions,
  SyncWriteOptions,
} from './options.ts';
import { clusterSizes } from './cluster-sizes.ts';
import { Reconfiguration, askedAfter, sizesIn, targetOf } from './reconfigure.ts';
import type { AskedSizes } from './reconfigure.ts';
import { quorumsUnder } from './sabotage.ts';
import type { Sabotage } from './sabotage.ts';
import type { SupervisorControl, SupervisorEvent, SupervisorStart, SupervisorWiring } from './supervisor-thread.ts';
import { SharedTagCounter } from './tag-counter.ts';

const RING_BYTES_CLUSTER = 256 * 1024;
const RING_BYTES_CLUSTER_MIN = 16 * 1024;
const CONTROL_MS_MAX = 60_000;

/**
 * Opens a cluster of replicas in worker threads of this process and settles when all of them are operational.
 *
 * Any thread with an event loop; it becomes the cluster's first client. Close the cluster to end its threads.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is out of range, `ERR_QUORATE_CONFIGURATION` when
 *   sizes contradict each other, or quorums do not intersect or leave nothing to recover from.
 * @throws {QuorateError} `ERR_QUORATE_START_FAILED` when a thread does not start.
 * @example
 * ```ts
 * import { openCluster } from 'quorate';
 *
 * const cluster = await openCluster({ replicas: 5, read: 2, write: 4 });
 * await cluster.put('greeting', 'hello');
 * const read = await cluster.get('greeting');
 * if (read.outcome === 'ok') console.log(read.value); // hello
 * await cluster.close();
 * ```
 * @example
 * ```ts
 * import { openCluster } from 'quorate';
 * import { grid } from 'quorate/quorum';
 *
 * const { reads, writes } = grid(2, 3); // Two rows of three: a read asks one replica of each column.
 * const cluster = await openCluster({ quorum: { read: reads, write: writes } });
 * const { replicas, read, write } = cluster.inspect();
 * console.log(replicas.length, read, write); // 6 3 4
 * await cluster.close();
 * ```
 */
export async function openCluster(options?: ClusterOptions): Promise<Cluster> {
  return openSabotaged(optionsOf(options), undefined);
}

/**
 * Opens a cluster that breaks a rule on purpose: to see a check fail. Otherwise as {@link openCluster}.
 *
 * @example
 * ```ts
 * import { openSabotaged } from 'quorate/testing';
 *
 * const cluster = await openSabotaged({ replicas: 3 }, 'write-quorum');
 * console.log((await cluster.put('greeting', 'hello')).outcome); // ok
 * await cluster.close();
 * ```
 */
export async function openSabotaged(given: ClusterOptions, sabotage: Sabotage | undefined): Promise<Cluster> {
  const options = optionsOf(given);
  const quorums = clusterSizes(options);
  const wiring = { ...wiringOf(options, quorumsUnder(sabotage, quorums)), sabotage };
  if (options.signal !== undefined) requireSignal(options.signal);
  options.signal?.throwIfAborted();
  const cluster = new SupervisedCluster(wiring, askedFor(sizesIn(options), quorums));
  await cluster.open(options.signal);
  return cluster;
}

/**
 * Opens a client of a running cluster on the calling thread. See `cluster.handle()`.
 *
 * @throws as {@link connectClient} says.
 * @example
 * ```ts
 * import { connectCluster, openCluster } from 'quorate';
 *
 * const cluster = await openCluster({ replicas: 3 });
 * const client = await connectCluster(cluster.handle()); // In a worker: the handle comes with workerData or a message.
 * await client.put('greeting', 'hello');
 * console.log((await cluster.get('greeting')).outcome); // ok
 * await client.close();
 * await cluster.close();
 * ```
 */
export async function connectCluster(handle: ClusterHandle): Promise<ClusterClient> {
  return connectClient(handle);
}

/** A cluster, on the thread that opened it: a client of it, and in charge of its life. */
export interface Cluster extends ClusterClient, EventEmitter<ClusterEvents> {
  /** What a worker thread needs to become a client; plain data: post it without a transfer list, as often as needed. */
  handle(): ClusterHandle;
  /**
   * Changes the members while the cluster serves: adds replicas, removes some, changes N, R, W and P. Settles once the
   * new members decide. One change at a time; what is asked meanwhile is decided by the old members and the new ones
   * together, and takes a little longer. Only on the thread that opened the cluster.
   *
   * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an argument is none;
   *   `ERR_QUORATE_CONFIGURATION` when there is no free place, or quorums do not meet or leave nothing to recover from.
   * @throws {QuorateError} `ERR_QUORATE_CHANGING` while another change, or a reset, is under way;
   *   `ERR_QUORATE_TIMEOUT`, or the reason of `signal`, when it was taken back: then all is as before;
   *   `ERR_QUORATE_TIMEOUT` also where ten seconds later it is still being taken back, or can be no more, because a
   *   replica hangs that nothing may end: then it goes on by itself, and `configuration` tells if it comes about.
   */
  reconfigure(options: ReconfigureOptions): Promise<ConfigurationStatus>;
  /** After `stateLost`: starts all replicas with an empty state. Everything stored before is gone. */
  reset(): Promise<void>;
}

/** Fault injection, for tests and the demo: see chaos.ts. */
export interface Injectable {
  injectFault(replica: number, fault: Fault, isForced: boolean): Promise<boolean>;
}

/** The cluster of the thread that opened it. */
export class SupervisedCluster extends EventEmitter<ClusterEvents> implements Cluster, Injectable {
  readonly #wiring: SupervisorWiring;
  readonly #board: ClusterBoard;
  readonly #events: MessagePort;
  readonly #control: SupervisorControl;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #lastExits = new Map<number, ExitReason>();
  /** Sizes that were asked for: they stay when members change. */
  #askedSizes: AskedSizes;
  readonly #reconfiguration: Reconfiguration;
  #threadIds: (number | undefined)[] = [];
  #client: Client | undefined;
  #closing: Promise<void> | undefined;
  #startError: Error | undefined;

  constructor(wiring: SupervisorWiring, askedSizes: AskedSizes) {
    super();
    this.#wiring = wiring;
    this.#askedSizes = askedSizes;
    this.#board = new ClusterBoard(sharedMemory(wiring.board));
    const control = new MessageChannel();
    const events = new MessageChannel();
    this.#events = events.port1;
    this.#events.on('message', (event: SupervisorEvent) => this.#onEvent(event));
    this.#events.unref();
    const start: SupervisorStart = { wiring, control: control.port2, events: events.port2 };
    this.#worker = new Worker(actorUrl('supervisor'), {
      name: `quorate:${wiring.name}:supervisor`,
      workerData: start,
      transferList: [control.port2, events.port2],
      env: {},
      execArgv: [],
    });
    this.#worker.on('error', (error) => (this.#startError = error));
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve(this.#onSupervisorExit())));
    const died = this.#exited.then(() => ({ kind: 'exit', code: 1 }) as const);
    this.#control = controlClient<SupervisorControl>(control.port1, { died, timeoutMs: CONTROL_MS_MAX });
    this.#reconfiguration = new Reconfiguration({
      control: this.#control,
      compare: (timeoutMs, signal) => this.#connected.compareReplicas(timeoutMs, signal),
    });
  }

  /** Starts the replicas and connects. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    try {
      await Promise.race([this.#control.start(), this.#exited.then(() => this.#failStart())]);
      this.#client = await connectClient(this.handle());
      this.#threadIds = await this.#control.threadIds();
      this.#worker.unref();
    } catch (error) {
      await this.#end();
      throw error;
    }
    signal?.addEventListener('abort', () => void this.close(), { once: true });
  }

  get(key: string, options?: OperationOptions): Promise<ReadResult> {
    return this.#connected.get(key, options);
  }

  put(key: string, value: Value, options?: PutOptions): Promise<WriteResult> {
    return this.#connected.put(key, value, options);
  }

  delete(key: string, options?: WriteOptions): Promise<WriteResult> {
    return this.#connected.delete(key, options);
  }

  update(key: string, fn: UpdateFunction, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#connected.update(key, fn, options);
  }

  compareAndSet(key: string, expected: Value, next: Value, options?: ChangeOptions): Promise<WriteResult> {
    return this.#connected.compareAndSet(key, expected, next, options);
  }

  putIfAbsent(key: string, value: Value, options?: ChangeOptions): Promise<WriteResult> {
    return this.#connected.putIfAbsent(key, value, options);
  }

  increment(key: string, by?: number, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#connected.increment(key, by, options);
  }

  getMany(keys: readonly string[], options?: OperationOptions): Promise<ReadResult[]> {
    return this.#connected.getMany(keys, options);
  }

  scan(prefix: string, options?: ScanOptions): Promise<ScanResult> {
    return this.#connected.scan(prefix, options);
  }

  entries(prefix: string, options?: EntriesOptions): AsyncIterableIterator<ScanEntry> {
    return this.#connected.entries(prefix, options);
  }

  batch(writes: readonly BatchWrite[], options?: OperationOptions): Promise<WriteResult[]> {
    return this.#connected.batch(writes, options);
  }

  resolve(operationId: string, options?: OperationOptions): Promise<WriteResult> {
    return this.#connected.resolve(operationId, options);
  }

  getSync(key: string, options?: SyncOptions): ReadResult {
    return this.#connected.getSync(key, options);
  }

  putSync(key: string, value: Value, options?: SyncPutOptions): WriteResult {
    return this.#connected.putSync(key, value, options);
  }

  deleteSync(key: string, options?: SyncWriteOptions): WriteResult {
    return this.#connected.deleteSync(key, options);
  }

  updateSync(key: string, fn: UpdateFunction, options?: SyncChangeOptions): ChangeResult {
    return this.#connected.updateSync(key, fn, options);
  }

  compareAndSetSync(key: string, expected: Value, next: Value, options?: SyncChangeOptions): WriteResult {
    return this.#connected.compareAndSetSync(key, expected, next, options);
  }

  putIfAbsentSync(key: string, value: Value, options?: SyncChangeOptions): WriteResult {
    return this.#connected.putIfAbsentSync(key, value, options);
  }

  incrementSync(key: string, by?: number, options?: SyncChangeOptions): ChangeResult {
    return this.#connected.incrementSync(key, by, options);
  }

  propose(topic: string, payload: Value, options?: ProposeOptions): Promise<ProposeResult> {
    return this.#connected.propose(topic, payload, options);
  }

  decision(topic: string, place: number, options?: OperationOptions): Promise<DecisionResult> {
    return this.#connected.decision(topic, place, options);
  }

  session(options?: SessionOptions): Session {
    return this.#connected.session(options);
  }

  bucket(name: string): SyncStore {
    return this.#connected.bucket(name);
  }

  siblings(name: string): SiblingStore {
    return this.#connected.siblings(name);
  }

  merging(name: string, options?: MergingOptions): MergeStore {
    return this.#connected.merging(name, options);
  }

  watch(prefix: string, options?: WatchOptions): Watch {
    return this.#connected.watch(prefix, options);
  }

  repair(options?: RepairOptions): Promise<RepairReport> {
    return this.#connected.repair(options);
  }

  get chair(): Chair | undefined {
    return this.#connected.chair;
  }

  metrics(): ClusterMetrics {
    return this.#connected.metrics();
  }

  inspect(): ClusterStatus {
    const status = this.#connected.inspect();
    const replicas = status.replicas.map((replica) => ({
      ...replica,
      lastExit: this.#lastExits.get(replica.replica),
      threadId: this.#threadIds[replica.replica],
    }));
    return { ...status, replicas };
  }

  handle(): ClusterHandle {
    return { kind: 'quorate:cluster-handle', name: this.#wiring.name, board: this.#wiring.board };
  }

  async reconfigure(given: ReconfigureOptions): Promise<ConfigurationStatus> {
    const options = optionsOf(given);
    if (options.signal !== undefined) requireSignal(options.signal);
    const client = this.#connected;
    const { places, sabotage } = this.#wiring;
    const configuration = this.#board.configurations.read();
    const target = targetOf(configuration, options, this.#askedSizes, places);
    const quorums = quorumsUnder(sabotage, target.quorums);
    const { members: before } = client.inspect().configuration;
    let status: ConfigurationStatus | undefined;
    await this.#reconfiguration.run({ ...target, quorums }, options, () => {
      this.#askedSizes = askedFor(askedAfter(this.#askedSizes, options), target.quorums);
      status = client.inspect().configuration;
      this.emit('configuration', { before, ...status });
    });
    this.#threadIds = await this.#control.threadIds();
    return status ?? client.inspect().configuration;
  }

  async reset(): Promise<void> {
    if (this.#closing !== undefined)
      throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot reset the cluster: it is closed');
    await this.#control.reset();
  }

  injectFault(replica: number, fault: Fault, isForced: boolean): Promise<boolean> {
    return this.#control.injectFault(replica, fault, isForced);
  }

  async close(options?: CloseOptions): Promise<void> {
    const timeoutMs = closeTimeout(options);
    this.#closing ??= this.#close(timeoutMs);
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #connected(): Client {
    if (this.#client !== undefined) return this.#client;
    throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot use the cluster: it is not open');
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#client?.close({ timeoutMs });
    await this.#end();
  }

  /** Ends the threads, whatever state they are in. */
  async #end(): Promise<void> {
    this.#worker.ref();
    await this.#control.stop().catch(() => undefined); // It may be dead already: then it is stopped.
    this.#board.state = CLUSTER_CLOSED;
    this.#reconfiguration.abandon(new QuorateError('ERR_QUORATE_CLOSED', 'The cluster was closed meanwhile'));
    await this.#worker.terminate();
    await this.#exited;
    this.#events.close();
  }

  #failStart(): never {
    const options = this.#startError === undefined ? {} : { cause: this.#startError };
    throw new QuorateError('ERR_QUORATE_START_FAILED', 'Cannot start the supervisor: its thread ended', options);
  }

  /** Without its supervisor nobody heals, and the replicas end with it: the state is lost, and nothing must wait. */
  #onSupervisorExit(): void {
    if (this.#closing !== undefined || this.#board.state === CLUSTER_CLOSED) return;
    this.#board.state = CLUSTER_STATE_LOST;
    this.#reconfiguration.abandon(stateLostError());
    this.#client?.heedLife();
    this.emit('stateLost', { down: votersIn(this.#board.configurations.read().current.members) });
  }

  #onEvent(event: SupervisorEvent): void {
    switch (event.kind) {
      case 'down':
        this.#lastExits.set(event.replica, event.reason);
        this.#threadIds[event.replica] = undefined;
        this.emit('down', { replica: event.replica, epoch: event.epoch, reason: event.reason });
        return;
      case 'operational': {
        const { replica, epoch, recoveryMs, threadId } = event;
        this.#threadIds[replica] = threadId;
        this.emit('operational', { replica, epoch, recoveryMs });
        return;
      }
      case 'state-lost':
        this.#client?.heedLife();
        this.emit('stateLost', { down: event.down });
        return;
      case 'change':
        this.#reconfiguration.noteStep(event);
        return;
      case 'chair':
        this.emit('chair', { replica: event.replica, term: event.term });
        return;
      case 'reset':
        this.emit('reset');
        return;
      default:
        return;
    }
  }
}

/** Where the program of a thread lies: beside the sources, or beside the build. */
function actorUrl(name: string): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`../../actors/${name}${extension}`, import.meta.url);
}

function rangeOf(min: number, max: number): { readonly min: number; readonly max: number } {
  return { min, max };
}

/** What was asked for, with the cluster's own copy of systems: its caller may alter theirs. */
function askedFor(asked: AskedSizes, { systems }: RegisterQuorums): AskedSizes {
  return systems === undefined ? asked : { ...asked, quorum: systems };
}

function checkedReadRepair(readRepair: unknown): boolean {
  if (readRepair === undefined || typeof readRepair === 'boolean') return readRepair ?? true;
  const given = `readRepair of type ${typeof readRepair}`;
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given}: it must be true or false`);
}

function wiringOf(options: ClusterOptions, quorums: RegisterQuorums): Omit<SupervisorWiring, 'sabotage'> {
  const ringBytes = options.ringBytes ?? RING_BYTES_CLUSTER;
  integerOption('ringBytes', ringBytes, { min: RING_BYTES_CLUSTER_MIN, max: RING_BYTES_MAX });
  if ((ringBytes & (ringBytes - 1)) !== 0) {
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ringBytes ${ringBytes}: it must be a power of 2`);
  }
  const placesMin = quorums.threads;
  const places = integerOption(
    'threadsMax',
    options.threadsMax ?? Math.min(REPLICAS_MAX, placesMin + 1),
    rangeOf(placesMin, REPLICAS_MAX),
  );
  const board = createBoard(places);
  new SharedTagCounter(board, TAG_WORD).startAt(1n);
  return {
    name: systemSeed().toString(16).padStart(8, '0') + systemSeed().toString(16).padStart(8, '0'),
    board,
    quorums,
    places,
    ...checkedTopics(options.topics, quorums.threads),
    buckets: checkedBuckets(options.buckets, quorums),
    readRepair: checkedReadRepair(options.readRepair),
    cacheBytesMax: integerOption(
      'cacheBytesMax',
      options.cacheBytesMax ?? CACHE_BYTES_DEFAULT,
      rangeOf(0, CACHE_BYTES_MAX),
    ),
    ringBytes,
    replicaHeapMb: integerOption('replicaHeapMb', options.replicaHeapMb ?? 512, rangeOf(16, 65_536)),
    replicaBytesMax: integerOption('replicaBytesMax', options.replicaBytesMax ?? 2 ** 29, rangeOf(1024, 2 ** 40)),
    hungMs: integerOption('hungMs', options.hungMs ?? 500, rangeOf(20, 600_000)),
    standbys: integerOption('standbys', options.standbys ?? 1, rangeOf(0, 16)),
    restartsMax: integerOption('restartsMax', options.restartsMax ?? 10, rangeOf(0, 1_000_000)),
    housekeeping: {
      collectAfterMs: integerOption('collectAfterMs', options.collectAfterMs ?? 60_000, rangeOf(0, TIMEOUT_MS_MAX)),
      repairEveryMs: integerOption('repairEveryMs', options.repairEveryMs ?? 60_000, rangeOf(0, TIMEOUT_MS_MAX)),
    },
    restartWindowMs: integerOption('restartWindowMs', options.restartWindowMs ?? 10_000, rangeOf(1, 86_400_000)),
    replicaEntry: actorUrl('replica').href,
  };
}
