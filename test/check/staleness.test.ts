// Staleness: small histories by hand, brute force over all orders, and replicas that lag by a known bound.
import { describe, expect, it, vi } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import type { Operation } from '../../src/check/history.ts';
import { checkStaleness } from '../../src/check/staleness.ts';
import type { StalenessCheckOptions } from '../../src/check/staleness.ts';
import { checkConvergence } from '../../src/check/staleness-convergence.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

vi.setConfig({ testTimeout: 60_000 }); // Brute force takes its time on a machine that does much else.

const SEED = testSeed();
const REPLAY = replayCommand('test/check/staleness.test.ts', SEED);
const BOTH = ['value', 'version'] as const;

/** `x=1 0 2` writes from 0 to 2, `x->1 3 4` reads; without an end it never returned. */
function parse(lines: readonly string[]): Operation[] {
  return lines.map((line, process) => {
    const [, key = '', call, value = '', start, end] = /^(\w+)(=|->)(\w+) (\S+) ?(\S+)?$/.exec(line) ?? [];
    const times = { start: Number(start), end: end === undefined ? Infinity : Number(end) };
    const name = value === 'null' ? null : Number(value);
    if (call === '->') return { process, key, call: 'read', input: null, output: name, ...times };
    return { process, key, call: 'write', input: name, output: end === undefined ? undefined : name, ...times };
  });
}

const verdictsOf = (history: readonly Operation[], bound: StalenessCheckOptions): readonly string[] =>
  BOTH.map((by) => checkStaleness(history, { ...bound, by }).verdict);

describe('A bound on staleness', () => {
  // [what, history, the smallest maxVersions that it keeps, the smallest maxStale]
  it.each<readonly [string, readonly string[], number, number]>([
    ['A read of the newest version', ['x=1 0 1', 'x=2 2 3', 'x->2 4 5'], 1, 0],
    ['A read of the version before', ['x=1 0 1', 'x=2 2 3', 'x->1 7 8'], 2, 4],
    ['A read of two versions before', ['x=1 0 1', 'x=2 2 3', 'x=3 4 5', 'x->1 7 8'], 3, 4],
    ['A read of what was there before any write', ['x=1 0 1', 'x=2 2 3', 'x->null 9 10'], 3, 8],
    ['A read that overlaps the write that it misses', ['x=1 0 1', 'x=2 2 9', 'x->1 7 8'], 1, 0],
    ['A read that misses what another read saw', ['x=1 0 1', 'x=2 2 9', 'x->2 3 4', 'x->1 7 8'], 2, 3],
    ['A read that misses a write that never returned', ['x=1 0 1', 'x=2 2', 'x->1 7 8'], 1, 0],
    ['Two keys, each with a bound of its own', ['x=1 0 1', 'y=2 2 3', 'y=3 4 5', 'x->1 7 8', 'y->2 9 10'], 2, 4],
  ])('%s: %j is of the last %i versions, and at most %d old', (_what, lines, versions, stale) => {
    const history = parse(lines);
    expect(verdictsOf(history, { maxVersions: versions })).toEqual(['ok', 'ok']);
    expect(verdictsOf(history, { maxStale: stale })).toEqual(['ok', 'ok']);
    if (versions > 1) expect(verdictsOf(history, { maxVersions: versions - 1 })).toEqual(['illegal', 'illegal']);
    if (stale > 0) expect(verdictsOf(history, { maxStale: stale - 0.001 })).toEqual(['illegal', 'illegal']);
  });

  it('A read of the future is illegal however much may be stale', () => {
    const history = parse(['x->1 0 1', 'x=1 2 3']);
    expect(verdictsOf(history, { maxVersions: 100 })).toEqual(['illegal', 'illegal']);
    expect(verdictsOf(history, { maxStale: 100 })).toEqual(['illegal', 'illegal']);
  });

  it('The explanation names the operations in their own times', () => {
    const history = parse(['x=1 0 1', 'x=2 2 3', 'x->1 7 8']);
    for (const by of BOTH) {
      const found = checkStaleness(history, { maxStale: 3, by });
      if (found.verdict !== 'illegal') throw new Error('A read that is 4 old is illegal');
      // A number says by itself that the version which was read is older.
      const first = by === 'value' ? 0 : 1;
      expect(found.explanation.operations).toEqual(history.slice(first));
      const lines = [
        'process 0, 0 to 1: write x = 1',
        'process 1, 2 to 3: write x = 2',
        'process 2, 7 to 8: read x -> 1',
      ];
      expect(found.explanation.text.split('\n')).toEqual([
        'No order lets each read be at most 3 old',
        ...lines.slice(first).map((line) => `  ${line}`),
      ]);
    }
  });

  it('No bound, two bounds, bounds out of range and other calls are refused', () => {
    for (const bound of [
      {},
      { maxStale: 1, maxVersions: 1 },
      { maxStale: -1 },
      { maxStale: Number.NaN },
      { maxVersions: 0 },
    ]) {
      expect(() => checkStaleness([], bound)).toThrow(RangeError);
    }
    const operation = { process: 1, call: 'cas', input: 1, output: 1, start: 0, end: 1 };
    expect(() => checkStaleness([operation], { maxStale: 1 })).toThrow(TypeError);
  });

  it('A search that reaches its limits is no pass', () => {
    const lines = Array.from({ length: 40 }, (_, index) => [`x=${index} ${index} 100`, `x->${index} ${index} 101`]);
    const found = checkStaleness(parse(lines.flat()), { maxVersions: 2, stepsMax: 20 });
    expect(found.verdict).toBe('unknown');
  });
});

