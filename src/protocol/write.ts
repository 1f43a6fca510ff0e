// How a refused or unanswered blind write is finished, exactly once. Source: the root of a value is Gryff's carstamp
// idea (Burke et al., NSDI 2020) in one ballot space; DESIGN section 4, "Blind write".
import { compareBallots } from './ballot.ts';
import type { Ballot } from './ballot.ts';
import type { Rules } from './rules.ts';

/**
 * What the second phase proposes: the newest entry unchanged, or the writer's own value with a new root. `lost`:
 * nothing, because nobody can say any more whether the write has happened.
 */
export type Finish = 'adopt' | 'propose' | 'lost';

/** A blind write that is being finished. */
export interface BlindWrite {
  /** Its first tag: its id, and the root that its value had if it landed. */
  readonly first: Ballot;
  /** Its latest tag. */
  readonly latest: Ballot;
  /** Up to which tag deletions may have been erased, looked at after the last answer (`erased.ts`). */
  readonly erased: Ballot;
}

/**
 * Decides what to propose after a prepare quorum promised. `newestRoot` is the root of the newest entry among the
 * promises. At or above the first tag, the write has landed, or a later blind write has overwritten it: proposing it
 * again would make it happen twice. It would also where it has landed, was deleted, and the deletion was erased.
 */
export function decideFinish(write: BlindWrite, newestRoot: Ballot, rules: Rules): Finish {
  const id = rules.comparesFirstTag ? write.first : write.latest;
  if (rules.proposesOnce && compareBallots(newestRoot, id) >= 0) return 'adopt';
  return rules.heedsErased && compareBallots(write.erased, write.first) >= 0 ? 'lost' : 'propose';
}
