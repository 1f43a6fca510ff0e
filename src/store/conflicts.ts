// What becomes of writes of one key that do not know of each other, by choice for each bucket.

/**
 * `linearizable`: all operations have one order, and the last write of a key stays. `last-writer`: as that, at level
 * `one` both ways unless told otherwise, which is fast, and may be stale and lose writes; of the versions of a key that
 * are held somewhere, the newest wins. `siblings`: all stay, until somebody who has seen them replaces them. `merge`: a
 * write is merged with what is stored.
 */
export type Conflicts = 'linearizable' | 'last-writer' | 'siblings' | 'merge';

/** The call of a client that gives the store of a bucket. */
export type BucketCall = 'bucket' | 'siblings' | 'merging';

/** The rules, each with the call for its buckets. */
export const CONFLICT_RULES: Readonly<Record<Conflicts, BucketCall>> = {
  linearizable: 'bucket',
  'last-writer': 'bucket',
  siblings: 'siblings',
  merge: 'merging',
};

/** How the values of a bucket merge, see merging.ts. */
export const MERGE_NAMES = ['counter', 'set', 'map', 'max', 'min', 'union', 'custom'] as const;

/**
 * How values of a bucket merge: as a `counter`, `set` or `map`, which are changed by calls of their own; by the larger
 * (`max`) or smaller (`min`) number; as sets that only grow (`union`); or by a function that each client brings
 * (`custom`).
 */
export type MergeName = (typeof MERGE_NAMES)[number];
