// What an application says when it opens a cluster, and what it sees of it. Types only.
import type { RegisterSystemOptions, RegisterSystems } from '../quorum/register-systems.ts';
import type { Chair } from '../replica/chair-seat.ts';
import type { CloseOptions } from './close-options.ts';
import type { MergeStore, MergingOptions } from '../store/merging.ts';
import type { SessionOptions, SessionStore } from '../store/session.ts';
import type { SiblingStore } from '../store/siblings.ts';
import type { RepairOptions, RepairReport } from '../store/repair.ts';
import type { Watch, WatchOptions } from '../store/watch.ts';
import type { ExitReason } from '../supervision/exit-reason.ts';
import type { Divergence } from './repair-call.ts';
import type {
  BucketOptions,
  ChangeOptions,
  ChangeResult,
  OperationOptions,
  PutOptions,
  ReadOptions,
  ReadResult,
  Store,
  UpdateFunction,
  Value,
  WriteOptions,
  WriteResult,
} from '../store/store.ts';

import type { DecisionResult, ProposeOptions, ProposeResult, TopicOptions } from '../store/topic.ts';

export type { CorruptKey, RepairOptions, RepairReport, RepairedReplica } from '../store/repair.ts';
export type { Divergence } from './repair-call.ts';
export type { Chair } from '../replica/chair-seat.ts';
export type { CloseOptions } from './close-options.ts';
export type { ExitReason } from '../supervision/exit-reason.ts';

/** Options of `openCluster`. */
export interface ClusterOptions {
  /**
   * Replicas, an integer from 1 to 15; default 5. Each is a worker thread, and holds every key: it says `threads` and
   * `replicationFactor` at once.
   */
  readonly replicas?: number;
  /** Worker threads (T), from `replicationFactor` to 15, over which keys are spread; default `replicationFactor`. */
  readonly threads?: number;
  /**
   * Copies of each key (N), each in another thread; default `replicas`, else 5 or `threads`, whichever is less. Read,
   * write and prepare quorums are of these. More threads hold more keys and do more work, but survive no more of them
   * being down at once: any two may hold the same key.
   */
  readonly replicationFactor?: number;
  /** Replicas that a read asks (R); default a majority. */
  readonly read?: number;
  /** Replicas that must accept a write (W); default a majority. */
  readonly write?: number;
  /** Replicas that must promise (P) before a contended write or unstable read is finished; default a majority. */
  readonly prepare?: number;
  /**
   * Quorum systems of `quorate/quorum` in place of R, W and P: a grid, weights, a hierarchy, or any other whose reads
   * and prepares meet its writes; what is left out follows. Its voters are the replicas in ascending order, as many as
   * it has unless `replicas` says so too. Every replica holds every key then.
   */
  readonly quorum?: RegisterSystemOptions;
  /**
   * Places for replica threads, from as many as there are to 15: up to here `reconfigure` can add some; default one
   * more than there are. An empty place costs the address space of its rings, and little memory.
   */
  readonly threadsMax?: number;
  /** Bytes of each ring, a power of two; default 256 KiB. */
  readonly ringBytes?: number;
  /** Heap limit of each replica thread in MiB (old generation); default 512. */
  readonly replicaHeapMb?: number;
  /** Bytes of keys and values that one replica holds before it refuses more; default 512 MiB. */
  readonly replicaBytesMax?: number;
  /** A replica with unread frames that makes no progress for so long is ended as hung; default 500. */
  readonly hungMs?: number;
  /** Pre-started threads that take over from a dead replica; default 1. */
  readonly standbys?: number;
  /** Restarts of one replica within `restartWindowMs` before the supervisor backs off; default 10. */
  readonly restartsMax?: number;
  /** Default 10,000. */
  readonly restartWindowMs?: number;
  /**
   * Keys that were deleted so long ago are forgotten by all replicas, an integer from 0 (never) to 2^31 - 1
   * milliseconds; default 60,000. A write that is not decided by then may end as `unknown` for good. So are those whose
   * values expired and that nobody reads: the chair deletes them about as often as that.
   */
  readonly collectAfterMs?: number;
  /** Rest between two comparisons of all replicas, an integer from 0 (none) to 2^31 - 1 ms; default 60,000. */
  readonly repairEveryMs?: number;
  /** Buckets by name (1 to 64 letters, digits, and `.`, `_`, `-`): keys of their own, with rules of their own. */
  readonly buckets?: Readonly<Record<string, BucketOptions>>;
  /** Whether reads send what they return to replicas that they saw behind it, once they have ended; default true. */
  readonly readRepair?: boolean;
  /**
   * Bytes that each client keeps at most of what reads with `maxStaleMs` have found; default 8 MiB, 0 for none, at most
   * 1 GiB. Who never reads so keeps nothing.
   */
  readonly cacheBytesMax?: number;
  /**
   * Topics by name (1 to 64 letters, digits, and `.`, `_`, `-`; at most 64): what `propose` asks the replicas about, by
   * which rules they judge, and how many must agree.
   */
  readonly topics?: Readonly<Record<string, TopicOptions>>;
  /** Closes the cluster when it fires. */
  readonly signal?: AbortSignal;
}

