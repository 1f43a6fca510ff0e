// The engine port: what an application, the HTTP service and the CLI see of a store, whatever engine is behind it.
import type { Conflicts, MergeName } from './conflicts.ts';

/** What a value may be: bytes, a string, or anything the codec carries (plain data; see docs/GUARANTEES.md). */
export type Value = unknown;

/**
 * How many replicas an operation waits for. `quorum` (the default) is linearizable; `all` waits for every replica;
 * `one` and `two` are fast and may be stale; `{ r, w }` names the numbers, each from 1 to the number of replicas. Below
 * the quorums of the cluster, reads may be stale and writes be lost, even where r + w exceeds the number of replicas.
 */
export type Level = 'one' | 'two' | 'quorum' | 'all' | { readonly r?: number; readonly w?: number };

/** Options of one operation. */
export interface OperationOptions {
  /**
   * Default `quorum`. `available` is for `get`, and for `put` and `delete` without a condition: at the quorum while
   * half of the time lasts, then a write is left to its client to finish (`isHinted`), and a read returns what anybody
   * has (`isStale`).
   */
  readonly level?: Level | 'available';
  /** Deadline in milliseconds, an integer from 1 to 2^31 - 1; default {@link TIMEOUT_MS_DEFAULT}. */
  readonly timeoutMs?: number;
  /** Gives up waiting: a read rejects; a write that has left settles as `unknown`. */
  readonly signal?: AbortSignal;
}

/** Options of a read. */
export interface ReadOptions extends OperationOptions {
  /**
   * How old a value may be, in milliseconds, an integer from 0 to 2^31 - 1: the read may then be answered at once, with
   * what an earlier read of this client has found (`ageMs`), and returns what is at least as new as all that was
   * decided so long ago. Where there is no such thing it reads at the quorum, so `level` may say nothing else. Default:
   * the read asks the replicas. An engine without a cache asks always.
   */
  readonly maxStaleMs?: number;
  /**
   * How many newer versions of the key may be decided when it is called, an integer from 0 to 2^31 - 1: as
   * `maxStaleMs`, which it may be joined with. Versions are counted by writes: what was found is returned while no more
   * writes than that have begun since, of any key, by anybody. With 0 it is what a read at the quorum could return, for
   * as long as nobody writes.
   */
  readonly maxStaleVersions?: number;
}

/** Rules of the keys of one bucket. A bucket's name and two bytes count with each of its keys. */
export interface BucketOptions {
  /**
   * A key is written once: whatever would write it again, or delete it, answers `conflict` with what it holds. Default
   * `false`.
   */
  readonly writeOnce?: boolean;
  /**
   * Writes without a condition run as changes too, so that a change over which one has come can still be told what it
   * came to, rather than end as `unknown` for good. They take two round trips, or one while no other
   * client writes. Default `false`.
   */
  readonly exactlyOnce?: boolean;
  /** What becomes of writes that do not know of each other; default `linearizable`. */
  readonly conflicts?: Conflicts;
  /** How its values merge; only and always with `conflicts: 'merge'`. */
  readonly merge?: MergeName;
  /** Level of its reads unless an operation names one; default `quorum`, or `one` with `last-writer`. */
  readonly readLevel?: Level;
  /**
   * Level of its writes unless an operation names one; default `quorum`, or `one` with `last-writer`. Changes are made
   * at the quorum at least.
   */
  readonly writeLevel?: Level;
  /**
   * The `ttlMs` of its writes unless an operation names one; not with `siblings` or `merge`. Default none. What was
   * written once may be written again when it has expired.
   */
  readonly ttlMs?: number;
}

/** Options of a write that may depend on what it overwrites. */
export interface WriteOptions extends OperationOptions {
  /** Writes only where the key holds this version, and answers `conflict` where it does not. */
  readonly ifVersion?: Version;
}

