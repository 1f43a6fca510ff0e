import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, majority, NO_VOTES, outcomeOf, withVote } from '../../src/quorum/index.ts';
import type { QuorumSystem, Tally, TallyOutcome } from '../../src/quorum/index.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/quorum/tally.test.ts', SEED);

interface Ballot {
  readonly voter: number;
  readonly vote: 'granted' | 'refused';
}

/** 'y' grants, 'n' refuses, '_' has not voted; one letter a voter. */
function tallyOf(votes: string): Tally {
  return votes.split('').reduce((tally, letter, voter) => {
    if (letter === '_') return tally;
    return withVote(tally, voter, letter === 'y' ? 'granted' : 'refused');
  }, NO_VOTES);
}

/** Slow and obvious: the first vote of each voter in a map, and every way the others may still vote. */
function slowOutcome(system: QuorumSystem, ballots: readonly Ballot[]): TallyOutcome {
  const first = new Map<number, string>();
  for (const { voter, vote } of ballots) if (!first.has(voter)) first.set(voter, vote);
  const isWonBy = (isYes: (vote: string | undefined) => boolean): boolean => {
    let mask = 0;
    for (let voter = 0; voter < system.voters; voter++) if (isYes(first.get(voter))) mask += 2 ** voter;
    return system.isQuorum(mask);
  };
  if (isWonBy((vote) => vote === 'granted')) return 'won';
  return isWonBy((vote) => vote !== 'refused') ? 'pending' : 'lost';
}

const question = fc.integer({ min: 1, max: 31 }).chain((voters) =>
  fc.record({
    system: fc.integer({ min: 1, max: voters }).map((needed) => choose(needed, voters)),
    ballots: fc.array(
      fc.record({
        voter: fc.integer({ min: 0, max: voters - 1 }),
        vote: fc.constantFrom('granted' as const, 'refused' as const),
      }),
      { maxLength: 64 },
    ),
  }),
);

const countAll = (ballots: readonly Ballot[]): Tally =>
  ballots.reduce((tally, { voter, vote }) => withVote(tally, voter, vote), NO_VOTES);

describe('outcomeOf', () => {
  it.each([
    ['___', 'pending'],
    ['y__', 'pending'],
    ['yy_', 'won'],
    ['yn_', 'pending'],
    ['nn_', 'lost'],
    ['nny', 'lost'],
    ['yyn', 'won'],
  ] as const)('A majority of 3 voters, votes %s: %s', (votes, expected) => {
    expect(outcomeOf(majority(3), tallyOf(votes))).toBe(expected);
  });

  it.each([
    ['yy__', 'pending'],
    ['yynn', 'lost'],
    ['yyny', 'won'],
    ['nn__', 'lost'],
    ['n___', 'pending'],
  ] as const)('A majority of 4 voters, votes %s: %s', (votes, expected) => {
    expect(outcomeOf(majority(4), tallyOf(votes))).toBe(expected);
  });

  it.each([
    ['yyyy_', 'won'],
    ['yyyn_', 'pending'],
    ['yyynn', 'lost'],
  ] as const)('4 of 5, votes %s: %s', (votes, expected) => {
    expect(outcomeOf(choose(4, 5), tallyOf(votes))).toBe(expected);
  });

  it('It agrees with a map of first votes on random votes of up to 31 voters', () => {
    fc.assert(
      fc.property(question, ({ system, ballots }) => {
        expect(outcomeOf(system, countAll(ballots)), REPLAY).toBe(slowOutcome(system, ballots));
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it('Once won or lost, no further vote changes the outcome', () => {
    fc.assert(
      fc.property(question, ({ system, ballots }) => {
        let tally = NO_VOTES;
        let decided: TallyOutcome = 'pending';
        for (const { voter, vote } of ballots) {
          tally = withVote(tally, voter, vote);
          if (decided === 'pending') decided = outcomeOf(system, tally);
          else expect(outcomeOf(system, tally), REPLAY).toBe(decided);
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('When everybody has voted, the outcome is not pending', () => {
    fc.assert(
      fc.property(question, fc.integer({ min: 0, max: 2 ** 31 - 1 }), ({ system }, granted) => {
        const everyone = 2 ** system.voters - 1;
        const tally = { granted: granted & everyone, refused: ~granted & everyone };
        expect(outcomeOf(system, tally), REPLAY).not.toBe('pending');
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('A tally with a voter in both masks is our own bug', () => {
    expect(() => outcomeOf(majority(3), { granted: 1, refused: 1 })).toThrow('A voter votes once');
  });
});

describe('withVote', () => {
  it('A repeated vote changes nothing', () => {
    const tally = tallyOf('yn_');
    expect(withVote(tally, 0, 'granted')).toBe(tally);
    expect(withVote(tally, 1, 'refused')).toBe(tally);
  });

  it('A voter that votes both ways keeps its first vote', () => {
    expect(withVote(tallyOf('yn_'), 0, 'refused')).toEqual(tallyOf('yn_'));
    expect(withVote(tallyOf('yn_'), 1, 'granted')).toEqual(tallyOf('yn_'));
  });

  it('One voter alone never wins a majority of 3, however often it votes', () => {
    const ballots = Array.from({ length: 9 }, () => ({ voter: 2, vote: 'granted' as const }));
    expect(outcomeOf(majority(3), countAll(ballots))).toBe('pending');
  });

  it('The order of different voters does not matter', () => {
    fc.assert(
      fc.property(question, ({ ballots }) => {
        const once = [...new Map(ballots.map((ballot) => [ballot.voter, ballot])).values()];
        expect(countAll(once.toReversed()), REPLAY).toEqual(countAll(once));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it.each([-1, 31, 0.5])('Voter %d is refused', (voter) => {
    expect(() => withVote(NO_VOTES, voter, 'granted')).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'ERR_QUORATE_INVALID_ARGUMENT' }),
    );
  });
});