/** One replica, as seen from shared memory: readable while its thread is blocked. */
export interface ReplicaStatus {
  readonly replica: number;
  readonly state: 'starting' | 'recovering' | 'operational' | 'down';
  /** Incarnation, from 1; it grows by one at each restart. */
  readonly epoch: number;
  readonly restarts: number;
  readonly lastExit: ExitReason | undefined;
  readonly threadId: number | undefined;
  /** Bytes of requests it has not read yet. */
  readonly unreadBytes: number;
  /** Frames handled since the thread started. */
  readonly handled: number;
  readonly keys: number;
  readonly bytes: number;
  /** How far it was behind when this client compared the replicas last; absent where it never has. */
  readonly divergence?: Divergence;
}

/** The whole cluster, as seen from shared memory. */
export interface ClusterStatus {
  readonly replicas: readonly ReplicaStatus[];
  /** Copies of each key (N), at most as many as there are replicas. */
  readonly replicationFactor: number;
  readonly read: number;
  readonly write: number;
  readonly prepare: number;
  /** Where systems are in force: theirs, as plain data; the sizes are those of the smallest quorums then. */
  readonly quorum?: RegisterSystems | undefined;
  /** Whether the replicas that are operational include a quorum of each kind, of every key. */
  readonly hasQuorums: boolean;
  /** Others that a recovering replica must hear; at most `replicas.length - recoverFrom` may be down at once,
   * or of systems sometimes more. */
  readonly recoverFrom: number;
  /** Who decides; see `reconfigure`. */
  readonly configuration: ConfigurationStatus;
  /** Places for replica threads, of which `replicas` take some. */
  readonly places: number;
  readonly stateLost: boolean;
  /** Who keeps the house; `undefined` while nobody does, since the last chair has died. */
  readonly chair: Chair | undefined;
  /** Deletions that were collected, in all. */
  readonly collected: number;
  /** Clients that are connected. */
  readonly clients: number;
  /** Operations of this client that are pending. */
  readonly pending: number;
}

/** What `reconfigure` is to change; what is left out stays. */
export interface ReconfigureOptions {
  /** How many replicas come in, from 0 to as many as there are free places; default 0. */
  readonly add?: number;
  /** Replicas that leave, by their numbers; default none. To replace one, add one at the same time. */
  readonly remove?: readonly number[];
  /** Copies of each key (N); by default as many as replicas where that was so, else as many as before. */
  readonly replicationFactor?: number;
  /** Replicas that a read asks (R), that must accept a write (W), that must promise (P); by default as last asked for,
   * and where that never was, as `openCluster` chooses them. */
  readonly read?: number;
  readonly write?: number;
  readonly prepare?: number;
  /**
   * Systems in place of R, W and P, of the members that there will be, in ascending order. Those in force stay while
   * the number of copies does; where it changes they have to be given anew, or sizes in their place.
   */
  readonly quorum?: RegisterSystemOptions;
  /** Longest time that it may take in milliseconds, an integer from 1; then it is taken back; default 60,000. */
  readonly timeoutMs?: number;
  /** Takes it back. */
  readonly signal?: AbortSignal;
}

/** The configuration in force. */
export interface ConfigurationStatus {
  /** Grows with each step of a change, and with each reset. */
  readonly number: number;
  /** Whether members change. */
  readonly isChanging: boolean;
  /** The replicas that decide; while members change, those of before. */
  readonly members: readonly number[];
}