/** Options of a write of a value. */
export interface PutOptions extends WriteOptions {
  /**
   * Milliseconds, an integer from 1 to 2^40, after which the value expires: no read that begins later returns it, and
   * the key has no value then. Counted by a clock that setting the time of the machine does not move. Default: never,
   * or as the bucket says.
   */
  readonly ttlMs?: number;
}

/** Options of a change. */
export interface ChangeOptions extends OperationOptions {
  /**
   * As of {@link PutOptions}, counted from when the change is made. Without it, `update` and `increment` leave a value
   * to expire when it would have; the others write one that does not, or does as the bucket says.
   */
  readonly ttlMs?: number;
}

/**
 * What an update makes of a key's value; `undefined` stands for a key without one, on either side. Synchronous and
 * without side effects: it may be called again, with another value, until one call lands. It must not block: `getSync`
 * and the like are refused inside of it.
 */
export type UpdateFunction = (current: Value) => Value;

/** A version, as text: of two versions of a key the one that sorts later is newer. No two values of a key share one. */
export type Version = string;

/** The key has a value. */
export interface ReadOk {
  readonly outcome: 'ok';
  readonly value: Value;
  readonly version: Version;
  /** In how many milliseconds the value expires, an integer from 1; not there where it does not. */
  readonly expiresInMs?: number;
  /** At level `available`: no quorum answered in time, and this is what one replica has, or this client has written. */
  readonly isStale?: true;
  /**
   * It comes from the cache: so many milliseconds ago the read began that has found it, and it may have been
   * overwritten since.
   */
  readonly ageMs?: number;
}
/** The key has no value: never written, deleted, or expired. */
export interface ReadAbsent {
  readonly outcome: 'absent';
  /** As of {@link ReadOk}. */
  readonly isStale?: true;
  /** As of {@link ReadOk}. */
  readonly ageMs?: number;
}
/** No quorum answered in time; a read has no effect, so it may be tried again. */
export interface ReadUnavailable {
  readonly outcome: 'unavailable';
  readonly needed: number;
  readonly got: number;
}
export type ReadResult = ReadOk | ReadAbsent | ReadUnavailable;

/**
 * So many replicas as its level names have the write. From `quorum` on it is decided: every later read at `quorum` or
 * above sees it, or something newer; after `all`, every read does.
 */
export interface WriteOk {
  readonly outcome: 'ok';
  readonly version: Version;
  /**
   * At level `available`: no quorum has it yet, only this client and perhaps some replicas. The client goes on until a
   * quorum has it, or something newer; its version may be a newer one then.
   */
  readonly isHinted?: true;
}
/** A change is decided, as a write is; `value` is what the key holds by it, `undefined` where it deleted the key. */
export interface ChangeOk extends WriteOk {
  readonly value: Value;
}

/**
 * A precondition did not hold; nothing was written. `value` and `version` are what the key held instead, both
 * `undefined` where it held nothing. A `put` or `delete` without `ifVersion` never answers this.
 */
export interface WriteConflict {
  readonly outcome: 'conflict';
  readonly value: Value;
  readonly version: Version | undefined;
}
/** It may or may not have happened, or may happen later. Never a blind retry: see `operationId`. */
export interface WriteUnknown {
  readonly outcome: 'unknown';
  /** Names the operation; `resolve(operationId)` finishes it, exactly once. */
  readonly operationId: string;
  /**
   * Set where nobody can find out any more whether a change has happened, because the key was overwritten since: to
   * try it again could make it happen twice, so `resolve` answers the same for ever.
   */
  readonly isFinal?: true;
}
/** Nothing left the coordinator: it did not happen and never will. */
export interface WriteUnavailable {
  readonly outcome: 'unavailable';
  readonly needed: number;
  readonly got: number;
}
export type WriteResult = WriteOk | WriteConflict | WriteUnknown | WriteUnavailable;
export type ChangeResult = ChangeOk | WriteConflict | WriteUnknown | WriteUnavailable;

