// What the repair of one key is for, as its operation keeps it.
import { NO_BALLOT, compareBallots, copyBallot, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';

/** What a repair of one key is for. */
export interface RepairAim {
  /** Replicas that are to hold the newest entry, as a mask. */
  readonly targets: number;
  /** Replicas whose entry at the ballot `distrustedAt` is corrupt, as a mask: what others hold overwrites it. */
  readonly distrusted?: number;
  readonly distrustedAt?: Ballot;
}

/** What a repair has besides the fields of a read. */
export class RepairFields {
  /** See {@link RepairAim}; 0 in an operation that is no repair. */
  targets = 0;
  distrusted = 0;
  readonly distrustedAt: MutableBallot = mutableBallot();
  /** Newest ballot of the first complete read; none before. Newer ones come from writers, who see to them. */
  readonly goal: MutableBallot = mutableBallot();

  aim({ targets, distrusted = 0, distrustedAt = NO_BALLOT }: RepairAim): void {
    this.targets = targets;
    this.distrusted = distrusted;
    copyBallot(this.distrustedAt, distrustedAt);
  }

  /** Whether an answer is not to be believed. */
  distrusts(bit: number, ballot: Ballot): boolean {
    return (this.distrusted & bit) !== 0 && compareBallots(ballot, this.distrustedAt) === 0;
  }

  clear(): void {
    this.targets = this.distrusted = 0;
    this.goal.high = this.goal.low = 0;
  }
}
