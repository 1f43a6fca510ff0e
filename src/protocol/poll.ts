// Counting a ballot: who says yes, no or abstains, and whether that decides it. The register decides what the decision
// is (docs/BALLOTS.md); this only says what a proposer may propose to it. Masks, so that a vote that arrives twice
// changes nothing.
import { assert } from '../base/assert.ts';
import { outcomeOf } from '../quorum/tally.ts';
import type { QuorumSystem } from '../quorum/quorum-system.ts';

/** What a voter says of a proposal. */
export type Stance = 'yes' | 'no' | 'abstain';

/** Who must agree. */
export interface PollRule {
  /** The voters whose yes is enough; who abstains has not agreed. */
  readonly system: Pick<QuorumSystem, 'voters' | 'isQuorum'>;
  /** Voters any one of whose no aborts, as a mask: nothing is committed before all of them were heard. */
  readonly vetoes: number;
}

/** The votes so far, as masks. Invariant: no voter is in two of `yes`, `no` and `abstain`. */
export interface Poll {
  readonly yes: number;
  readonly no: number;
  readonly abstain: number;
  /** Voters who have said two things; the first one counts. */
  readonly contrary: number;
}

/** Nobody has voted. */
export const NO_POLL: Poll = { yes: 0, no: 0, abstain: 0, contrary: 0 };

/** `won` and `lost` are final, whoever has not voted yet; at a tie of an even number nobody wins, so it is lost. */
export type PollOutcome = 'pending' | 'won' | 'lost';

/** Adds a vote: a repeated one changes nothing; a contrary one is noted, and the first one stands. Pure. */
export function withStance(poll: Poll, voter: number, stance: Stance): Poll {
  const bit = 1 << voter;
  if ((heard(poll) & bit) === 0) return { ...poll, [stance]: poll[stance] | bit };
  return (poll[stance] & bit) !== 0 ? poll : { ...poll, contrary: poll.contrary | bit };
}

/** Takes back the votes of these voters: their incarnations are dead. Pure. */
export function withoutVoters({ yes, no, abstain, contrary }: Poll, voters: number): Poll {
  return { yes: yes & ~voters, no: no & ~voters, abstain: abstain & ~voters, contrary: contrary & ~voters };
}

/** Who has voted, as a mask. */
export function heard({ yes, no, abstain }: Poll): number {
  return yes | no | abstain;
}

/** Where a ballot stands. Pure. */
export function judgePoll({ system, vetoes }: PollRule, poll: Poll): PollOutcome {
  const { yes, no, abstain } = poll;
  assert((yes & no) === 0 && (yes & abstain) === 0 && (no & abstain) === 0, 'A voter has one vote');
  if ((no & vetoes) !== 0) return 'lost';
  const outcome = outcomeOf(system, { granted: yes, refused: no | abstain });
  return outcome === 'won' && (vetoes & ~heard(poll)) !== 0 ? 'pending' : outcome;
}
