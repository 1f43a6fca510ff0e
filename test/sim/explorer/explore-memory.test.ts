// The exploration of shared memory meets every end, which a slow search without any reduction meets too; and it says so
// when a program is none that it can explore.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import type { Random } from '../../../src/base/random.ts';
import { exploreMemory } from '../../../src/sim/explorer/explore-memory.ts';
import type { MemoryModel } from '../../../src/sim/explorer/memory-model.ts';
import type { MemoryProgram } from '../../../src/sim/explorer/recorded-thread.ts';
import { between, happens, pick } from '../../../src/sim/engine/chance.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';
import { endText, endsOf, programOf } from './naive-memory.ts';
import type { Line, ListedModel } from './naive-memory.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/sim/explorer/explore-memory.test.ts', SEED);
const MODELS = 400;

const KINDS: readonly Line['kind'][] = ['read', 'write', 'write', 'load', 'store', 'add', 'compareExchange'];
const WITH_SLEEP: readonly Line['kind'][] = ['write', 'store', 'wait', 'notify', 'notify', 'load'];

function drawLine(random: Random, words: number, kinds: readonly Line['kind'][]): Line {
  const kind = pick(random, kinds);
  const value = kind === 'wait' ? 0 : between(random, 1, 2);
  const line = { kind, index: between(random, 0, words - 1), value };
  return happens(random, 0.2) ? { ...line, unless: between(random, 0, 2) } : line;
}

function drawModel(random: Random): ListedModel {
  const words = between(random, 1, 3);
  const kinds = happens(random, 0.3) ? WITH_SLEEP : KINDS;
  const count = between(random, 2, 3);
  const threads = Array.from({ length: count }, (_, thread) => ({
    lines: Array.from({ length: between(random, 1, count === 2 ? 5 : 3) }, () => drawLine(random, words, kinds)),
    mayDie: happens(random, 0.3),
    ...(thread === 2 && happens(random, 0.5) && { after: between(random, 0, 1) }),
  }));
  const stores = pick(random, ['in-order', 'buffered'] as const);
  return { words: new Int32Array(words), threads, stores, killsMax: between(random, 0, 2) };
}

/** What the exploration meets. */
function exploredEndsOf(model: ListedModel, isReduced: boolean): readonly string[] {
  const ends = new Set<string>();
  const judgeEnd: MemoryModel['judgeEnd'] = ({ words, said, sleepsAt, wasKilled }) => {
    const threads = said.map((each, thread) => ({
      said: each as (number | string)[],
      sleepsAt: sleepsAt[thread]!,
      isDead: wasKilled[thread]!,
    }));
    ends.add(endText({ words: [...words], threads }));
    return undefined;
  };
  const threads = model.threads.map(({ lines, ...rest }) => ({ ...rest, program: programOf(lines) }));
  expect(exploreMemory({ ...model, threads, isReduced, judgeEnd }).verdict).toBe('ok');
  return [...ends].toSorted();
}

function explored(programs: readonly MemoryProgram[], more: Partial<MemoryModel> = {}): string {
  const threads = programs.map((program) => ({ program }));
  const { verdict, reason } = exploreMemory({
    words: new Int32Array(2),
    threads,
    judgeEnd,
    ...more,
  });
  return verdict === 'ok' ? 'ok' : `${verdict}: ${reason}`;
}

describe('An exploration of random programs', () => {
  it('meets the ends that a search without reductions meets, killed and late stores included', () => {
    const random = seededRandom(SEED);
    let ends = 0;
    for (let index = 0; index < MODELS; index++) {
      const model = drawModel(random);
      const expected = endsOf(model);
      ends += expected.length;
      const text = `${JSON.stringify({ ...model, words: model.words.length })}\n${REPLAY}`;
      expect(exploredEndsOf(model, false), text).toEqual(expected);
      expect(exploredEndsOf(model, true), `reduced: ${text}`).toEqual(expected);
    }
    expect(ends).toBeGreaterThan(5 * MODELS);
  }, 60_000);
});

const reader: MemoryProgram = ({ words }) => {
  if (words[0] === 1) throw new Error('It has seen the 1');
};

const writer: MemoryProgram = ({ words }) => {
  words[0] = 1;
  words[0] = 0;
};

const says: MemoryProgram = ({ words }, say) => say([null, undefined, Number.NaN, 1n][words[0]!]);

