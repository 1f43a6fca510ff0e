// Seeded bugs of changes: of lineages, cached promises, rounds.
import { CORE_SCHEDULES, playCore } from '../replica/core-schedules.ts';
import type { Catcher, Mutant } from './mutant.ts';
import { fromBook, without } from './register-mutants.ts';
import { forgetTheOldest } from './schedules.ts';
import { atRandom, byDirection } from './world-catchers.ts';
import type { Broken } from './world-catchers.ts';

const EXCHANGES: Broken = { exchanges: 0.6 };

/** The schedule of rounds whose title begins so, with what it takes away. */
function ofRounds(title: string): Catcher {
  const schedule = CORE_SCHEDULES.find((each) => each.title.startsWith(title))!;
  return {
    name: 'directed',
    catches: () => {
      const { wrong, steps } = playCore(schedule, false);
      return wrong === undefined ? undefined : { seeds: 0, events: steps, what: wrong };
    },
    flagsProduction: () => playCore(schedule, true).wrong,
  };
}

export const CHANGE_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A change that is tried again does not look for its earlier try',
    layer: 'coordinator',
    removed: 'rule looksForItself',
    catchers: [atRandom({ ...without('looksForItself'), ...EXCHANGES }, EXCHANGES)],
  },
  {
    bug: 'A change that a blind write has come over is tried again',
    layer: 'coordinator',
    removed: 'rule heedsFloors',
    source: 'register-schedules 3',
    catchers: [atRandom({ ...without('heedsFloors'), ...EXCHANGES }, EXCHANGES), fromBook('3. Client table')],
  },
  {
    bug: 'A client drops a change from the lineage that it may try again',
    layer: 'coordinator',
    removed: 'rule keepsUndecided',
    catchers: [atRandom({ ...without('keepsUndecided'), ...EXCHANGES }, EXCHANGES)],
  },
  {
    bug: 'A lineage does not say up to where it has forgotten',
    layer: 'coordinator',
    removed: 'rule notesForgotten',
    catchers: [byDirection(forgetTheOldest, { broken: without('notesForgotten'), kept: { clients: 18 } })],
  },
  {
    bug: 'Recovery takes over values without their lineages',
    layer: 'recovery',
    removed: 'rule recoversLineages',
    catchers: [atRandom({ ...without('recoversLineages'), ...EXCHANGES }, EXCHANGES)],
  },
  {
    bug: 'An acceptor that grants an accept again does not promise the next ballot',
    layer: 'acceptor',
    removed: 'rule promisesNextAgain',
    source: 'register-schedules 1',
    catchers: [fromBook('1. Cached promise and read write-back')],
  },
  {
    bug: 'A compare conflicts with a value that few replicas hold',
    layer: 'coordinator',
    removed: 'rule keepsOnlyStable',
    source: 'register-schedules 6',
    catchers: [fromBook('6. Failed compare')],
  },
  {
    bug: 'A change that came after its round had asked is answered with what was promised before',
    layer: 'coordinator',
    removed: 'rule confirmsLatecomers',
    catchers: [ofRounds('A compare that comes after')],
  },
  {
    bug: 'A change waits for a round that nobody waits for any more',
    layer: 'coordinator',
    removed: 'rule leavesRounds',
    catchers: [ofRounds('An update waits for replicas that'), ofRounds('An update waits for one that')],
  },
  {
    bug: 'A promise of W replicas is used, which are no prepare quorum and need not meet the next W',
    layer: 'quorum',
    removed: 'rule countsPromises, 2 W > N',
    source: 'register-schedules 9',
    catchers: [fromBook('9. Quorum sizes: a cached promise of W = 2 of 4')],
  },
  {
    bug: 'A promise of W replicas is used, which are no prepare quorum and need not meet what was read',
    layer: 'quorum',
    removed: 'rule countsPromises, S > N - W',
    source: 'register-schedules 9',
    catchers: [fromBook('9. Quorum sizes: a cached promise of W = 3 of 5')],
  },
  {
    bug: 'A change comes into a round that has asked although write quorums need not meet',
    layer: 'quorum',
    removed: '2 W > N',
    catchers: [ofRounds('An update that comes after its round has asked misses a write')],
  },
  {
    bug: 'A change comes into a round that has asked although its accept need not meet what was read',
    layer: 'quorum',
    removed: 'S > N - W',
    catchers: [ofRounds('An update that comes after its round has asked misses what was read')],
  },
  {
    bug: 'A promise is used although the accept that it came with failed',
    layer: 'coordinator',
    removed: 'promises dropped with what did not end well',
    source: 'gryadka, Proposer.js, ballot reuse',
    catchers: [fromBook('A promise that came with a vain accept')],
  },
  {
    bug: 'Two clients have the same number, and drop changes of each other',
    layer: 'coordinator',
    removed: 'a number for each client',
    catchers: [ofRounds('Two clients with one number')],
  },
  {
    bug: 'What a change came to is computed anew, not remembered',
    layer: 'coordinator',
    removed: 'rule remembersResults',
    catchers: [ofRounds('A change whose first try has landed')],
  },
];
