// How a refused or unanswered blind write is finished, exactly once. Source: the root of a value is Gryff's carstamp
// idea (Burke et al., NSDI 2020) in one ballot space; DESIGN section 4, "Blind write".
import { compareBallots } from './ballot.ts';
import type { Ballot } from './ballot.ts';
import type { Rules } from './rules.ts';

/** What the second phase proposes: the newest entry unchanged, or the writer's own value with a new root. */
export type Finish = 'adopt' | 'propose';

/** A blind write that is being finished. */
export interface BlindWrite {
  /** Its first tag: its id, and the root that its value had if it landed. */
  readonly first: Ballot;
  /** Its latest tag. */
  readonly latest: Ballot;
}

/**
 * Decides what to propose after a prepare quorum promised. `newestRoot` is the root of the newest entry among the
 * promises. At or above the first tag, the write has landed, or a later blind write has overwritten it: proposing it
 * again would make it happen twice.
 */
export function decideFinish(write: BlindWrite, newestRoot: Ballot, rules: Rules): Finish {
  const id = rules.comparesFirstTag ? write.first : write.latest;
  return rules.proposesOnce && compareBallots(newestRoot, id) >= 0 ? 'adopt' : 'propose';
}
