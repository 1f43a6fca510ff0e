// The acceptor of one register: what a replica answers to prepare and accept, and what it may adopt while it recovers.
//
// One ballot space serves blind writes, reads that write back, and everything that prepares first. Because tags come
// from one shared counter inside the operation, a blind write needs no round to learn a tag: that is what makes it one
// round trip. Its price is that an accept may meet a higher promise or a newer entry, and is then refused; the writer
// finishes it by prepare and accept (see write.ts).
//
// The functions decide; the caller changes the state, in place, so that a vote allocates nothing.
import { compareBallots, copyBallot, isNone, mutableBallot } from './ballot.ts';
import type { Ballot, MutableBallot } from './ballot.ts';
import type { Rules } from './rules.ts';

/** What a replica holds of one register, but for the value, which is the caller's. */
export interface Register {
  /** Highest ballot promised or accepted. Invariant: never below `accepted` unless the entry is inherited. */
  readonly promised: MutableBallot;
  /** Ballot of the entry; none when the register is empty. */
  readonly accepted: MutableBallot;
  /** Ballot of the blind write that the entry's value comes from. Invariant: root <= accepted. */
  readonly root: MutableBallot;
  /** Whether this incarnation voted for the entry; an inherited one is reported, but is no vote. */
  isVoted: boolean;
}

/** An empty register. */
export function emptyRegister(): Register {
  return { promised: mutableBallot(), accepted: mutableBallot(), root: mutableBallot(), isVoted: true };
}

/**
 * Whether a deletion may be erased: the register is then as if it had never been, except that everything up to `floor`
 * is refused. Every replica has voted for `deletion` (`erased.ts` says why that is enough), and nothing has come since,
 * nor was anything promised that the floor does not cover. Of an empty register, where `deletion` is none, there is
 * only its promise to forget.
 */
export function mayErase(register: Register, deletion: Ballot, floor: Ballot, rules: Rules): boolean {
  if (rules.erasesExactly && compareBallots(register.accepted, deletion) !== 0) return false;
  return compareBallots(deletion, floor) <= 0 && compareBallots(register.promised, floor) <= 0;
}

/** What to do with an accept: store it, answer it again as granted, or refuse it. */
export type AcceptVerdict = 'store' | 'repeat' | 'refuse';

/**
 * Judges accept(ballot). An equal ballot is a retransmission or a write-back of the same value, because a ballot is
 * never used for two values; it is granted only where this incarnation voted.
 */
export function judgeAccept(register: Register, ballot: Ballot, rules: Rules): AcceptVerdict {
  const order = compareBallots(ballot, register.accepted);
  if (order === 0) return register.isVoted && rules.grantsRepeats ? 'repeat' : 'refuse';
  if (order < 0 && !rules.keepsEntries) return 'store';
  if (order < 0) return rules.refusesOlder ? 'refuse' : 'repeat';
  return rules.keepsPromises && compareBallots(ballot, register.promised) < 0 ? 'refuse' : 'store';
}

/** The accept was judged `store`: notes it. The caller stores the value. */
export function store(register: Register, ballot: Ballot, root: Ballot): void {
  copyBallot(register.accepted, ballot);
  copyBallot(register.root, root);
  register.isVoted = true;
  if (compareBallots(register.promised, ballot) < 0) copyBallot(register.promised, ballot);
}

/**
 * The accept was granted, for the first time or again, and asks for a promise of its proposer's next ballot. Where it
 * is granted again the promise matters as well: a reader may have written the value back before, without one. Source:
 * the schedule "cached promise and read write-back".
 */
export function promiseNext(register: Register, next: Ballot): void {
  if (compareBallots(register.promised, next) < 0) copyBallot(register.promised, next);
}

/** What to do with a prepare. */
export type PrepareVerdict = 'promise' | 'refuse';

/** Judges prepare(ballot). An equal promise is the same proposer asking again, because ballots are unique. */
export function judgePrepare(register: Register, ballot: Ballot, rules: Rules): PrepareVerdict {
  if (compareBallots(ballot, register.accepted) <= 0) return 'refuse';
  const order = compareBallots(ballot, register.promised);
  if (order === 0) return rules.promisesRepeats ? 'promise' : 'refuse';
  return rules.promisesUpwards && order < 0 ? 'refuse' : 'promise';
}

/** The prepare was judged `promise`: notes it. */
export function promise(register: Register, ballot: Ballot, rules: Rules): void {
  if (rules.remembersPromises) copyBallot(register.promised, ballot);
}

/** What another replica told a recovering one of a register. */
export interface Report {
  readonly promised: Ballot;
  readonly accepted: Ballot;
  readonly root: Ballot;
}

/**
 * Merges one answer into a recovering register: promises by maximum, the newest entry.
 *
 * @returns whether the reported entry is newer than ours: the caller then stores its value.
 */
export function mergeReport(register: Register, report: Report, rules: Rules): boolean {
  if (rules.recoversPromises && compareBallots(report.promised, register.promised) > 0) {
    copyBallot(register.promised, report.promised);
  }
  const mayAdopt = rules.adoptsNewest || isNone(register.accepted);
  const isNewer = mayAdopt && compareBallots(report.accepted, register.accepted) > 0;
  if (isNewer) {
    copyBallot(register.accepted, report.accepted);
    copyBallot(register.root, report.root);
  }
  // An entry at the promise itself is as good as accepted now; one below it was adopted under a promise that excludes
  // it. Source: the schedule "a merged entry counted as a vote".
  register.isVoted = !rules.inheritedIsNoVote || compareBallots(register.accepted, register.promised) >= 0;
  return isNewer;
}

/**
 * One of those that answered a recovering replica knew nothing of this register: it may have erased a promise, which
 * its floor stands for since (`erased.ts`). The floor is merged as a promise is.
 */
export function mergeFloor(register: Register, floor: Ballot): void {
  if (compareBallots(floor, register.promised) <= 0) return;
  copyBallot(register.promised, floor);
  if (compareBallots(register.accepted, floor) < 0) register.isVoted = false;
}
