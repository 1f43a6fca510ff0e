// Watches: what their readers may and must not be told, in made-up histories and in simulated runs.
import { describe, expect, it } from 'vitest';
import { RULES } from '../../../src/protocol/rules.ts';
import type { Call } from '../../../src/sim/cluster/client.ts';
import type { SeenEvent, WatchLeg } from '../../../src/sim/cluster/judge-watches.ts';
import { judgeHistory } from '../../../src/sim/cluster/judge.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { shrink } from '../../../src/sim/shrink.ts';
import { watchPlan } from '../../mutants/sim-catcher.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';
import { callsOf } from './calls.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/sim/cluster/judge-watches.test.ts', SEED);
const RUNS = 60;
const TIMEOUT_MS = 60_000;

function moment(at: number): SeenEvent['start'] {
  return { at, us: 10 * at };
}

/** A watch that was told of values, 0 for a deletion, by versions, in reads from one position to another. */
function watched(...told: readonly (readonly [value: number, version: number, from: number, to: number])[]): WatchLeg {
  const events = told.map(([value, version, from, to]) => {
    return { key: 'k', value, version: `v${version}`, corruption: undefined, start: moment(from), end: moment(to) };
  });
  return { watch: 0, events };
}

/** 1 is written, then 2, then nothing is left; all is over at 5. */
const WRITES = callsOf({ call: 'put', value: 1 }, { call: 'put', value: 2 }, { call: 'delete' });

describe('A watch', () => {
  it.each<[sentence: string, legs: readonly WatchLeg[]]>([
    ['may tell of every state', [watched([1, 1, -1, 6], [2, 2, -1, 6], [0, 3, -1, 6])]],
    ['may leave out what was overwritten', [watched([0, 3, -1, 6])]],
    ['may tell of nothing before it was told', [watched()]],
    ['may be told again of what another one was told of', [watched([2, 2, 2.5, 3.5]), watched([2, 2, 3.6, 3.8])]],
    ['may give a deletion that was erased a version of its own', [watched([2, 2, 2, 4], [0, 9, 5, 6])]],
  ])('%s', (_, legs) => {
    expect(judgeHistory(WRITES, undefined, legs).violation).toBeUndefined();
  });

  it.each<[sentence: string, legs: readonly WatchLeg[], kind: string]>([
    ['must not tell of what was never written', [watched([7, 1, -1, 6])], 'linearizability'],
    ['must not tell of a state before it was written', [watched([2, 2, -1, 0.5])], 'linearizability'],
    ['must not tell of a state that was over when it asked', [watched([1, 1, 3.5, 6])], 'linearizability'],
    ['must not go back', [watched([2, 2, -1, 3.5]), watched([1, 1, 3.6, 6])], 'linearizability'],
    ['must not tell of a version twice', [watched([1, 1, -1, 6], [1, 1, -1, 6])], 'watch'],
    ['must not tell of an older version after a newer one', [watched([1, 2, -1, 6], [2, 1, -1, 6])], 'watch'],
    ['must not tell of two values of one version', [watched([1, 1, -1, 6]), watched([2, 1, -1, 6])], 'watch'],
  ])('%s', (_, legs, kind) => {
    expect(judgeHistory(WRITES, undefined, legs).violation).toMatchObject({ kind, key: 'k' });
  });

  it('must not tell of a value that had expired before it asked, and may of one that had not', () => {
    const expiring = callsOf({ call: 'put', value: 1 }).map((call): Call =>
      Object.assign({}, call, { plan: { ...call.plan, ttlMs: 1 } }),
    );
    expect(judgeHistory(expiring, undefined, [watched([1, 1, 90, 200])]).violation).toBeUndefined();
    expect(judgeHistory(expiring, undefined, [watched([1, 1, 110, 200])]).violation).toMatchObject({ kind: 'watch' });
  });

  it('must not tell of bytes that nobody wrote', () => {
    const leg = watched([1, 1, -1, 6]);
    const corrupt = {
      ...leg,
      events: leg.events.map((event) => Object.assign({}, event, { corruption: 'Byte 5 is wrong' })),
    };
    expect(judgeHistory(WRITES, undefined, [corrupt]).violation).toMatchObject({ kind: 'integrity' });
  });
});

describe('In simulated runs', () => {
  it(
    'readers get to know what a healed cluster holds, in order, however often they break off',
    () => {
      for (let index = 0; index < RUNS; index++) {
        expect(runPlan(watchPlan(SEED + index)).violation, REPLAY).toBeUndefined();
      }
    },
    TIMEOUT_MS,
  );

  it.each<[rule: keyof typeof RULES, first: number]>([
    ['notesStored', 1],
    ['readsWhatWasTold', 470],
    ['listsAfterGaps', 440],
    ['doubtsLists', 1680],
  ])(
    'without %s they do not, from seed %i on',
    (rule, first) => {
      const rules = { ...RULES, [rule]: false };
      const seeds = Array.from({ length: 2_000 }, (_, index) => first + index);
      const found = seeds.find((seed) => runPlan(watchPlan(seed), { rules }).violation !== undefined);
      expect(runPlan(watchPlan(found!), { rules }).violation?.kind).toBe('watch');
      expect(runPlan(watchPlan(found!)).violation).toBeUndefined();
    },
    TIMEOUT_MS,
  );

  it('a failure is shortened to the watch, and the breaks, that it needs', () => {
    const rules = { ...RULES, notesStored: false };
    const shrunk = shrink(watchPlan(1), { rules, runsMax: 400 })!;
    expect(shrunk.violation.kind).toBe('watch');
    expect(shrunk.plan.watches).toHaveLength(1);
    expect(shrunk.plan.watches![0]!.breaks).toEqual([]);
  });
});
