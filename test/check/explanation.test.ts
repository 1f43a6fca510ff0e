import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import type { Explanation, Operation } from '../../src/check/history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { ILLEGAL } from '../../src/check/model.ts';
import type { Model } from '../../src/check/model.ts';
import { casRegisterModel } from '../../src/check/models/cas-register.ts';
import { kvModel } from '../../src/check/models/kv.ts';
import { queueModel } from '../../src/check/models/queue.ts';
import { registerModel } from '../../src/check/models/register.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { isLinearizable } from './support/brute-force.ts';
import { historyOf } from './support/notation.ts';
import { randomHistory, SUBJECTS } from './support/random-history.ts';
import { recordedHistory } from './support/recorded-history.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/check/explanation.test.ts', SEED);
const RUNS = 1500;
const SLOW_MS = 60_000; // On a machine that is busy with other things.

function explanationOf(history: readonly Operation[], model: Model): Explanation {
  const found = checkLinearizable(history, model);
  if (found.verdict !== 'illegal') throw new Error(`${REPLAY}: expected illegal, got ${found.verdict}`);
  return found.explanation;
}

describe('An explanation', () => {
  it.each([
    [
      'a stale read',
      registerModel(0),
      'a:write:1 a a:write:2 a a:write:3 a b:read b=2',
      ['write 2', 'write 3', 'read -> 2'],
    ],
    ['a value of nobody', registerModel(0), 'a:write:1 a b:read b=7 a:write:2 a', ['read -> 7']],
    [
      'two winners',
      casRegisterModel(0),
      'c:read c=0 a:cas:[0,1] b:cas:[0,2] a=true c:read c=1 b=true',
      ['cas [0 1] -> true', 'cas [0 2] -> true'],
    ],
    [
      'a lost append',
      kvModel(),
      'a:append:"x" a a:append:"y" a b:get b="y"',
      ['append "x"', 'append "y"', 'get -> "y"'],
    ],
    [
      'an item that comes out late, and not by a call that never returned',
      queueModel(),
      'a:enqueue:1 a x:dequeue a:enqueue:3 a b:dequeue b=3 b:dequeue b=1',
      ['enqueue 3', 'dequeue -> 3', 'dequeue -> 1'],
    ],
  ] as const)('Of %s names what matters', (_what, model, line, expected) => {
    const { operations, impossible, text } = explanationOf(historyOf(line), model);
    expect(operations.map((one) => model.describe(one))).toEqual(expected);
    expect(operations).toContain(impossible);
    expect(text).toContain(model.describe(impossible));
  });

  it('Reads as a few lines', () => {
    expect(explanationOf(historyOf('a:write:1 a b1:write:2 c:write:9 b1 b:read b=1'), registerModel(0)).text).toBe(
      [
        'register: no legal order lets process b return from read -> 1',
        '    a   write 1    0 .. 1',
        '    b1  write 2    2 .. 4',
        '  > b   read -> 1  5 .. 6',
        'Longest legal order: write 1, write 2',
      ].join('\n'),
    );
  });

  it.each(SUBJECTS.map((subject, index) => [subject.name, subject, index] as const))(
    'Of a %s is illegal by itself, whatever of the rest happened, and goes as far as it can',
    (_name, subject, index) => {
      const random = seededRandom(SEED + index);
      let illegal = 0;
      for (let run = 0; run < RUNS / SUBJECTS.length; run++) {
        const history = randomHistory(random, subject);
        if (isLinearizable(history, subject.model)) continue;
        illegal += 1;
        expectSound(history, subject.model);
      }
      expect(illegal).toBeGreaterThan(0);
    },
  );

  // Of given seeds: where what is impossible has many causes, as in about one of forty such histories, shrinking runs
  // out of trials, and the explanation is the whole history.
  it.each([1, 2, 3])('Of a long history is short, from seed %i', { timeout: SLOW_MS }, (seed) => {
    const random = seededRandom(seed);
    for (const model of [registerModel(0), casRegisterModel(0)]) {
      const history = recordedHistory(random, { model, operations: 3000, clients: 4, values: 5, lostPerMille: 2 });
      expect(checkLinearizable(history, model), REPLAY).toMatchObject({ verdict: 'ok' });
      const at = history.findLastIndex(({ call, end }) => call === 'read' && end !== Infinity);
      const { operations, impossible } = explanationOf(history.with(at, { ...history[at]!, output: 99 }), model);
      expect(operations, REPLAY).toEqual([impossible]);
      const worst = [0, 1, 2, 3, 4]
        .map((output) => checkLinearizable(history.with(at, { ...history[at]!, output }), model))
        .map((found) => (found.verdict === 'illegal' ? found.explanation.operations.length : 0));
      expect(Math.max(...worst), REPLAY).toBeGreaterThan(0);
      expect(Math.max(...worst), REPLAY).toBeLessThan(30);
    }
  });
});

