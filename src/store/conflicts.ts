// What becomes of writes of one key that do not know of each other, by choice for each bucket.

/**
 * `linearizable`: all operations have one order, and the last write of a key stays. `last-writer`: as that, at level
 * `one` both ways unless told otherwise, which is fast, and may be stale and lose writes; of the versions of a key that
 * are held somewhere, the newest wins.
 */
export type Conflicts = 'linearizable' | 'last-writer';

/** The names of the rules. */
export const CONFLICT_RULES: readonly Conflicts[] = ['linearizable', 'last-writer'];
