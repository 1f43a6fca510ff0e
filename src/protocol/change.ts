// What becomes of a change (read-modify-write, compare-and-set) once a prepare quorum has promised. Source: CASPaxos
// (Rystsov 2018), section 2.2, with the exactly-once rule A of DESIGN section 4, "Retry of a read-modify-write".
import { compareBallots, isNone } from './ballot.ts';
import type { Ballot, MutableBallot } from './ballot.ts';
import { findChange, mayHaveForgotten } from './lineage.ts';
import type { Lineage } from './lineage.ts';
import type { Rules } from './rules.ts';

/** A change that is being tried. */
export interface TriedChange {
  /** Its first tag: its id. */
  readonly id: Ballot;
  /** Lowest ballot at which an accept of it was sent; none while it has proposed nothing. */
  readonly floor: Ballot;
  /** Up to which tag deletions may have been erased, looked at after the last answer (`erased.ts`). */
  readonly erased: Ballot;
}

/** The newest entry among the promises. */
export interface NewestEntry {
  readonly root: Ballot;
  readonly lineage: Lineage;
}

/**
 * `landed`: an earlier try of it is in the newest entry. `lost`: nobody can say any more whether one happened, because
 * a blind write, or many changes, came after it: it must not be applied again. `apply`: no try of it happened.
 */
export type ChangeState = 'landed' | 'lost' | 'apply';

/**
 * Judges a change. `appliedAt` becomes the ballot under which it landed.
 *
 * A change that has proposed nothing cannot have happened. One that has is found in the lineage of every value that it
 * went into. A blind write erases the lineage: its root, taken from the shared counter, is then above the floor.
 */
export function judgeChange(
  { id, floor, erased }: TriedChange,
  { root, lineage }: NewestEntry,
  appliedAt: MutableBallot,
  rules: Rules,
): ChangeState {
  if (isNone(floor)) return 'apply';
  if (rules.looksForItself && findChange(lineage, id, appliedAt)) return 'landed';
  if (rules.heedsFloors && compareBallots(root, floor) > 0) return 'lost';
  // With what it was a part of. Its id tells nothing here: a cached promise may be older than the first tag.
  if (rules.heedsErased && compareBallots(erased, floor) >= 0) return 'lost';
  return mayHaveForgotten(lineage, id) ? 'lost' : 'apply';
}
