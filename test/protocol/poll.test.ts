// The counting of ballots, against a model that counts in lists.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { NO_POLL, heard, judgePoll, withStance, withoutVoters } from '../../src/protocol/poll.ts';
import type { Poll, Stance } from '../../src/protocol/poll.ts';
import { choose, majority, unanimous, weighted } from '../../src/quorum/index.ts';
import type { QuorumSystem } from '../../src/quorum/index.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

interface ModelRule {
  readonly system: QuorumSystem;
  readonly vetoes: number;
}

const STANCES: Readonly<Record<string, Stance>> = { y: 'yes', n: 'no', a: 'abstain' };

function pollOf(votes: string): Poll {
  return Array.from(votes).reduce(
    (poll, vote, voter) => (vote === '_' ? poll : withStance(poll, voter, STANCES[vote]!)),
    NO_POLL,
  );
}

describe('A ballot', () => {
  it.each([
    ['y__', majority(3), 0, 'pending'],
    ['yy_', majority(3), 0, 'won'],
    ['nn_', majority(3), 0, 'lost'],
    ['na_', majority(3), 0, 'lost'],
    ['yynn', majority(4), 0, 'lost'],
    ['yyn_', majority(4), 0, 'pending'],
    ['aaaaa', majority(5), 0, 'lost'],
    ['yyyyyy____', choose(7, 10), 0, 'pending'],
    ['yyyyyyy___', choose(7, 10), 0, 'won'],
    ['yyyyyynnnn', choose(7, 10), 0, 'lost'],
    ['______nnnn', choose(7, 10), 0, 'lost'],
    ['______nnna', choose(7, 10), 0, 'lost'],
    ['yyy_', unanimous(4), 0, 'pending'],
    ['a___', unanimous(4), 0, 'lost'],
    ['y___', weighted([3, 1, 1, 1], 4), 0, 'pending'],
    ['y__y', weighted([3, 1, 1, 1], 4), 0, 'won'],
    ['n___', weighted([3, 1, 1, 1], 4), 0, 'lost'],
    ['yy_', majority(3), 0b100, 'pending'], // Who may veto was not heard yet.
    ['yya', majority(3), 0b100, 'won'],
    ['yyy', majority(3), 0b100, 'won'],
    ['yyn', majority(3), 0b100, 'lost'],
    ['__n', majority(3), 0b100, 'lost'],
  ] as const)('%s is decided as it must be', (votes, system, vetoes, expected) => {
    expect(judgePoll({ system, vetoes }, pollOf(votes))).toBe(expected);
  });

  it('V5: an exact tie of an even number is lost, of any of them, and never won', () => {
    for (let voters = 2; voters <= 14; voters += 2) {
      const votes = 'y'.repeat(voters / 2) + 'n'.repeat(voters / 2);
      expect(judgePoll({ system: majority(voters), vetoes: 0 }, pollOf(votes)), votes).toBe('lost');
    }
  });

  it('V7: where all abstain it is lost, where nobody votes it is open', () => {
    expect(judgePoll({ system: majority(5), vetoes: 0 }, pollOf('aaaaa'))).toBe('lost');
    expect(judgePoll({ system: majority(5), vetoes: 0 }, pollOf('_____'))).toBe('pending');
  });

  it('V1, V2: a vote counts once, of two contrary ones the first, and who cast them is known', () => {
    const once = withStance(NO_POLL, 2, 'yes');
    expect(withStance(once, 2, 'yes')).toBe(once);
    const twice = withStance(once, 2, 'no');
    expect(twice).toEqual({ yes: 0b100, no: 0, abstain: 0, contrary: 0b100 });
    expect(heard(twice)).toBe(0b100);
  });

  it('V3: the votes of a dead incarnation are taken back, and its successor may say something else', () => {
    const poll = withoutVoters(pollOf('yyn'), 0b010);
    expect(poll).toEqual({ yes: 0b001, no: 0b100, abstain: 0, contrary: 0 });
    expect(withStance(poll, 1, 'no').no).toBe(0b110);
  });

  it('V6: what is decided stays decided, whoever votes after that', () => {
    const rule = { system: majority(5), vetoes: 0 };
    for (const rest of ['nn', 'aa', 'yn', 'yy']) expect(judgePoll(rule, pollOf(`yyy${rest}`))).toBe('won');
  });

  it('V10: 10^5 votes in any order, repeated and lost, count as the model counts them', () => {
    const seed = testSeed();
    const replay = replayCommand('test/protocol/poll.test.ts', seed);
    const random = seededRandom(seed);
    const turns = Number(process.env['QUORATE_VOTES'] ?? 100_000);
    for (let cast = 0; cast < turns;) {
      const voters = 1 + below(random, 31);
      const rule = ruleOf(voters, below(random, 4), below(random, 3) === 0 ? 1 << below(random, voters) : 0);
      const model = new Map<number, Stance>();
      let poll = NO_POLL;
      let decided: string | undefined;
      for (let vote = 0; vote < 2 * voters; vote++, cast++) {
        const voter = below(random, voters);
        const stance = (['yes', 'yes', 'no', 'abstain'] as const)[below(random, 4)]!;
        if (!model.has(voter)) model.set(voter, stance);
        poll = withStance(poll, voter, stance);
        const outcome = judgePoll(rule, poll);
        expect(outcome, replay).toBe(modelOutcome(rule, model));
        if (decided !== undefined) expect(outcome, replay).toBe(decided);
        if (outcome !== 'pending') decided = outcome;
      }
    }
  });
});

function ruleOf(voters: number, kind: number, vetoes: number): ModelRule {
  const weights = Array.from({ length: voters }, (_, voter) => 1 + (voter % 5));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const systems = [
    majority(voters),
    unanimous(voters),
    choose(Math.ceil((7 * voters) / 10), voters),
    weighted(weights, Math.ceil((2 * sum) / 3)),
  ] as const;
  return { system: systems[kind]!, vetoes };
}

/** By lists of voters, and by trying what the rest may still say. */
function modelOutcome({ system, vetoes }: ModelRule, votes: ReadonlyMap<number, Stance>): string {
  const weightOf = (voter: number): number => (system.kind === 'weighted' ? system.weights[voter]! : 1);
  let yes = 0;
  let possible = 0;
  let isVetoed = false;
  let isVetoOpen = false;
  for (let voter = 0; voter < system.voters; voter++) {
    const stance = votes.get(voter);
    if (stance === 'yes') yes += weightOf(voter);
    if (stance === 'yes' || stance === undefined) possible += weightOf(voter);
    const mayVeto = ((vetoes >>> voter) & 1) === 1;
    if (mayVeto && stance === 'no') isVetoed = true;
    if (mayVeto && stance === undefined) isVetoOpen = true;
  }
  if (isVetoed || possible < system.needed) return 'lost';
  return yes >= system.needed && !isVetoOpen ? 'won' : 'pending';
}
