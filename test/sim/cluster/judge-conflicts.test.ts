// Keys that keep siblings or merge: what their clients may see, and what they must not.
import { describe, expect, it } from 'vitest';
import { SIBLINGS_MAX } from '../../../src/base/limits.ts';
import { RULES } from '../../../src/protocol/rules.ts';
import { amountOf, countedIn } from '../../../src/sim/cluster/conflict-numbers.ts';
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import { judgeLastReads } from '../../../src/sim/cluster/heal-conflicts.ts';
import { judgeConflicts } from '../../../src/sim/cluster/judge-conflicts.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { SimLife } from '../../../src/sim/cluster/sim-epochs.ts';
import type { ConflictCall } from '../../../src/sim/cluster/sim-conflicts.ts';
import { profileOf } from '../../../src/sim/simulate.ts';
import { conflictsPlan } from '../../mutants/conflict-catcher.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';

const SEED = testSeed();
const RUNS = 60;
const DRAWN = 400;
const SEEDS_MAX = 20;

/** What a test says about a call; by default one of siblings that ended as `ok`, after the one before it. */
interface Told extends Partial<Omit<ConflictCall, 'plan'>> {
  readonly call?: ConflictCall['plan']['call'];
  readonly bucket?: ConflictCall['plan']['bucket'];
  readonly value?: number;
  readonly holds?: readonly number[];
}

function callsOf(...told: readonly Told[]): ConflictCall[] {
  return told.map(({ call = 'get', bucket = 'siblings', value = 0, holds, ...fields }, index): ConflictCall => {
    const times = { level: 'quorum', timeoutMs: 1, thinkUs: 0, joins: false } as const;
    const plan = { client: 0, bucket, key: 'x0', call, value, ...times } as const;
    const start = 2 * index;
    const seen = holds && { numbers: holds };
    const known = { client: 0, key: 'x0', state: 0, start, end: start + 1, outcome: 'ok', covers: [], seen } as const;
    return Object.assign(known, { operationId: undefined, finishes: undefined, plan }, fields);
  });
}

const put = (value: number, holds: readonly number[] | undefined, more: Told = {}): Told => ({
  call: 'put',
  value,
  ...(holds && { holds }),
  ...more,
});
const lost = (value: number, more: Told = {}): Told => put(value, undefined, { outcome: 'unknown', ...more });
const get = (...holds: readonly number[]): Told => ({ holds });
const take = (covers: readonly number[], holds: readonly number[]): Told => ({ call: 'delete', covers, holds });
const full = Array.from({ length: SIBLINGS_MAX }, (_, index) => index + 1);
const putAll = full.map((value) => lost(value));

/** The first call, and a resolve of it. */
function resolved(first: Told, second: Told, ...others: readonly Told[]): ConflictCall[] {
  const [named, resolve, ...rest] = callsOf(first, { call: 'resolve', ...second }, ...others);
  return [named!, { ...resolve!, finishes: named }, ...rest];
}

/** What the judge says of the last reads, after so many resets. */
function last(calls: ConflictCall[], resets = 0): string | undefined {
  return judgeLastReads({ conflicts: { clients: [], calls }, life: Object.assign(new SimLife(), { resets }) })?.text;
}

