// Level `available`: what its reads must never return, and when what was hinted counts as written.
import { describe, expect, it } from 'vitest';
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import type { Call, HintOf } from '../../../src/sim/cluster/client.ts';
import { droppedHint, judgeAvailable } from '../../../src/sim/cluster/judge-available.ts';
import { judgeHistory } from '../../../src/sim/cluster/judge.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { profileOf } from '../../../src/sim/simulate.ts';
import { hintsPlan } from '../../mutants/sim-catcher.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';
import { callsOf } from './calls.ts';
import type { Told } from './calls.ts';

const SEED = testSeed();
const RUNS = 40;
const DRAWN = 400;
/** In one of so many runs some hint is older than what may have been forgotten. */
const FINAL_RUNS = 150;

const version = (low: number): { readonly high: number; readonly low: number } => ({ high: 0, low });
const open = (operationId = '1'): HintOf => ({ operationId, end: undefined });
const ended = (as: 'finished' | 'final', at: number): HintOf => ({ operationId: '1', end: { as, at } });

const level = 'available' as const;
const hinted = (value: number, tag: number, more: Partial<Told> = {}): Told => ({
  call: value === 0 ? 'delete' : 'put',
  level,
  value,
  version: version(tag),
  hint: open(),
  ...more,
});
const stale = (value: number, tag: number, more: Partial<Told> = {}): Told => ({
  call: 'get',
  level,
  value,
  isStale: true,
  version: value > 0 ? version(tag) : undefined,
  ...more,
});
const put = (value: number): Told => ({ call: 'put', value });
const get = (value: number): Told => ({ call: 'get', value });

describe('A read at level available that no quorum answers', () => {
  it.each<[sentence: string, calls: readonly Call[]]>([
    ['may return what its thread has yet to finish', callsOf(hinted(1, 5), stale(1, 5))],
    ['may return something newer', callsOf(put(2), hinted(1, 5), stale(2, 9))],
    ['may be absent where its thread deletes', callsOf(hinted(0, 5), stale(0, 0))],
    ['may be older than what another thread has yet to finish', callsOf(hinted(1, 5, { thread: 9 }), stale(0, 0))],
    ['may be older than what is finished', callsOf(hinted(1, 5, { hint: ended('finished', 2) }), stale(0, 0))],
    ['may be older than what was hinted meanwhile', callsOf(hinted(1, 5, { end: 3 }), stale(0, 0, { start: 2 }))],
    ['may be older than a write to the quorum', callsOf(put(1), put(2), stale(1, 1))],
    ['may be unavailable where its thread holds nothing', callsOf(put(1), stale(0, 0, { outcome: 'unavailable' }))],
  ])('%s', (_, calls) => {
    expect(judgeHistory(calls).violation).toBeUndefined();
  });

  it.each<[sentence: string, calls: readonly Call[]]>([
    ['is never older than what its thread has yet to finish', callsOf(put(2), hinted(1, 5), stale(2, 4))],
    ['is not absent where its thread writes', callsOf(hinted(1, 5), stale(0, 0))],
    ['nor where it deleted before it wrote', callsOf(hinted(0, 4), hinted(1, 5), stale(0, 0))],
    ['is not unavailable where its thread holds it', callsOf(hinted(1, 5), stale(0, 0, { outcome: 'unavailable' }))],
  ])('%s', (_, calls) => {
    expect(judgeAvailable(calls)?.text).toContain('while its thread held');
  });

  it('returns what somebody wrote', () => {
    expect(judgeHistory(callsOf(put(1), stale(7, 4))).violation?.text).toContain('which nobody has written');
  });
});

describe('A write at level available', () => {
  it.each<[sentence: string, calls: readonly Call[], isLegal: boolean]>([
    ['may be missed while it is hinted', callsOf(put(1), hinted(2, 5), get(1)), true],
    ['may be missed before it is finished', callsOf(hinted(2, 5, { hint: ended('finished', 4) }), get(0)), true],
    ['may be missed where nobody can finish it', callsOf(hinted(2, 5, { hint: ended('final', 2) }), get(0)), true],
    ['may be seen before', callsOf(hinted(2, 5), get(2)), true],
    ['is seen once it is finished', callsOf(hinted(2, 5, { hint: ended('finished', 1.5) }), get(0)), false],
    ['is seen once the quorum has it', callsOf({ call: 'put', value: 2, level }, get(0)), false],
    ['never comes over a later one', callsOf(hinted(2, 5), get(2), put(3), get(3), get(2)), false],
  ])('%s', (_, calls, isLegal) => {
    expect(judgeHistory(calls).violation === undefined).toBe(isLegal);
  });

  it('that was hinted has to come to an end', () => {
    expect(droppedHint(callsOf(hinted(2, 5)))?.value).toBe(2);
    expect(droppedHint(callsOf(hinted(2, 5, { hint: ended('finished', 4) }), put(1)))).toBeUndefined();
  });
});

describe('A simulated cluster whose threads are cut off', () => {
  it('hands on what was hinted, and loses none of it', () => {
    const ends: (string | undefined)[] = [];
    for (let run = 0; run < RUNS; run++) {
      const { violation, calls } = runPlan(hintsPlan((SEED + run) >>> 0));
      expect(violation, replayCommand('test/sim/cluster/judge-available.test.ts', SEED)).toBeUndefined();
      ends.push(...calls.flatMap(({ hint }) => (hint === undefined ? [] : [hint.end?.as])));
    }
    expect(ends.filter((end) => end === 'finished').length).toBeGreaterThan(RUNS / 2);
  });

  // Its hint was tried for ever: it was older than deletions that may have been forgotten.
  it('gives up what nobody can finish any more', () => {
    const runs = Array.from({ length: FINAL_RUNS }, (_, seed) => runPlan(hintsPlan(seed)));
    expect(runs.flatMap(({ violation }) => violation ?? [])).toEqual([]);
    expect(runs.some(({ calls }) => calls.some(({ hint }) => hint?.end?.as === 'final'))).toBe(true);
  });

  it('is drawn for some runs', () => {
    const plans = Array.from({ length: DRAWN }, (_, seed) => drawPlan(seed, profileOf(seed)));
    const some = plans.filter(({ operations }) => operations.some((each) => each.level === 'available'));
    expect(some.length).toBeGreaterThan(DRAWN / 20);
    expect(some.length).toBeLessThan(DRAWN / 4);
  });
});
