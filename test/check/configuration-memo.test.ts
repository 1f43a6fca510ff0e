import { expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { ConfigurationMemo } from '../../src/check/configuration-memo.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const SEED = testSeed();

it('A memo knows what it was given, and nothing else, as a set of texts does', () => {
  const random = seededRandom(SEED);
  const memo = new ConfigurationMemo({ steps: 0, memoBytes: 1 << 26 });
  const known = new Set<string>();
  for (let run = 0; run < 40_000; run++) {
    const low = 1 + below(random, 3);
    const high = low + below(random, 3);
    const mask = Int32Array.from({ length: 6 }, (_, word) => (word > 0 && word < low ? -1 : 0));
    mask[0] = below(random, 8);
    for (let word = low; word < high; word++) mask[word] = 1 + below(random, 4);
    const state = below(random, 6);
    const text = `${state} ${mask.join(' ')}`;
    const isNew = memo.add(state, mask, { fixed: 1, low, high });
    expect(isNew, replayCommand('test/check/configuration-memo.test.ts', SEED)).toBe(!known.has(text));
    known.add(text);
  }
  expect(known.size).toBeGreaterThan(1000);
});

it('A memo out of bytes says so', () => {
  const memo = new ConfigurationMemo({ steps: 0, memoBytes: 8192 });
  const answers = new Set<boolean | undefined>();
  for (let state = 0; state < 1000; state++)
    answers.add(memo.add(state, new Int32Array(1), { fixed: 0, low: 0, high: 1 }));
  expect([...answers]).toEqual([true, undefined]);
});
