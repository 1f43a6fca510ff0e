// Three production replicas and two coordinators in every order of frames, votes, crashes and recovery; and production
// without one of its rules, which must fail.
import { describe, expect, it } from 'vitest';
import { RULES } from '../../../src/protocol/rules.ts';
import type { Rules } from '../../../src/protocol/rules.ts';
import { registerQuorums } from '../../../src/quorum/index.ts';
import { explore } from '../../../src/sim/explorer/explore.ts';
import type { ExploreOptions } from '../../../src/sim/explorer/explore.ts';
import { ClusterModel } from './cluster-model.ts';
import type { Cluster, ClusterOptions } from './cluster-model.ts';

/** QUORATE_EXPLORE=all explores the large ones too: minutes, and some 400 MB. */
const IS_WHOLE = process.env['QUORATE_EXPLORE'] === 'all';
const TIMEOUT_MS = 1_200_000;
const THREE = registerQuorums({ replicas: 3 });

type Scenario = Omit<ClusterOptions, 'quorums' | 'rules'> & Partial<Pick<ClusterOptions, 'quorums'>>;

/** Searches a scenario; what is wrong, with the way there, for people. */
function search(scenario: Scenario, rules: Rules, options: ExploreOptions): { report: string; states: number } {
  const model = new ClusterModel({ quorums: THREE, rules, ...scenario });
  const { verdict, reason, states, path } = explore(model, options);
  const lines = path.slice(1).map(({ action }, index) => `  ${model.describe(path[index]!.state, action!)}`);
  return { report: [verdict, reason, ...lines].join('\n').trim(), states };
}

/** Actions as the model describes them, or beginnings of it. */
function steps(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split('; '));
}

/** C0 changes k, and A0 and A1 have promised. */
const ASKED = steps(
  'C0 change v0; C0 > A0 prepare; C0 > A1 prepare; A0 > C0 promise; A1 > C0 promise; A0 > C0 promise; A1 > C0 promise',
);
const OVER_ANOTHER: Scenario = {
  scripts: [['change v0'], ['change v1']],
  prefix: steps(...ASKED, 'lose C0 > A2 prepare'),
};

/** It has ended, and C0 is promised the next ballot by A0 and A1. */
const CHANGED = steps(...ASKED, 'C0 > A0 accept; C0 > A1 accept; A0 > C0 grants; A1 > C0 grants; lose C0');
const AGAIN = ['change v0', 'change v2'];

/** What happens, and how many states there are. */
const SMALL: readonly (readonly [string, Scenario, number])[] = [
  ['a put and a get', { scripts: [['v0'], ['get']] }, 3389],
  ['two puts', { scripts: [['v0'], ['v1']] }, 18_051],
  ['a put and a get, and another get', { scripts: [['v0', 'get'], ['get']] }, 25_661],
  ['a put, while any replica dies and recovers', { scripts: [['v0']], crashesMax: 1 }, 3211],
  ['a put and a get, while A2 dies and recovers', { scripts: [['v0'], ['get']], crashesMax: 1, mortals: [2] }, 218_821],
  ['a change and a get', { scripts: [['change v0'], ['get']] }, 28_551],
  ['a change, while A2 dies and recovers', { scripts: [['change v0']], crashesMax: 1, mortals: [2] }, 18_406],
  [
    'two changes with one promise, while A2 dies and recovers',
    { scripts: [AGAIN], crashesMax: 1, mortals: [2] },
    67_111,
  ],
  ['two changes, of which one has two promises', OVER_ANOTHER, 28_156],
  ['a change with a promise of before, and a put', { scripts: [AGAIN, ['v1']], prefix: CHANGED }, 103_741],
];

const LARGE: readonly (readonly [string, Scenario, number])[] = [
  ['a put and a get, while any replica dies and recovers', { scripts: [['v0'], ['get']], crashesMax: 1 }, 796_771],
  ['two puts, while any replica dies and recovers', { scripts: [['v0'], ['v1']], crashesMax: 1 }, 4_854_216],
  ['two changes', { scripts: [['change v0'], ['change v1']] }, 951_291],
  [
    'a change that was proposed with a promise of before, and another change',
    { scripts: [AGAIN, ['change v1']], prefix: steps(...CHANGED, 'C0 change v2; lose C0 > A2') },
    348_334,
  ],
  [
    'a change with a promise of before, and a get, while A0 dies and recovers',
    { scripts: [AGAIN, ['get']], prefix: CHANGED, crashesMax: 1, mortals: [0] },
    509_863,
  ],
];

describe('The cluster is linearizable in every state of', { timeout: TIMEOUT_MS }, () => {
  it.each(IS_WHOLE ? [...SMALL, ...LARGE] : SMALL)('%s', (_, scenario, states) => {
    // The counts change with the protocol: a smaller one without a reason means that something is not explored.
    expect(search(scenario, RULES, { order: 'depth', statesMax: 60_000_000 })).toEqual({ report: 'ok', states });
  });
});