const counts: MemoryProgram = ({ words }) => {
  for (const value of [1, 2, 3, 0]) words[0] = value;
};

const unwinds: MemoryProgram = ({ words }, say) => {
  try {
    words[0] = 1;
  } finally {
    say('end');
  }
};

const sleeps: MemoryProgram = ({ words, atomics }) => void atomics.wait(words, 0, 0);

const wakes =
  (count?: number): MemoryProgram =>
  ({ words, atomics }) => {
    atomics.store(words, 0, 1);
    atomics.notify(words, 0, count);
  };

const allAreAwake: MemoryModel['judgeEnd'] = ({ sleepsAt }) => (sleepsAt.includes(0) ? 'One sleeps' : undefined);
const judgeEnd = (): undefined => undefined;
const idle: MemoryProgram = judgeEnd;

describe('An exploration', () => {
  it('meets a throw of a thread also where another order ends it in the same state', () => {
    const expected = 'wrong: Thread 0 throws: Error: It has seen the 1';
    expect(explored([reader, writer])).toBe(expected);
    expect(explored([writer, reader])).toBe(expected.replace('Thread 0', 'Thread 1'));
  });

  it('tells values apart that JSON does not, and takes those that JSON refuses', () => {
    const ends = new Set<unknown>();
    const look: MemoryModel['judgeEnd'] = ({ said }) => void ends.add(said[0]![0]);
    expect(explored([says, counts], { judgeEnd: look })).toBe('ok');
    expect(ends).toEqual(new Set([null, undefined, Number.NaN, 1n]));
  });

  it('does not believe what a program says while it unwinds', () => {
    const said = new Set<string>();
    const look: MemoryModel['judgeEnd'] = (end) => void said.add(JSON.stringify([end.wasKilled, end.said]));
    expect(explored([], { threads: [{ program: unwinds, mayDie: true }], killsMax: 1, judgeEnd: look })).toBe('ok');
    expect([...said].toSorted()).toEqual(['[[false],[["end"]]]', '[[true],[[]]]']);
  });

  it('wakes as many sleepers as it is told to, those that fell asleep first', () => {
    expect(explored([sleeps, sleeps, wakes()], { judgeEnd: allAreAwake })).toBe('ok');
    expect(explored([sleeps, sleeps, wakes(1)], { judgeEnd: allAreAwake })).toBe('wrong: One sleeps');
  });

  let runs = 0;
  it.each<readonly [string, MemoryProgram, string]>([
    ['an access outside of the memory', ({ words }) => words[2], 'RangeError: Cannot access word 2: it must be an'],
    ['a negative index', ({ atomics, words }) => atomics.load(words, -1), 'RangeError: Cannot access word -1: it must'],
    ['a method of the array', ({ words }) => words.fill(1), 'TypeError: '],
    ['bytes', ({ bytes }) => bytes[0], 'InvariantError: Programs that are explored access words'],
    ['a promise', async ({ words }) => void (words[0] = await Promise.resolve(1)), 'It returns a promise'],
    ['a memory of its own', ({ words }) => (words[0] = ++runs), 'Error: After the same results, it makes another'],
    ['an end of its own', ({ words }) => (++runs % 2 === 1 ? words[0] : 0), 'After the same results, it makes another'],
  ])('names the thread that has %s', (_, program, said) => {
    runs = 0;
    expect(explored([() => undefined, program])).toContain(`wrong: Thread 1 throws: ${said}`);
  });

  const words = new Int32Array(1);
  it.each<readonly [string, MemoryModel]>([
    ['words.length 0', { words: new Int32Array(0), threads: [{ program: idle }], judgeEnd }],
    ['words.length 16385', { words: new Int32Array(16_385), threads: [{ program: idle }], judgeEnd }],
    ['threads.length 0', { words, threads: [], judgeEnd }],
    ['threads.length 32', { words, threads: Array.from({ length: 32 }, () => ({ program: idle })), judgeEnd }],
    ['killsMax -1', { words, threads: [{ program: idle }], killsMax: -1, judgeEnd }],
    ['after 1', { words, threads: [{ program: idle, after: 1 }], judgeEnd }],
    ['stores late', { words, threads: [{ program: idle }], stores: 'late' as 'buffered', judgeEnd }],
  ])('refuses %s', (name, model) => {
    const message = new RegExp(`^Cannot use ${name}: it must be `);
    expect(() => exploreMemory(model)).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT', message: expect.stringMatching(message) }),
    );
  });
});
