// What a register asks of its quorums, as predicates over sets of voters. A set is a mask, and the voters of a register
// are numbered from 0 to N - 1.
import { popcount } from '../base/bits.ts';
import type { RegisterQuorums } from './register-quorums.ts';

/** The predicates of one register. */
export interface QuorumSets {
  /** Whether a read has heard enough once it heard these. */
  isRead(voters: number): boolean;
  /** Whether a write has happened once these have accepted it. */
  isWrite(voters: number): boolean;
  /** Whether these are enough to have promised a ballot. */
  isPrepare(voters: number): boolean;
  /** Whether an entry that these have voted for is stable: see `agreeing` of {@link RegisterQuorums}. */
  isAgreeing(voters: number): boolean;
  /** Whether a voter that lost its memory knows of all that it was part of once it has heard these others. */
  mayRecover(self: number, heard: number): boolean;
  /** Whether the state is lost once these have lost their memory. */
  isLost(gone: number): boolean;
  /** Sizes of the smallest quorums: with fewer votes nothing is decided. */
  readonly fewest: {
    readonly read: number;
    readonly write: number;
    readonly prepare: number;
    readonly agreeing: number;
  };
  /** Whether an accept quorum may stand for a prepare quorum. */
  readonly cachesPromises: boolean;
}

/** The predicates of a register of these sizes. */
export function quorumSets(quorums: RegisterQuorums): QuorumSets {
  const { replicas, threads, read, write, prepare, agreeing, recoverFrom, cachesPromises } = quorums;
  const heardMin = recoverFrom - (threads - replicas); // M.
  return {
    isRead: (voters) => popcount(voters) >= read,
    isWrite: (voters) => popcount(voters) >= write,
    isPrepare: (voters) => popcount(voters) >= prepare,
    isAgreeing: (voters) => popcount(voters) >= agreeing,
    mayRecover: (self, heard) => popcount(heard & ~(1 << self)) >= heardMin,
    isLost: (gone) => popcount(gone) > replicas - heardMin,
    fewest: { read, write, prepare, agreeing },
    cachesPromises,
  };
}
