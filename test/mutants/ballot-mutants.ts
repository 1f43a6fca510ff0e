// Seeded bugs of ballots. Random schedules of voters and proposers look for them (test/replica/topic-schedule.ts).
import type { Rules } from '../../src/protocol/rules.ts';
import { playTellsAgain, playTopics } from '../replica/topic-schedule.ts';
import type { Catcher, Mutant } from './mutant.ts';

const SEEDS = 100;
/** Seeds that production must survive at the same catcher. */
const PRODUCTION_SEEDS = 30;

const without = (rule: keyof Rules, bug: string, isChanging = false): Mutant => ({
  bug,
  layer: 'ballot',
  removed: `rule ${rule}`,
  catchers: [ballots(rule, isChanging)],
});

/** @param isChanging whether members change in its schedules. */
function ballots(rule: keyof Rules, isChanging: boolean): Catcher {
  return {
    name: isChanging ? 'ballots of members that change' : 'ballots',
    catches: () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const what = violationOf(seed, { [rule]: false }, isChanging);
        if (what !== undefined) return { seeds: seed, events: undefined, what };
      }
      return undefined;
    },
    flagsProduction: () => {
      for (let seed = 1; seed <= PRODUCTION_SEEDS; seed++) {
        const what = violationOf(seed, {}, isChanging);
        if (what !== undefined) return `ballots, seed ${seed}: ${what}`;
      }
      return undefined;
    },
  };
}

function violationOf(seed: number, rules: Partial<Rules>, isChanging: boolean): string | undefined {
  return whatThrows(() => playTopics(seed, rules, isChanging));
}

function whatThrows(play: () => unknown): string | undefined {
  try {
    play();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A schedule of its own: chance seldom leaves a client alone with what it knows. */
const TELLS_AGAIN: Mutant = {
  bug: 'A proposer asks about a place that no voter has come to, and never tells them what they lack',
  layer: 'ballot',
  removed: 'rule tellsAgain',
  catchers: [
    {
      name: 'schedule of ballots',
      catches: () => {
        const what = whatThrows(() => playTellsAgain({ tellsAgain: false }));
        return what === undefined ? undefined : { seeds: 1, events: undefined, what };
      },
      flagsProduction: () => whatThrows(() => playTellsAgain()),
    },
  ],
};

export const BALLOT_MUTANTS: readonly Mutant[] = [
  without('judgesCaughtUp', 'A voter judges a proposal while it lacks decisions before it'),
  without('knowsDecided', 'A voter votes again on a proposal that was decided'),
  without('appliesInOrder', 'A voter applies a decision before the one that comes before it'),
  without('appliesOnce', 'A voter applies a decision again when it is told again'),
  without('hearsOfDecisions', 'A voter that lost its memory votes before it has heard of the decisions'),
  without('pollsAfresh', 'A vote for one place counts for the next one'),
  without('countsLiveVotes', 'The vote of a dead incarnation counts'),
  without('pollsMembers', 'The vote of who is no member any more counts', true),
  TELLS_AGAIN,
  without('recordsDecisions', 'A proposal with enough votes is committed without its register'),
];