describe('Merging equal states of a node and leaving out what is void', () => {
  it.each<Scenario>([{ scripts: [['v0'], ['get']] }, { scripts: [['v0']], crashesMax: 1, mortals: [0] }])(
    'changes no history that clients may see at an end: %j',
    (scenario) => {
      const historiesOf = (isReduced: boolean): { histories: string[]; states: number } => {
        const model = new ClusterModel({ quorums: THREE, rules: RULES, isReduced, ...scenario });
        const { initial } = model;
        const histories = new Set<string>();
        const { verdict, states } = explore({
          initial,
          actions: (cluster: Cluster) => model.actions(cluster),
          apply: (cluster, action) => model.apply(cluster, action),
          identify: (cluster) => model.identify(cluster),
          judgeEnd: ({ calls, events }) => void histories.add(JSON.stringify([calls, events])),
        });
        expect(verdict).toBe('ok');
        return { histories: [...histories].sort(), states };
      };
      const reduced = historiesOf(true);
      const full = historiesOf(false);
      expect(reduced.histories).toEqual(full.histories);
      expect(full.states).toBeGreaterThan(10 * reduced.states);
    },
  );
});

const PATIENCE_IS_LOST = Array.from({ length: 5 }, () => '13 ms pass').join('; ');

/** C0 puts v0, of which it never hears though A0 and A2 hold it and C2 has read it; C1 puts v1, which A1 holds. */
const OVERTAKEN = steps(
  'C0 puts v0; C0 > A0 accept; C0 > A2 accept; lose A0 > C0; lose A2 > C0',
  'C2 gets; 13 ms pass; C2 > A0 read; C2 > A2 read; A0 > C2 reply; A0 > C2 ; A2 > C2 reply; A2 > C2 ',
  'C1 puts v1; C1 > A1 accept; A1 > C1 grants',
  // A1 refuses v0, so that C0 prepares.
  `C0 > A1 accept; lose C0; A1 > C0 refuses; ${PATIENCE_IS_LOST}`,
  'once; lose C0 > A1; lose C1 > A1; lose C1 > A2',
);

const PROMISED = steps(
  ...OVERTAKEN,
  'C0 > A0 prepare; C0 > A2 prepare; A0 > C0 promise; A2 > C0 promise; A0 > C0 promise; A2 > C0 promise',
);

/** The same, but all hold v0, and A0 holds v1. */
const HELD_BY_ALL = steps(
  'C0 puts v0; C0 > A0 accept; C0 > A1 accept; C0 > A2 accept; lose A',
  'C2 gets; C2 > A0 read; C2 > A1 read; A0 > C2 reply; A0 > C2 ; A1 > C2 reply; A1 > C2 ',
  'C1 puts v1; C1 > A0 accept; 13 ms pass; C0 > A0 accept; lose C0; A0 > C0 refuses',
  `${PATIENCE_IS_LOST}; once; lose C0 > A2`,
);

const PREPARED_MEANWHILE = steps(
  ...HELD_BY_ALL,
  'C0 > A0 prepare; C0 > A1 prepare; C1 > A1 accept; A0 > C0 promise; A1 > C0 promise',
);

/** v0 is put; C2 gets, asks A2 twice, and hears of nobody else. */
const ASKED_TWICE = steps(
  'C0 puts v0; C0 > A0 accept; C0 > A1 accept; A0 > C0 grants; A1 > C0 grants',
  'C2 gets; 13 ms pass; 13 ms pass; 13 ms pass; lose C0; lose C2 > A0; lose C2 > A1',
  'C2 > A2 read; C2 > A2 read; lose C2',
);

/**
 * C1 finishes the put of v0, which it does not find and C0 ends; then C2 puts v1, which A2 holds, and C3 puts v2, which
 * A1 holds. C1 has the promises of A0 and A1.
 */
const FINISHED_LATE = steps(
  'C0 puts v0; C1 finish 0; C1 > A0 read; C1 > A1 read',
  'C0 > A0 accept; C0 > A1 accept; C0 > A2 accept; A0 > C0 grants; A1 > C0 grants',
  'C2 puts v1; C2 > A2 accept; A2 > C2 grants',
  'A0 > C1 reply; A1 > C1 reply; A0 > C1 ; A1 > C1 ; C1 > A0 prepare; C1 > A1 prepare',
  'C3 puts v2; C3 > A1 accept; lose C3; lose A1 > C3',
);

/** All five hold v0; v1 is on its way to two of them. */
const WRITTEN_BY_TWO = steps(
  'C0 puts v0; C0 > A0 accept; C0 > A1 accept; C0 > A2 accept; C0 > A3 accept; C0 > A4 accept; A0 > C0 ; A1 > C0 ',
  'C1 puts v1; lose C1 > A1; lose C1 > A2; lose C1 > A3',
);

