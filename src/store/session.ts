// What an application says when it begins a session, whatever engine is behind the store.
import type { Level, Store } from './store.ts';

/** Options of a session. */
export interface SessionOptions {
  /** What another session has seen: its `token`. The new session goes on from there. */
  readonly token?: string;
  /** Level of its reads unless an operation names one; default `one`. */
  readonly readLevel?: Level;
  /**
   * How old a value may be that its reads take from the cache of the client, as of `ReadOptions`, unless an operation
   * names this or a level; default: they ask the replicas. Never older than what the session has seen.
   */
  readonly maxStaleMs?: number;
  /** Level of its blind writes unless an operation names one; default `quorum`. Changes are made at the quorum. */
  readonly writeLevel?: Level;
  /** Keys that it remembers, an integer from 1 to 1024; default 128. What it has forgotten it reads at the quorum. */
  readonly keysMax?: number;
}

/**
 * A store as one user sees it: whatever the level, a read returns nothing older than what the session has written or
 * read of the key, and its writes are newer than all of that. A read for which nothing as new is found in time ends as
 * `unavailable`.
 */
export interface SessionStore extends Store {
  /** What the session has seen, as text: another session goes on from it, in any thread of the process. */
  readonly token: string;
  /**
   * Takes over what another session has seen, besides its own.
   *
   * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it is no token of a session of this cluster.
   * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when more of it is undecided than the session has room for.
   * @throws {QuorateError} `ERR_QUORATE_STATE_LOST` when the cluster was reset since.
   */
  merge(token: string): void;
}
