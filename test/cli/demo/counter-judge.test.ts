import { describe, expect, it } from 'vitest';
import { below, seededRandom, type Random } from '../../../src/base/random.ts';
import { Judge } from '../../../src/cli/demo/judge.ts';
import { OBSERVED, observationOf, type Observation } from '../../../src/cli/demo/observation.ts';

type Span = readonly [start: number, end: number];
const added = (sequence: number, [start, end]: Span): Observation =>
  observationOf(OBSERVED.INCREMENT_OK, { sequence, start, end });
const maybe = (): Observation => observationOf(OBSERVED.INCREMENT_UNKNOWN);
const count = (sequence: number, [start, end]: Span): Observation =>
  observationOf(OBSERVED.READ_COUNT, { sequence, start, end });

/** Hands over a history, and a last look at the counter. */
function judged(history: readonly Observation[], total: number): readonly [lost: number, stale: number] {
  const judge = new Judge({ clients: 1 });
  for (const seen of history) judge.observe(seen);
  judge.finish();
  judge.final(count(total, [1000, 1001]));
  return [judge.lost, judge.stale];
}

describe('The judge of counters', () => {
  const two = [added(1, [0, 1]), added(2, [1, 2])];

  it.each<[string, Observation[], number]>([
    ['a counter that nobody touched', [], 0],
    ['each acknowledged increment once', two, 2],
    ['increments at once, in any order', [added(2, [0, 5]), added(1, [0, 5]), added(3, [0, 5])], 3],
    ['an unknown increment that happened', [added(1, [0, 1]), maybe(), added(3, [1, 2])], 3],
    ['an unknown increment that did not', [added(1, [0, 1]), maybe()], 1],
    ['reads that see it grow', [count(0, [0, 1]), ...two, count(2, [2, 3])], 2],
    ['a read of an increment that is not acknowledged yet', [count(1, [1, 2]), added(1, [0, 3])], 1],
  ])('It accepts %s', (_, history, total) => {
    expect(judged(history, total)).toEqual([0, 0]);
  });

  it.each<[string, Observation[], number, [number, number]]>([
    ['an acknowledged increment that is gone at last', two, 1, [1, 0]],
    ['one that was done twice', two, 3, [0, 1]],
    ['more than the unknown ones explain', [...two, maybe()], 4, [0, 1]],
    ['two increments to one number, at once', [added(1, [0, 2]), added(1, [0, 2])], 1, [1, 1]],
    ['an increment of an old number', [...two, added(2, [2, 3])], 3, [0, 1]],
    ['an increment that falls back, reported before its proof', [added(1, [5, 6]), added(2, [0, 1])], 2, [0, 1]],
    ['a read of an old number', [...two, count(1, [2, 3])], 2, [0, 1]],
    ['a read of a number that comes later', [count(2, [0, 1]), ...two], 2, [0, 1]],
  ])('It flags %s', (_, history, total, expected) => {
    expect(judged(history, total)).toEqual(expected);
  });

  it('It flags a counter that is no number at last', () => {
    const judge = new Judge({ clients: 1 });
    judge.observe(added(1, [0, 1]));
    judge.finish();
    judge.final(observationOf(OBSERVED.READ_CORRUPT, { start: 9, end: 10 }));
    expect([judge.lost, judge.violations[0]?.read]).toEqual([1, 'final read of no number [9, 10]']);
  });
});

/** Increments and reads as a right counter answers them, in the order of their ends; some reads and some one wrong. */
function randomHistory(random: Random, isWrong: boolean): Observation[] {
  const open: { start: number; isRead: boolean; value: number }[] = [];
  const seen: Observation[] = [];
  let total = 0;
  for (let tick = 0; tick < 400; tick++) {
    if (open.length < 4 && below(random, 2) === 0) {
      const isRead = below(random, 3) === 0;
      open.push({ start: tick, isRead, value: isRead ? total : ++total });
      continue;
    }
    const [next] = open.splice(below(random, Math.max(open.length, 1)), 1);
    if (next === undefined) continue;
    const span: Span = [next.start, tick];
    seen.push(next.isRead ? count(next.value, span) : added(next.value, span));
    if (below(random, 8) === 0) {
      const start = Math.min(tick, ...open.map((one) => one.start));
      seen.push(observationOf(OBSERVED.ADVANCE, { start, end: start }));
    }
  }
  for (const { start, isRead, value } of open)
    seen.push(isRead ? count(value, [start, 400]) : added(value, [start, 400]));
  if (!isWrong) return seen;
  const at = seen.findLastIndex(({ kind, sequence }) => kind === OBSERVED.INCREMENT_OK && sequence > 20);
  seen[at] = { ...seen[at]!, sequence: seen[at]!.sequence - 10 };
  return seen;
}

describe('The judge of counters, on random histories', () => {
  it.each(Array.from({ length: 10 }, (_, seed) => seed))('It tells right from wrong, seed %i', (seed) => {
    const random = seededRandom(seed);
    for (let run = 0; run < 100; run++) {
      for (const isWrong of [false, true]) {
        const judge = new Judge({ clients: 1 });
        for (const seen of randomHistory(random, isWrong)) judge.observe(seen);
        expect(judge.stale > 0, `seed ${seed}, run ${run}`).toBe(isWrong);
      }
    }
  });
});
