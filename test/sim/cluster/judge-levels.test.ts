// Reads of any level: what they must never return, and what the linearizable history holds of weak operations.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../../src/base/random.ts';
import type { Call } from '../../../src/sim/cluster/client.ts';
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import { historyOf } from '../../../src/sim/cluster/judge-history.ts';
import { judgeLevels } from '../../../src/sim/cluster/judge-levels.ts';
import { judgeHistory } from '../../../src/sim/cluster/judge.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { callsOf, resolved } from './calls.ts';
import type { Told } from './calls.ts';

const put = (value: number, more: Partial<Told> = {}): Told => ({ call: 'put', value, ...more });
const getOne = (value: number, more: Partial<Told> = {}): Told => ({ call: 'get', level: 'one', value, ...more });
const atAll = { level: 'all' } as const;
const deleted: Told = { call: 'delete' };

describe('A read at level one', () => {
  it.each<[sentence: string, calls: readonly Call[]]>([
    ['may return the newest value', callsOf(put(1), getOne(1))],
    ['may return an older value', callsOf(put(1), put(2), getOne(1))],
    ['may be absent after a write', callsOf(put(1), getOne(0))],
    ['may return what is being written', callsOf(put(1, { start: 0, end: 9 }), getOne(1, { start: 2, end: 3 }))],
    ['may return what never was answered', callsOf(put(1, { outcome: undefined, end: undefined }), getOne(1))],
    ['may return a write that is unknown', callsOf(put(1, { outcome: 'unknown' }), getOne(1))],
    ['may return what lacked memory at too many', callsOf(put(1, { outcome: 'memory' }), getOne(1))],
    ['may return what was written to all', callsOf(put(1), put(2, atAll), getOne(2))],
    ['may return what came after a write to all', callsOf(put(1, atAll), put(2), getOne(2))],
    ['may be older than a write to all that goes on', callsOf(put(1), put(2, { ...atAll, end: 9 }), getOne(1))],
    [
      'may be older than a write to all that is unknown',
      callsOf(put(1), put(2, { ...atAll, outcome: 'unknown' }), getOne(1)),
    ],
    ['may return what was written at the same time as to all', callsOf(put(1, { end: 3 }), put(2, atAll), getOne(1))],
    ['may return a weak write from before one to all', callsOf(put(1, { level: 'one' }), put(2, atAll), getOne(1))],
    ['may be absent when all have deleted it', callsOf(put(1), { ...deleted, ...atAll }, getOne(0))],
    ['may be absent after a delete that followed a write to all', callsOf(put(1, atAll), deleted, getOne(0))],
  ])('%s', (_sentence, calls) => {
    expect(judgeLevels(calls)).toBeUndefined();
    expect(judgeHistory(calls).violation).toBeUndefined();
  });

  it.each<[sentence: string, calls: readonly Call[], text: string]>([
    ['what nobody wrote', callsOf(put(1), getOne(7)), 'v7, which nobody has written'],
    ['what is written later', callsOf(getOne(1), put(1)), 'v1 before it was written'],
    ['a write that is unavailable', callsOf(put(1, { outcome: 'unavailable' }), getOne(1)), 'ended as unavailable'],
    ['a write that was aborted in the queue', callsOf(put(1, { outcome: 'aborted' }), getOne(1)), 'ended as aborted'],
    ['what is older than a write to all', callsOf(put(1), put(2, atAll), getOne(1)), 'v1 after all replicas had'],
    [
      'what is older than a write to all that was resolved',
      resolved(
        callsOf(
          put(2, { ...atAll, outcome: 'unknown', start: 3, end: 4 }),
          put(2, { ...atAll, start: 5, end: 6 }),
          put(1, { start: 0, end: 1 }),
          getOne(1, { start: 7, end: 8 }),
        ),
      ),
      'v1 after all replicas had',
    ],
    ['absent after a write to all', callsOf(put(1, atAll), getOne(0)), 'absent after all replicas had'],
    [
      'absent after a delete and a write to all',
      callsOf(deleted, put(1, atAll), getOne(0)),
      'absent after all replicas',
    ],
    [
      'what a delete at all has deleted',
      callsOf(put(1), { ...deleted, ...atAll }, getOne(1)),
      '"c0 put k = absent (all)"',
    ],
  ])('must not return %s', (_sentence, calls, text) => {
    expect(judgeLevels(calls)?.text).toContain(text);
    expect(judgeHistory(calls).violation).toMatchObject({ kind: 'level', key: 'k' });
  });
});

describe('The linearizable history', () => {
  it('holds reads and writes at level all, with when they ended', () => {
    const calls = callsOf(put(1, atAll), { call: 'get', ...atAll, value: 1 });
    expect(historyOf(calls).map(({ call, end }) => [call, end])).toEqual([
      ['write', 1],
      ['read', 3],
    ]);
    expect(judgeHistory(callsOf(put(1, atAll), { call: 'get', ...atAll })).violation?.kind).toBe('linearizability');
    expect(judgeHistory(callsOf(put(1), put(2, atAll), { call: 'get', value: 1 })).violation?.kind).toBe(
      'linearizability',
    );
  });

  it('holds writes at level one as never answered, and no reads at level one', () => {
    const calls = callsOf(put(1, { level: 'one' }), getOne(1));
    expect(historyOf(calls).map(({ call, end }) => [call, end])).toEqual([['write', Infinity]]);
  });
});

describe('Of the reads at level one of simulated runs', () => {
  const runs = Array.from({ length: 400 }, (_, seed) => runPlan(drawPlan(seed, 'calm')).calls);
  const weak = runs.filter((calls) => calls.some(isWeakRead));

  it('some return a value', () => {
    expect(weak.length).toBeGreaterThan(20);
  });

  it.each<[sentence: string, break_: (read: Call, calls: readonly Call[]) => readonly Call[]]>([
    [
      'a changed value is noticed',
      (read, calls) => calls.map((each) => (each === read ? { ...each, value: 9_999 } : each)),
    ],
    [
      'one that ends before its write begins is noticed',
      (read, calls) => {
        const write = writeOf(read, calls);
        return calls.map((each) => (each === write ? { ...each, start: read.end! + 0.5 } : each));
      },
    ],
    [
      'one of a write that is called unavailable is noticed',
      (read, calls) => {
        const write = writeOf(read, calls);
        return calls.map((each) => (each === write ? { ...each, outcome: 'unavailable' as const } : each));
      },
    ],
    [
      'one of a write that is forgotten is noticed',
      (read, calls) => calls.filter((each) => each !== writeOf(read, calls)),
    ],
  ])('%s', (_sentence, break_) => {
    const random = seededRandom(1);
    for (const calls of weak) {
      const reads = calls.filter(isWeakRead);
      const read = reads[below(random, reads.length)]!;
      expect(judgeLevels(calls)).toBeUndefined();
      expect(judgeLevels(break_(read, calls))).toBeDefined();
    }
  });
});

function isWeakRead({ kind, plan, outcome, value }: Call): boolean {
  return kind === 'get' && plan.level === 'one' && outcome === 'ok' && value !== 0;
}

function writeOf({ key, value }: Call, calls: readonly Call[]): Call | undefined {
  return calls.find(
    (each) => each.kind !== 'get' && each.finishes === undefined && each.key === key && each.value === value,
  );
}