describe('Convergence', () => {
  it.each<readonly [string, readonly string[], string, string]>([
    ['All read the newest', ['x=1 0 1', 'x=2 2 3', 'x->2 4 5', 'x->2 4 5'], 'ok', 'ok'],
    ['Reads disagree', ['x=1 0 1', 'x=2 2 3', 'x->2 4 5', 'x->1 4 5'], 'illegal', 'illegal'],
    ['Reads disagreed while somebody wrote', ['x=1 0 1', 'x->null 2 3', 'x=2 2 4', 'x->1 3 5', 'x->2 6 7'], 'ok', 'ok'],
    ['All read an old version', ['x=1 0 1', 'x=2 2 3', 'x->1 4 5', 'x->1 4 5'], 'ok', 'illegal'],
    ['A write took a version below the last one', ['x=2 0 1', 'x=1 2 3', 'x->2 4 5'], 'ok', 'ok'],
    ['And that one is read', ['x=2 0 1', 'x=1 2 3', 'x->1 4 5'], 'ok', 'illegal'],
    ['What was written is lost', ['x=1 0 1', 'x->null 4 5'], 'illegal', 'illegal'],
    ['Nobody looked', ['x=1 0 1', 'y=1 0 1', 'x->1 4 5'], 'unknown', 'unknown'],
    ['Nobody wrote', ['x->null 4 5'], 'ok', 'ok'],
  ])('%s: %j is %s by value and %s by version', (_what, lines, byValue, byVersion) => {
    expect(BOTH.map((by) => checkConvergence(parse(lines), { by }).verdict)).toEqual([byValue, byVersion]);
  });

  it('Replicas may be given time to agree', () => {
    const history = parse(['x=1 0 1', 'x->null 2 3', 'x->1 8 9']);
    expect(checkConvergence(history).verdict).toBe('illegal');
    expect(checkConvergence(history, { from: 5 }).verdict).toBe('ok');
  });
});

describe('Brute force', () => {
  const BOUNDS: readonly StalenessCheckOptions[] = [
    { maxVersions: 1 },
    { maxVersions: 2 },
    { maxVersions: 3 },
    { maxStale: 0 },
    { maxStale: 2 },
    { maxStale: 5 },
  ];
  it.each(BOUNDS)('It agrees on a bound of %j, by value and by version', (bound) => {
    const random = seededRandom(SEED);
    const counts = { ok: 0, illegal: 0 };
    for (let pass = 0; pass < 1500; pass++) {
      const history = randomHistory(random);
      for (const by of BOTH) {
        const expected = isWithin(history, bound, by) ? 'ok' : 'illegal';
        const where = `pass ${pass} by ${by}: ${JSON.stringify(history)}\n${REPLAY}`;
        expect(checkStaleness(history, { ...bound, by }).verdict, where).toBe(expected);
        counts[expected] += 1;
      }
    }
    expect(Math.min(counts.ok, counts.illegal), REPLAY).toBeGreaterThan(100);
  });
});

