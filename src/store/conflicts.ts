// What becomes of writes of one key that do not know of each other, by choice for each bucket.

/**
 * `linearizable`: all operations have one order, and the last write of a key stays. `last-writer`: as that, at level
 * `one` both ways unless told otherwise, which is fast, and may be stale and lose writes; of the versions of a key that
 * are held somewhere, the newest wins. `siblings`: all stay, until somebody who has seen them replaces them.
 */
export type Conflicts = 'linearizable' | 'last-writer' | 'siblings';

/** The call of a client that gives the store of a bucket. */
export type BucketCall = 'bucket' | 'siblings';

/** The rules, each with the call for its buckets. */
export const CONFLICT_RULES: Readonly<Record<Conflicts, BucketCall>> = {
  linearizable: 'bucket',
  'last-writer': 'bucket',
  siblings: 'siblings',
};