describe('Of keys that keep siblings or merge, the judge', () => {
  it.each<[sentence: string, calls: readonly ConflictCall[]]>([
    ['siblings beside each other', callsOf(put(1, [1]), put(2, [2, 1]), get(2, 1))],
    ['one that replaces what it has seen', callsOf(put(1, [1]), put(2, [2], { covers: [1] }), get(2))],
    ['a delete of what was seen', callsOf(put(1, [1]), put(2, [2, 1]), take([1], [2]), get(2))],
    ['an unknown write that is missing', callsOf(lost(1), get())],
    ['or there', callsOf(lost(1), get(1))],
    [
      'an unknown delete that has happened',
      callsOf(put(1, [1]), { call: 'delete', covers: [1], outcome: 'unknown' }, get()),
    ],
    ['or not', callsOf(put(1, [1]), { call: 'delete', covers: [1], outcome: 'unknown' }, get(1))],
    ['a write that was not sent, and is missing', callsOf(put(1, undefined, { outcome: 'failed' }), get())],
    ['a key that is full', callsOf(...putAll, put(99, full, { outcome: 'full' }), get(...full))],
    ['what is resolved, and there', resolved(lost(1), { outcome: 'ok' }, get(1))],
    ['a copy that is merged back', callsOf(put(1, [1]), { call: 'copy', bucket: 'set', holds: [1] })],
  ])('accepts %s', (_, calls) => {
    expect(judgeConflicts(calls)).toBeUndefined();
  });

  it.each<[sentence: string, calls: readonly ConflictCall[], text: string]>([
    ['a write that vanishes', callsOf(put(1, [1]), put(2, [2])), 'vanished'],
    [
      'one that replaces more than it has seen',
      callsOf(put(1, [1]), put(2, [2, 1]), put(3, [3], { covers: [1] })),
      'vanished',
    ],
    ['one that replaces less', callsOf(put(1, [1]), put(2, [2, 1], { covers: [1] })), 'is there'],
    ['a value that comes back', callsOf(put(1, [1]), take([1], []), get(1)), 'is there'],
    ['a value from nowhere', callsOf(get(7)), 'Nobody had put'],
    [
      'a write that was not sent, and is there',
      callsOf(put(1, undefined, { outcome: 'failed' }), get(1)),
      'Nobody had put',
    ],
    ['what was resolved, and is missing', resolved(lost(1), { outcome: 'ok' }, get()), 'vanished'],
    ['what is there twice', callsOf(lost(1), get(1, 1)), 'more than once'],
    ['what was counted twice', callsOf(lost(1), { bucket: 'counter', holds: [1, 1] }), 'more than once'],
    [
      'an increment that was not counted',
      callsOf(put(1, [1], { bucket: 'counter' }), { bucket: 'counter', holds: [] }),
      'vanished',
    ],
    ['more siblings than may be', callsOf(...putAll, lost(99), get(...full, 99)), 'at most 64'],
    ['a key that is full too soon', callsOf(put(1, [1]), put(2, [1], { outcome: 'full' })), 'full with 1'],
    [
      'a full key that took one more',
      callsOf(...putAll, put(99, full, { outcome: 'full' }), get(99)),
      'Nobody had put',
    ],
    ['bytes that nobody wrote', callsOf({ seen: { numbers: [], wrong: 'Byte 4' } }), 'Byte 4'],
  ])('rejects %s', (_, calls, text) => {
    expect(judgeConflicts(calls)?.text).toContain(text);
  });

  it('tells from a count what was counted, and how often', () => {
    expect(countedIn(amountOf(1) + amountOf(24))).toEqual({ numbers: [1, 24] });
    expect(countedIn(2 * amountOf(3))).toEqual({ numbers: [3, 3] });
    expect(countedIn(-1).wrong).toBe('the count is -1');
  });

  it('rejects last reads that differ, in the state that is in force', () => {
    expect(last(callsOf(put(1, [1]), get(1), get(1)))).toBeUndefined();
    expect(last(callsOf(get(), put(1, [1]), get(1)))).toBeUndefined();
    expect(last(callsOf(lost(1), get(), get(1)))).toContain('another 1');
    expect(last(callsOf(lost(1), get(), get(1)), 1)).toBeUndefined();
  });
});

describe('Simulated keys that keep siblings or merge', () => {
  it('keep what they promise while threads are cut off', () => {
    const outcomes = new Set<string>();
    for (let run = 0; run < RUNS; run++) {
      const { violation, conflicts } = runPlan(conflictsPlan((SEED + run) >>> 0));
      expect(violation, replayCommand('test/sim/cluster/judge-conflicts.test.ts', SEED)).toBeUndefined();
      for (const { plan, outcome } of conflicts) outcomes.add(`${plan.call} ${outcome}`);
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['put ok', 'put unknown', 'get ok', 'delete ok']));
  });

  it('are found out where a change that is tried again is made twice', () => {
    const rules = { ...RULES, looksForItself: false };
    const found = Array.from({ length: SEEDS_MAX }, (_, seed) => runPlan(conflictsPlan(1 + seed), { rules }).violation);
    expect(found.map((violation) => violation?.kind)).toContain('conflict');
  });

  it('are drawn for some runs, and filled in few', () => {
    const plans = Array.from({ length: DRAWN }, (_, seed) => drawPlan(seed, profileOf(seed)));
    const some = plans.filter(({ conflicts }) => conflicts !== undefined);
    expect(some.length).toBeGreaterThan(DRAWN / 20);
    expect(some.length).toBeLessThan(DRAWN / 6);
  });
});