/** What the fields of an explanation promise, tried out. */
function expectSound(history: readonly Operation[], model: Model): void {
  const { operations, impossible, order } = explanationOf(history, model);
  expect(operations, REPLAY).toContain(impossible);
  expect(history, REPLAY).toEqual(expect.arrayContaining([...operations]));
  const others = history.filter((one) => !operations.includes(one));
  for (const happened of subsetsOf(others)) {
    expect(isLinearizable([...operations, ...happened], model), REPLAY).toBe(false);
  }
  // Until the impossible return all is well.
  const until = operations.map((one) =>
    one.end >= impossible.end ? { ...one, output: undefined, end: Infinity } : one,
  );
  expect(isLinearizable(until, model), REPLAY).toBe(true);
  let state = model.initial;
  for (const [index, one] of order.entries()) {
    expect(operations, REPLAY).toContain(one);
    expect(
      order.slice(index + 1).some((later) => later.end < one.start),
      REPLAY,
    ).toBe(false);
    const after = model.step(state, one);
    expect(after, REPLAY).not.toBe(ILLEGAL);
    state = after;
  }
}

function subsetsOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: 2 ** items.length }, (_, mask) => items.filter((_item, bit) => (mask >>> bit) & 1));
}

describe('The verdict', () => {
  it('Does not depend on the order of the array, and is the same twice, with its explanation', () => {
    const random = seededRandom(SEED);
    for (let run = 0; run < RUNS; run++) {
      const subject = SUBJECTS[run % SUBJECTS.length]!;
      const history = randomHistory(random, subject);
      const found = checkLinearizable(history, subject.model);
      expect(checkLinearizable(history, subject.model), REPLAY).toEqual(found);
      expect(checkLinearizable(shuffled(random, history), subject.model).verdict, REPLAY).toBe(found.verdict);
    }
  });

  it.each<readonly [what: string, mutate: (random: Random, history: readonly Operation[]) => readonly Operation[]]>([
    ['a read returns something else', changeRead],
    ['two reads swap what they returned', swapReads],
    ['an acknowledged write is dropped', dropWrite],
  ])('Of a recorded history where %s is illegal whenever no order explains it', (_what, mutate) => {
    const random = seededRandom(SEED);
    const counts = { ok: 0, illegal: 0 };
    for (let run = 0; run < RUNS; run++) {
      const model = run % 2 === 0 ? registerModel(0) : casRegisterModel(0);
      const history = recordedHistory(random, { model, operations: 9, clients: 3, values: run % 3 === 0 ? 2 : 100 });
      expect(checkLinearizable(history, model).verdict, REPLAY).toBe('ok');
      const mutated = mutate(random, history);
      const expected = isLinearizable(mutated, model) ? 'ok' : 'illegal';
      counts[expected] += 1;
      expect(checkLinearizable(mutated, model).verdict, REPLAY).toBe(expected);
    }
    expect(counts.illegal).toBeGreaterThan(RUNS / 10);
  });
});

const isRead = ({ call, end }: Operation): boolean => call === 'read' && end !== Infinity;

function indicesOf(history: readonly Operation[], holds: (operation: Operation) => boolean): readonly number[] {
  return [...history.keys()].filter((index) => holds(history[index]!));
}

function changeRead(random: Random, history: readonly Operation[]): readonly Operation[] {
  const reads = indicesOf(history, isRead);
  if (reads.length === 0) return history;
  const at = reads[below(random, reads.length)]!;
  const written = [0, ...history.filter(({ call }) => call === 'write').map(({ input }) => input)];
  return history.with(at, { ...history[at]!, output: written[below(random, written.length)] });
}

function swapReads(random: Random, history: readonly Operation[]): readonly Operation[] {
  const reads = indicesOf(history, isRead);
  if (reads.length < 2) return history;
  const a = reads[below(random, reads.length)]!;
  const b = reads[below(random, reads.length)]!;
  const swapped = history.with(a, { ...history[a]!, output: history[b]!.output });
  return swapped.with(b, { ...history[b]!, output: history[a]!.output });
}

function dropWrite(random: Random, history: readonly Operation[]): readonly Operation[] {
  const writes = indicesOf(history, ({ call, end }) => call === 'write' && end !== Infinity);
  return writes.length === 0 ? history : history.toSpliced(writes[below(random, writes.length)]!, 1);
}

function shuffled<Item>(random: Random, items: readonly Item[]): readonly Item[] {
  const left = [...items];
  return items.map(() => left.splice(below(random, left.length), 1)[0]!);
}
