// A store whose keys keep every value that was written without knowledge of the others, until a writer who has seen
// them replaces them. Types only.
import type {
  OperationOptions,
  ReadAbsent,
  ReadUnavailable,
  Value,
  Version,
  WriteUnavailable,
  WriteUnknown,
} from './store.ts';

/** What a reader has seen of a key, as text: hand it back with the write that replaces it. */
export type SiblingContext = string;

/** What the key holds: one value, or several whose writers did not know of each other, the newest first. */
export interface SiblingsOk {
  readonly outcome: 'ok';
  /** Empty only after a `delete` that left nothing. */
  readonly values: readonly Value[];
  readonly context: SiblingContext;
  readonly version: Version;
}

/**
 * The key has as many siblings as it may (SIBLINGS_MAX, 64): nothing was written. Whoever writes with `context`
 * replaces them.
 */
export interface SiblingsFull {
  readonly outcome: 'conflict';
  readonly values: readonly Value[];
  readonly context: SiblingContext;
}

export type SiblingRead = SiblingsOk | ReadAbsent | ReadUnavailable;
/** Where it is `ok`, `values` and `context` are what the key holds by it: all of it, so that it can be resolved. */
export type SiblingWrite = SiblingsOk | SiblingsFull | WriteUnknown | WriteUnavailable;

/**
 * Options of an operation. Below the quorum a read could see, and its context cover, what never comes to be.
 */
export interface SiblingOptions extends Omit<OperationOptions, 'level'> {
  /** `quorum`, the default, or `all`. */
  readonly level?: 'quorum' | 'all';
}

/** Options of a put. */
export interface SiblingPutOptions extends SiblingOptions {
  /** What the writer has seen, and replaces; without it the value is kept beside whatever the key holds. */
  readonly context?: SiblingContext;
}

/** Options of a delete. */
export interface SiblingDeleteOptions extends SiblingOptions {
  /** What the writer has seen, and deletes. What was written beside it stays. */
  readonly context: SiblingContext;
}

/** The calls of a bucket with siblings. */
export interface SiblingStore {
  /** Reads all siblings of a key. */
  get(key: string, options?: SiblingOptions): Promise<SiblingRead>;
  /**
   * Replaces what `context` covers by `value`, and keeps what was written beside it. Rejects `ERR_QUORATE_UNSENDABLE`,
   * or `_VALUE_TOO_LARGE` also where all siblings together are longer than a value may be.
   */
  put(key: string, value: Value, options?: SiblingPutOptions): Promise<SiblingWrite>;
  /** Deletes what `context` covers, and keeps what was written beside it. */
  delete(key: string, options: SiblingDeleteOptions): Promise<SiblingWrite>;
  /** Finishes a write that ended as `unknown`, exactly once. */
  resolve(operationId: string, options?: SiblingOptions): Promise<SiblingWrite>;
}