/** One write of a batch. */
export type BatchWrite =
  | { readonly kind: 'put'; readonly key: string; readonly value: Value; readonly ttlMs?: number }
  | { readonly kind: 'delete'; readonly key: string };

/** Options of a scan. */
export interface ScanOptions extends OperationOptions {
  /** The page begins behind this key, which need not exist; default at the first key of the prefix. */
  readonly after?: string;
  /** Entries of a page at most, an integer from 1 to 1024; default 128. */
  readonly limit?: number;
}

/** One key of a page. */
export interface ScanEntry {
  readonly key: string;
  readonly value: Value;
  readonly version: Version;
}

/** A page, in the order of the keys' code points. */
export interface ScanPage {
  readonly outcome: 'ok';
  readonly entries: readonly ScanEntry[];
  /** What the next page is asked with, as `after`; not there at the end. */
  readonly after?: string;
}

/** How a scan ends. */
export type ScanResult = ScanPage | ReadUnavailable;

/** Options of the iterator over all pages: `limit` is that of each page, `timeoutMs` too. */
export type EntriesOptions = ScanOptions;

/** One engine behind the store API. Keys are well-formed strings of 1 to 1024 UTF-8 bytes. */
export interface Store {
  /** Reads one key. @throws {TypeError | RangeError} on a bad key or option; rejects when aborted or closed. */
  get(key: string, options?: ReadOptions): Promise<ReadResult>;
  /**
   * Writes one key, whatever it held. Rejects `ERR_QUORATE_UNSENDABLE` or `_VALUE_TOO_LARGE` before anything leaves,
   * and `_INVALID_ARGUMENT` for `undefined`, which is no value: see `delete`.
   */
  put(key: string, value: Value, options?: PutOptions): Promise<WriteResult>;
  /** Deletes one key; deleting an absent key is `ok`. */
  delete(key: string, options?: WriteOptions): Promise<WriteResult>;
  /**
   * Writes what `fn` makes of the key's value. Where `fn` throws, nothing is written and the promise rejects with its
   * error.
   */
  update(key: string, fn: UpdateFunction, options?: ChangeOptions): Promise<ChangeResult>;
  /**
   * Writes `next` where the key holds `expected`, compared deeply; `undefined` stands for a key without a value, on
   * either side. Else `conflict`, with what it holds.
   */
  compareAndSet(key: string, expected: Value, next: Value, options?: ChangeOptions): Promise<WriteResult>;
  /** Writes where the key has no value; else `conflict`, with what it has. */
  putIfAbsent(key: string, value: Value, options?: ChangeOptions): Promise<WriteResult>;
  /** Adds `by` (a finite number, default 1) to the key's number; a key without a value counts as 0. */
  increment(key: string, by?: number, options?: ChangeOptions): Promise<ChangeResult>;
  /** Reads many keys, each on its own; results in the order of the keys. */
  getMany(keys: readonly string[], options?: ReadOptions): Promise<ReadResult[]>;
  /** Writes many keys, each on its own (no transaction); results in the order of the writes. */
  batch(writes: readonly BatchWrite[], options?: OperationOptions): Promise<WriteResult[]>;
  /**
   * A page of the keys that begin with `prefix` (empty for all) and their values, in the order of the keys' code
   * points, behind `after`. Every key whose write was complete before the scan began, and that was not deleted since,
   * is in its page; each value is read on its own, at the level of the scan: a page is no snapshot.
   */
  scan(prefix: string, options?: ScanOptions): Promise<ScanResult>;
  /**
   * The entries of all pages, each page read when it is reached. Throws `ERR_QUORATE_TIMEOUT` where a page is
   * unavailable.
   */
  entries(prefix: string, options?: EntriesOptions): AsyncIterableIterator<ScanEntry>;
  /** Finishes an operation that ended as `unknown`: `ok` when it has happened now, exactly once. */
  resolve(operationId: string, options?: OperationOptions): Promise<WriteResult>;
}