/** A0 recovers, without the answer of A1; v1 is put at A0, A1, A2; A0 recovers again. */
const RECOVERED_TWICE = steps(
  'A0 dies; A0 has epoch; A0 recovers; A0 > A1 recover; A0 > A2 recover; A0 > A3 recover; A2 > A0 end; A3 > A0 end',
  `${PATIENCE_IS_LOST}; ${PATIENCE_IS_LOST}; A0 > A4 recover; A4 > A0 end`,
  'C0 puts v1; C0 > A0 accept; C0 > A1 accept; C0 > A2 accept; lose C0; A0 > C0 ; A1 > C0 ; A2 > C0 ',
  `A0 dies; A0 has epoch; A0 recovers; ${PATIENCE_IS_LOST}; ${PATIENCE_IS_LOST}`,
  'A0 > A1 recover; A0 > A3 recover; A0 > A4 recover',
);

const OF_FIVE: Scenario = {
  scripts: [['v1']],
  quorums: registerQuorums({ replicas: 5 }),
  prefix: RECOVERED_TWICE,
  crashesMax: 2,
  mortals: [0],
};

/** C1 puts v1, which A0 holds; C0 has changed k at A1, and before A2 hears of it C2 has written it back to A2. */
const WRITTEN_BACK = steps(
  'C0 change v0; C0 > A1 prepare; C0 > A2 prepare; C1 puts v1; C1 > A0 accept; A0 > C1 grants',
  'A1 > C0 promise; A2 > C0 promise; A1 > C0 promise; A2 > C0 promise; C0 > A1 accept; A1 > C0 grants',
  'C2 gets; 13 ms pass; once; C2 > A1 read; C2 > A2 read; A1 > C2 reply; A2 > C2 reply; A1 > C2 ; A2 > C2 ',
  '13 ms pass; 13 ms pass; 13 ms pass',
  'C2 > A2 accept; lose C2; once',
);

const THREE_CLIENTS = { scripts: [['v0'], ['v1'], ['get']] };

/** Where each rule is needed, and the length of a shortest way from there to a history that no order explains. */
const NEEDED: readonly (readonly [keyof Rules, Scenario, number])[] = [
  ['readsStable', { scripts: [['v0'], ['get']] }, 2],
  ['silentUntilCaughtUp', { scripts: [['v0']], crashesMax: 1 }, 8],
  ['checksEpochs', { scripts: [['v0']], crashesMax: 1 }, 12],
  ['keepsPromises', { ...THREE_CLIENTS, prefix: OVERTAKEN }, 7],
  ['recoversPromises', { ...THREE_CLIENTS, prefix: PROMISED, crashesMax: 1, mortals: [0] }, 10],
  ['inheritedIsNoVote', { ...THREE_CLIENTS, prefix: PROMISED, crashesMax: 1, mortals: [0] }, 10],
  ['comparesFirstTag', { ...THREE_CLIENTS, prefix: HELD_BY_ALL }, 7],
  ['finishesOnStable', { ...THREE_CLIENTS, prefix: PREPARED_MEANWHILE }, 12],
  ['countsVoterOnce', { scripts: [['v0'], [], ['get']], prefix: ASKED_TWICE, ticksMax: 4 }, 6],
  ['refusesOlder', { scripts: [['v0'], ['finish 0'], ['v1'], ['v2']], prefix: FINISHED_LATE }, 7],
  [
    'countsOthersAlone',
    { scripts: [['v0'], ['v1']], quorums: registerQuorums({ replicas: 5, read: 4, write: 2 }), prefix: WRITTEN_BY_TWO },
    2,
  ],
  ['answersNameEpoch', OF_FIVE, 3],
  ['keepsPromises', OVER_ANOTHER, 15],
  ['remembersPromises', { scripts: [AGAIN, ['change v1']], prefix: CHANGED }, 16],
  ['promisesNextAgain', { scripts: [AGAIN, ['v1'], ['get']], prefix: WRITTEN_BACK }, 9],
];

describe('A shortest schedule', { timeout: TIMEOUT_MS }, () => {
  it.each(NEEDED)('shows why production needs the rule %s', (rule, scenario, length) => {
    const { report } = search(scenario, { ...RULES, [rule]: false }, { statesMax: 300_000 });
    expect(report).toMatch(/^wrong\nNo order explains/);
    expect(report.split('\n').length - 2, report).toBe(length);
  });

  it.each(NEEDED)(
    'of that length and one more finds nothing wrong with the rule %s in place',
    (_, scenario, length) => {
      const { report } = search(scenario, RULES, { statesMax: 300_000, depthMax: length + 1 });
      expect(report).toMatch(/^(ok|unknown\n\d+ actions)$/);
    },
  );
});
