// What a repair is asked with, and what it tells. Types only.

/** Options of `repair`. */
export interface RepairOptions {
  /** Only keys that begin so are repaired; default all, those of buckets too. */
  readonly prefix?: string;
  /** Whether the values of all keys are compared as well, which finds a record whose bytes have changed. */
  readonly deep?: boolean;
  /** Deadline, from 1 ms; default 30,000. What was done until then is done. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A key whose replicas hold different bytes under one version. */
export interface CorruptKey {
  /** The key; one of a bucket has U+0001, the bucket's name and U+0001 before it. */
  readonly key: string;
  /** Replicas that differ from what most hold; all that hold it, where no more than half hold the same. */
  readonly replicas: readonly number[];
  /** Whether what most hold was written to all. */
  readonly isRepaired: boolean;
}

/** One replica, as a repair has found it. */
export interface RepairedReplica {
  readonly replica: number;
  /** How it fared in the last comparison. */
  readonly state: 'compared' | 'silent' | 'down' | 'restarted';
  /** Leaves of the tree of digests, of 4096, in which it differed from another at first. */
  readonly leavesDiffering: number;
  /** Keys whose newest entry it lacked at first. */
  readonly keysBehind: number;
  /** The same as the last comparison has found it. */
  readonly leavesLeft: number;
  readonly keysLeft: number;
}

/** What a repair came to. */
export interface RepairReport {
  /**
   * Whether the last comparison found all replicas that are up holding the same. While clients write, replicas differ
   * at almost any moment, and this is false though nothing is wrong.
   */
  readonly isConverged: boolean;
  /** Comparisons that were made. */
  readonly rounds: number;
  /** Keys that were compared one by one in the last comparison, because digests differed. */
  readonly keysCompared: number;
  /** Keys at which replicas differed, and those of them that were repaired, over all rounds. */
  readonly keysDiffering: number;
  readonly keysRepaired: number;
  /** Keys of the last comparison that differ still. */
  readonly keysLeft: number;
  /** Keys whose bytes differed under one version, and the first hundred of them by name. */
  readonly keysCorrupt: number;
  readonly corrupt: readonly CorruptKey[];
  readonly replicas: readonly RepairedReplica[];
}