describe('Replicas', () => {
  const PASSES = 30;
  it('Those that answer within a bound of time keep it, and not half of it', () => {
    let caught = 0;
    const random = seededRandom(SEED);
    for (let pass = 0; pass < PASSES; pass++) {
      const history = runReplicas(random, { lagMax: 16, replicas: 3, readsOf: 1 });
      expect(verdictsOf(history, { maxStale: 16 }), REPLAY).toEqual(['ok', 'ok']);
      if (verdictsOf(history, { maxStale: 8 }).includes('illegal')) caught += 1;
    }
    expect(caught, REPLAY).toBeGreaterThan(PASSES / 3);
  });

  it('R = W = 1 of three violates linearizability and converges; asking all keeps it', () => {
    let caught = 0;
    const random = seededRandom(SEED);
    for (let pass = 0; pass < PASSES; pass++) {
      const weak = runReplicas(random, { lagMax: 16, replicas: 3, readsOf: 1 });
      const strong = runReplicas(random, { lagMax: 16, replicas: 3, readsOf: 3 });
      if (verdictsOf(weak, { maxVersions: 1 }).every((verdict) => verdict === 'illegal')) caught += 1;
      expect(verdictsOf(strong, { maxVersions: 1 }), REPLAY).toEqual(['ok', 'ok']);
      for (const by of BOTH) expect(checkConvergence(weak, { by, from: 1000 }).verdict, REPLAY).toBe('ok');
    }
    expect(caught, REPLAY).toBeGreaterThan(PASSES / 2);
  });

  it('Replicas that never hear of some writes do not converge', () => {
    let caught = 0;
    const random = seededRandom(SEED);
    for (let pass = 0; pass < PASSES; pass++) {
      const history = runReplicas(random, { lagMax: 5000, replicas: 3, readsOf: 1 });
      if (BOTH.every((by) => checkConvergence(history, { by, from: 1000 }).verdict === 'illegal')) caught += 1;
    }
    expect(caught, REPLAY).toBeGreaterThan(PASSES / 2);
  });

  it('A replica that is at most one version behind keeps two versions, and not one', () => {
    let caught = 0;
    const random = seededRandom(SEED);
    for (let pass = 0; pass < PASSES; pass++) {
      const history: Operation[] = [];
      for (let at = 0, version = 0; at < 80; at += 2) {
        const times = { process: below(random, 3), key: 'x', start: at, end: at + 1 };
        if (below(random, 2) === 0) history.push({ ...times, call: 'write', input: (version += 1), output: version });
        else {
          const seen = Math.max(0, version - below(random, 2));
          history.push({ ...times, call: 'read', input: null, output: seen === 0 ? null : seen });
        }
      }
      expect(verdictsOf(history, { maxVersions: 2 }), REPLAY).toEqual(['ok', 'ok']);
      if (verdictsOf(history, { maxVersions: 1 }).every((verdict) => verdict === 'illegal')) caught += 1;
    }
    expect(caught, REPLAY).toBeGreaterThan(PASSES / 2);
  });
});

/** Up to six operations on one key, which overlap; some writes never return. */
function randomHistory(random: Random): Operation[] {
  const values = [1, 2, 3, 4].toSorted(() => below(random, 3) - 1);
  const written: (number | null)[] = [null];
  const lines: string[] = [];
  for (let index = 0, start = 0; index < 2 + below(random, 5); index++) {
    start += below(random, 3) + 0.01;
    const end = (start + 0.005 + below(random, 4)).toFixed(3);
    const value = below(random, 2) === 0 ? values.pop() : undefined;
    if (value === undefined) {
      const seen = written[below(random, 2) === 0 ? written.length - 1 : below(random, written.length)] ?? null;
      lines.push(`x->${seen} ${start.toFixed(3)} ${end}`);
    } else {
      written.push(value);
      lines.push(`x=${value} ${start.toFixed(3)} ${end}`);
    }
  }
  return parse(lines);
}

/** The definition: some order of all operations, each within its time, in which each read is of the last versions. */
function isWithin(history: readonly Operation[], bound: StalenessCheckOptions, by: 'value' | 'version'): boolean {
  const { maxStale = 0, maxVersions = 1 } = bound;
  const startOf = ({ call, start }: Operation): number => (call === 'read' ? start - maxStale : start);
  const place = (rest: readonly Operation[], last: readonly unknown[]): boolean => {
    if (rest.length === 0) return true;
    return rest.some((next) => {
      if (rest.some((other) => other.end < startOf(next))) return false;
      const others = rest.filter((other) => other !== next);
      if (next.call === 'read') return last.slice(-maxVersions).includes(next.output) && place(others, last);
      if (by === 'version' && last.some((value) => Number(value) > Number(next.output))) return false;
      return place(others, [...last, next.input]);
    });
  };
  return place(history, [null]);
}

/**
 * Writes go to all replicas and are there at once or after at most `lagMax`; reads ask some and take the newest. In the
 * end each replica is read.
 */
function runReplicas(
  random: Random,
  { lagMax, replicas, readsOf }: { readonly lagMax: number; readonly replicas: number; readonly readsOf: number },
): Operation[] {
  // When each replica hears of each version.
  const heard: { readonly version: number; readonly at: readonly number[] }[] = [];
  const newestAt = (replica: number, now: number): number =>
    heard.findLast(({ at }) => (at[replica] ?? Infinity) <= now)?.version ?? 0;
  const history: Operation[] = [];
  const read = (now: number, asked: readonly number[]): void => {
    const newest = Math.max(...asked.map((replica) => newestAt(replica, now)));
    const times = { start: now - 0.1, end: now + 0.1 };
    history.push({ process: 0, call: 'read', key: 'x', input: null, output: newest === 0 ? null : newest, ...times });
  };
  for (let step = 1; step <= 60; step++) {
    const now = step * 4;
    if (below(random, 3) > 0) {
      const first = below(random, replicas);
      read(
        now,
        Array.from({ length: readsOf }, (_, index) => (first + index) % replicas),
      );
      continue;
    }
    // One replica has it at once; the acknowledgement waits for no other.
    const lucky = below(random, replicas);
    const at = Array.from({ length: replicas }, (_, index) => now + (index === lucky ? 0 : below(random, lagMax)));
    heard.push({ version: step, at });
    history.push({ process: 1, call: 'write', key: 'x', input: step, output: step, start: now - 0.1, end: now + 0.1 });
  }
  for (let replica = 0; replica < replicas; replica++) read(2000 + replica, [replica]);
  return history;
}
