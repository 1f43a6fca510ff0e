import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { minimise } from '../../src/sim/minimise.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const ITEMS = Array.from({ length: 40 }, (_, index) => index);

/** Fails with all of the needed items. */
function failsWith(needed: readonly number[]): (items: readonly number[]) => boolean {
  return (items) => needed.every((item) => items.includes(item));
}

/** Fails with two items, and with any six even ones. */
function failsTwice(items: readonly number[]): boolean {
  return failsWith([3, 17])(items) || items.filter((item) => item % 2 === 0).length > 5;
}

describe('What is left of a failing input', () => {
  it('is what it needs, in order', () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    for (let run = 0; run < 200; run++) {
      const needed = ITEMS.filter(() => below(random, 8) === 0);
      expect(minimise(ITEMS, failsWith(needed)), replayCommand('test/sim/minimise.test.ts', seed)).toEqual(needed);
    }
  });

  it('needs every single item, also where it fails for more than one reason', () => {
    const left = minimise(ITEMS, failsTwice);
    expect(failsTwice(left)).toBe(true);
    for (const item of left) expect(failsTwice(left.filter((each) => each !== item))).toBe(false);
  });

  it('is the best so far where the budget is used up', () => {
    let tries = 0;
    const left = minimise(ITEMS, (items) => tries++ < 6 && failsWith([1, 38])(items));
    expect(failsWith([1, 38])(left)).toBe(true);
  });

  it('is nothing where nothing is needed, and an only item where that is', () => {
    expect(minimise(ITEMS, () => true)).toEqual([]);
    expect(minimise([7], failsWith([7]))).toEqual([7]);
    expect(minimise([], () => false)).toEqual([]);
  });
});