/** Counters of this client since it connected, and of the replicas. */
export interface ClusterMetrics {
  readonly gets: number;
  readonly puts: number;
  readonly deletes: number;
  /** Reads that returned in one round trip, and those that had to make the value stable first. */
  readonly fastReads: number;
  readonly slowReads: number;
  /** Writes decided in one round trip, and those finished through a prepare quorum. */
  readonly fastWrites: number;
  readonly slowWrites: number;
  /** Rounds of changes, each of one or more changes of one key: those of one round trip, and the others. */
  readonly changes: number;
  readonly fastChanges: number;
  readonly slowChanges: number;
  /** Writes at level `available` that this client has yet to finish, and those that it had to give up. */
  readonly hints: number;
  readonly hintsLost: number;
  readonly unknown: number;
  readonly unavailable: number;
  /** Reads with `maxStaleMs` that were answered by what an earlier one had found; they are not among `gets`. */
  readonly cachedReads: number;
  /** Keys that this client has repaired: whose newest entry it has handed on to replicas that lacked it. */
  readonly repairedKeys: number;
  /** Reads that have sent what they returned to replicas that were behind. */
  readonly readRepairs: number;
  /** Keys that wait to be repaired where a ring was full, those that were, and those dropped for want of room. */
  readonly omissions: number;
  readonly omissionsRepaired: number;
  readonly omissionsDropped: number;
  /** Times this client's thread was woken, and times it woke a parked replica. */
  readonly wakeUps: number;
  readonly replicaWakeUps: number;
  /** Frames sent to replicas, and frames that were asked again because no answer came. */
  readonly framesSent: number;
  readonly framesResent: number;
  /** Reads that were sent to further replicas because an answer was late; the frames are among `framesSent`. */
  readonly hedges: number;
  /** Answers to questions that nobody asked any more, or never had: late ones, and stray ones. */
  readonly answersDropped: number;
}

/** Events of a cluster, by name, as listeners of an EventEmitter receive them. */
export interface ClusterEvents {
  down: [event: { readonly replica: number; readonly epoch: number; readonly reason: ExitReason }];
  /** A replica has taken the chair. No two chairs have the same term, and terms grow. */
  chair: [event: Chair];
  operational: [event: { readonly replica: number; readonly epoch: number; readonly recoveryMs: number }];
  stateLost: [event: { readonly down: readonly number[] }];
  /** The members have changed: `before` were those until now. */
  configuration: [event: ConfigurationStatus & { readonly before: readonly number[] }];
  reset: [];
}

/** What `cluster.handle()` gives: post it to a worker and open a client there with `connectCluster(handle)`. */
export interface ClusterHandle {
  readonly kind: 'quorate:cluster-handle';
  readonly name: string;
  readonly board: SharedArrayBuffer;
}

/** Options of a call that blocks. */
export type SyncOptions = Omit<OperationOptions, 'signal'>;
export type SyncReadOptions = Omit<ReadOptions, 'signal'>;
export type SyncWriteOptions = Omit<WriteOptions, 'signal'>;
export type SyncPutOptions = Omit<PutOptions, 'signal'>;
export type SyncChangeOptions = Omit<ChangeOptions, 'signal'>;

/** A store with calls that block, for worker threads. */
export interface SyncStore extends Store {
  /** Blocks this worker thread until the read is decided. @throws `ERR_QUORATE_SYNC_ON_MAIN` on the main thread. */
  getSync(key: string, options?: SyncReadOptions): ReadResult;
  /** Blocks this worker thread until the write is decided. @throws `ERR_QUORATE_SYNC_ON_MAIN` on the main thread. */
  putSync(key: string, value: Value, options?: SyncPutOptions): WriteResult;
  /** Blocks this worker thread until the delete is decided. @throws `ERR_QUORATE_SYNC_ON_MAIN` on the main thread. */
  deleteSync(key: string, options?: SyncWriteOptions): WriteResult;
  /** Blocks this worker thread until the update is decided. @throws `ERR_QUORATE_SYNC_ON_MAIN` on the main thread. */
  updateSync(key: string, fn: UpdateFunction, options?: SyncChangeOptions): ChangeResult;
  /** Blocks this worker thread until it is decided. @throws `ERR_QUORATE_SYNC_ON_MAIN` on the main thread. */
  compareAndSetSync(key: string, expected: Value, next: Value, options?: SyncChangeOptions): WriteResult;
  /** Blocks this worker thread until it is decided. @throws `ERR_QUORATE_SYNC_ON_MAIN` on the main thread. */
  putIfAbsentSync(key: string, value: Value, options?: SyncChangeOptions): WriteResult;
  /** Blocks this worker thread until it is decided. @throws `ERR_QUORATE_SYNC_ON_MAIN` on the main thread. */
  incrementSync(key: string, by?: number, options?: SyncChangeOptions): ChangeResult;
}

