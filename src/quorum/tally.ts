// Counting votes. Two masks, so that a vote that arrives twice changes nothing, and three outcomes, because a question
// that can no longer be won should stop waiting.
import { assert } from '../base/assert.ts';
import { lowestBits } from '../base/bits.ts';
import { integerOption } from '../base/errors.ts';
import { VOTERS_MAX } from '../base/limits.ts';
import type { QuorumSystem } from './quorum-system.ts';

/** Who granted and who refused, as masks. Invariant: no voter is in both. */
export interface Tally {
  readonly granted: number;
  readonly refused: number;
}

/** Where a vote stands: `pending` until enough have granted it (`won`) or too many have refused it (`lost`). */
export type TallyOutcome = 'pending' | 'won' | 'lost';

/** Nobody has voted. */
export const NO_VOTES: Tally = { granted: 0, refused: 0 };

/**
 * Adds a vote. A voter votes once: a repeated vote changes nothing, and of two contrary votes the first one stays.
 *
 * @param voter its index, an integer from 0 to 30.
 * @returns the new tally, or `tally` itself when the voter has voted before.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when `voter` is out of its range.
 * @example
 * ```ts
 * import { majority, NO_VOTES, outcomeOf, withVote } from 'quorate/quorum';
 *
 * let tally = withVote(NO_VOTES, 0, 'granted');
 * tally = withVote(tally, 0, 'granted'); // The same voter again: counted once.
 * console.log(outcomeOf(majority(3), tally)); // pending
 * console.log(outcomeOf(majority(3), withVote(tally, 2, 'granted'))); // won
 * ```
 */
export function withVote(tally: Tally, voter: number, vote: 'granted' | 'refused'): Tally {
  integerOption('voter', voter, { min: 0, max: VOTERS_MAX - 1 });
  const bit = 1 << voter;
  if (((tally.granted | tally.refused) & bit) !== 0) return tally;
  return vote === 'granted'
    ? { granted: tally.granted | bit, refused: tally.refused }
    : { granted: tally.granted, refused: tally.refused | bit };
}

/**
 * Where the vote stands, given that every voter may still vote. Any thread; never blocks.
 *
 * @throws {InvariantError} when a voter is in both masks.
 * @example
 * ```ts
 * import { majority, outcomeOf } from 'quorate/quorum';
 *
 * console.log(outcomeOf(majority(5), { granted: 0b00011, refused: 0b11100 })); // lost
 * ```
 */
export function outcomeOf(system: Pick<QuorumSystem, 'voters' | 'isQuorum'>, tally: Tally): TallyOutcome {
  const { granted, refused } = tally;
  assert((granted & refused) === 0, 'A voter votes once');
  if (system.isQuorum(granted)) return 'won';
  return system.isQuorum(lowestBits(system.voters) & ~refused) ? 'pending' : 'lost';
}
