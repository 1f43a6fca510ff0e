// What clients do with keys of buckets that keep siblings or merge, as data.

/** The buckets, each named after what becomes of writes that do not know of each other. */
export type ConflictBucket = 'siblings' | 'counter' | 'set' | 'map';

/** One operation of one client. It is a client apart: what others do goes on meanwhile. */
export interface ConflictPlan {
  /** Which client, from 0, as in other operations. */
  readonly client: number;
  readonly bucket: ConflictBucket;
  readonly key: string;
  /**
   * `put` adds a value, `delete` takes away what the client has seen; `copy` merges the copy that it read last;
   * `resolve` finishes its last write whose outcome is unknown. Nothing where there is no such thing.
   */
  readonly call: 'get' | 'put' | 'delete' | 'copy' | 'resolve';
  /** A number of its own in its key, from 1: what a put adds, and which of what was seen a delete takes away. */
  readonly value: number;
  /** Which context a write of siblings hands back, by age from 0; none where it is left out, or there is none. */
  readonly seen?: number;
  readonly level: 'quorum' | 'all';
  readonly timeoutMs: number;
  /** Pause before it, in microseconds; the operation before has ended. */
  readonly thinkUs: number;
  /** Whether it is submitted together with the operation before it. */
  readonly joins: boolean;
}