/** One user's view of the store: see `session` of a client. The thread of its client uses it. */
export interface Session extends SyncStore, SessionStore {}

/** A client of a cluster: on the main thread or in a worker. */
export interface ClusterClient extends SyncStore, AsyncDisposable {
  /**
   * The replica that keeps the house: it collects deletions and compares the replicas. Chosen when the cluster starts
   * and again when it dies, one in each term; `undefined` in between.
   */
  readonly chair: Chair | undefined;
  /** Counters of this client. */
  metrics(): ClusterMetrics;
  /** Replica states, read from shared memory without asking their threads. */
  inspect(): ClusterStatus;
  /**
   * Compares what the replicas hold, by digests, and hands the newest entry of each key at which they differ to all
   * that are up. Others may read and write meanwhile. With `deep` the values are compared as well.
   *
   * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is none.
   * @throws {QuorateError} `ERR_QUORATE_CLOSED`, `ERR_QUORATE_STATE_LOST`, or the reason of the signal.
   * @example
   * ```ts
   * import { openCluster } from 'quorate';
   *
   * const cluster = await openCluster({ replicas: 3 });
   * await cluster.put('sensor/7', 21.5, { level: 'one' });
   * const { isConverged, keysLeft } = await cluster.repair();
   * console.log(isConverged, keysLeft); // true 0
   * await cluster.close();
   * ```
   */
  repair(options?: RepairOptions): Promise<RepairReport>;
  /**
   * Yields the newest state of every key that begins with `prefix`, then whatever changes: each state was decided, the
   * versions of a key grow, and its last state always comes. Nothing is promised of the order of keys, and states that
   * were overwritten before they were read are left out. It ends with `ERR_QUORATE_WATCH_GAP` where it cannot go on
   * from a position, and with `_CLOSED` and `_STATE_LOST` where nobody can.
   *
   * @throws {TypeError | RangeError} `ERR_QUORATE_KEY` or `_INVALID_ARGUMENT` when the prefix or an option is none.
   * @example
   * ```ts
   * import { openCluster } from 'quorate';
   *
   * const cluster = await openCluster({ replicas: 3 });
   * await cluster.put('limits/upload', 10);
   * for await (const { key, kind, value } of cluster.watch('limits/')) {
   *   console.log(kind, key, value); // put limits/upload 10
   *   break;
   * }
   * await cluster.close();
   * ```
   */
  watch(prefix: string, options?: WatchOptions): Watch;
  /** Waits for pending operations up to `timeoutMs` (default 5000), then settles them and lets go of the cluster. */
  close(options?: CloseOptions): Promise<void>;
  /**
   * Begins a session: a store whose reads, at level `one` unless told otherwise, return nothing older than what the
   * session has written or read. With the `token` of another session it goes on from there.
   *
   * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option or the token is none.
   * @throws {QuorateError} `ERR_QUORATE_STATE_LOST` when the cluster was reset since the token was made.
   */
  session(options?: SessionOptions): Session;
  /**
   * Asks every replica whether it agrees to a proposal, by the rules of its topic, and records the decision: commit
   * when enough say yes, abort when they cannot any more. Decisions of a topic have one order, and each replica applies
   * all of them in it, once. Of proposals that exclude each other one is committed at most. See `docs/BALLOTS.md`.
   *
   * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` for options that are none, or a topic that the
   *   cluster was opened without; `ERR_QUORATE_VALUE_TOO_LARGE` for a payload of more than 6 KiB.
   */
  propose(topic: string, payload: Value, options?: ProposeOptions): Promise<ProposeResult>;
  /**
   * The decision at a place of a topic, from 1, with who voted what and why. A linearizable read; the records of the
   * last 1024 are kept.
   */
  decision(topic: string, place: number, options?: OperationOptions): Promise<DecisionResult>;
  /**
   * The calls of one bucket; `resolve` knows the operations of all.
   *
   * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the cluster was opened without a bucket of that name.
   */
  bucket(name: string): SyncStore;
  /**
   * The calls of a bucket with `conflicts: 'siblings'`.
   *
   * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the cluster was opened without one of that name.
   */
  siblings(name: string): SiblingStore;
  /**
   * The calls of a bucket with `conflicts: 'merge'`.
   *
   * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the cluster was opened without one of that name.
   * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` where the function that its values merge by is missing, or not
   *   wanted.
   */
  merging(name: string, options?: MergingOptions): MergeStore;
}
