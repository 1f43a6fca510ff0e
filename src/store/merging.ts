// A store whose puts merge what the writer has with what is stored, instead of overwriting it. Types only.
import type { MapView } from './merges/map.ts';
import type { MergeFunction } from './merges/plain-merges.ts';
import type { Element } from './merges/set.ts';
import type { ReadAbsent, ReadUnavailable, Value, Version, WriteOk, WriteUnavailable, WriteUnknown } from './store.ts';
import type { SiblingOptions } from './siblings.ts';

/** Options of an operation. A weaker read could see what never comes to be, and merging that back would keep it. */
export type MergeOptions = SiblingOptions;

/** What a client brings for a bucket. */
export interface MergingOptions {
  /** Only where the bucket's `merge` is `custom`; the same for all clients. Try it with `brokenMergeLaws`. */
  readonly merge?: MergeFunction;
}

/** A key has this value. */
export interface MergedOk<Of> {
  readonly outcome: 'ok';
  readonly value: Of;
  readonly version: Version;
}
export type MergeRead<Of> = MergedOk<Of> | ReadAbsent | ReadUnavailable;
/** Where it is `ok`, `value` is what the key holds by it. */
export type MergeWrite<Of> = MergedOk<Of> | WriteUnknown | WriteUnavailable;

/** A counter: what is added on any copy of it is counted once. */
export interface MergeCounter {
  get(options?: MergeOptions): Promise<MergeRead<number>>;
  /** Adds an integer, default 1. @throws {RangeError} where the value would be no safe integer. */
  add(by?: number, options?: MergeOptions): Promise<MergeWrite<number>>;
}

/** A set: of an `add` and a `remove` that did not know of each other, the `add` wins. */
export interface MergeSet {
  get(options?: MergeOptions): Promise<MergeRead<Set<Element>>>;
  add(element: Element, options?: MergeOptions): Promise<MergeWrite<Set<Element>>>;
  remove(element: Element, options?: MergeOptions): Promise<MergeWrite<Set<Element>>>;
}

/** A map of registers, counters and sets, by name; a name may be each of these. */
export interface MergeMap {
  get(options?: MergeOptions): Promise<MergeRead<MapView>>;
  /** Writes a register. Of writes that did not know of each other the one that followed more others stays. */
  set(name: string, value: Value, options?: MergeOptions): Promise<MergeWrite<MapView>>;
  /** Adds to a counter. */
  add(name: string, by: number, options?: MergeOptions): Promise<MergeWrite<MapView>>;
  /** Adds an element to a set. */
  include(name: string, element: Element, options?: MergeOptions): Promise<MergeWrite<MapView>>;
  /** Removes an element from a set. */
  exclude(name: string, element: Element, options?: MergeOptions): Promise<MergeWrite<MapView>>;
  /** Removes what is under a name, of whatever kind; what others write there meanwhile stays. */
  remove(name: string, options?: MergeOptions): Promise<MergeWrite<MapView>>;
}

/** The calls of a bucket with `conflicts: 'merge'`. */
export interface MergeStore {
  /** Reads a key: of counters, sets and maps a copy, as plain data, that a `put` elsewhere merges. */
  get(key: string, options?: MergeOptions): Promise<MergeRead<Value>>;
  /**
   * Merges `value` with what the key holds: a value, or a copy of a counter, set or map. Rejects with a `TypeError`
   * where it cannot be merged.
   */
  put(key: string, value: Value, options?: MergeOptions): Promise<MergeWrite<Value>>;
  /** Deletes a key, whatever it holds. A copy that is put afterwards brings back what is in it. */
  delete(key: string, options?: MergeOptions): Promise<WriteOk | WriteUnknown | WriteUnavailable>;
  /** Finishes a write that ended as `unknown`, exactly once. */
  resolve(operationId: string, options?: MergeOptions): Promise<WriteOk | WriteUnknown | WriteUnavailable>;
  /** The counter of a key. @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the bucket merges otherwise. */
  counter(key: string): MergeCounter;
  /** The set of a key. @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the bucket merges otherwise. */
  set(key: string): MergeSet;
  /** The map of a key. @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the bucket merges otherwise. */
  map(key: string): MergeMap;
}
