import { describe, expect, it } from 'vitest';
import { shareOf, unanimous, weighted } from '../../src/quorum/index.ts';
import { NO_VOTES, choose, majority, outcomeOf, withVote } from '../../src/quorum/index.ts';
import { popcount } from '../../src/base/bits.ts';

describe('Weighted votes', () => {
  it.each([
    [[1, 1, 1], 2, 0b011, true],
    [[1, 1, 1], 2, 0b100, false],
    [[5, 1, 1], 5, 0b001, true],
    [[5, 1, 1], 5, 0b110, false],
    [[2, 2, 2, 2], 5, 0b0011, false],
    [[1, 1], 2, 0b1111_1101, false],
  ] as const)(
    'Of weights %j, %i needed: whether the voters of mask %i are a quorum is %s',
    (weights, needed, mask, is) => {
      expect(weighted(weights, needed).isQuorum(mask)).toBe(is);
    },
  );

  it.each([
    ['no weights', [], 1],
    ['32 weights', Array.from({ length: 32 }, () => 1), 1],
    ['a weight of 0', [1, 0], 1],
    ['a negative weight', [1, -1], 1],
    ['a weight that is no number', [1, Number.NaN], 1],
    ['a weight of 2^53', [1, 2 ** 53], 1],
    ['a fraction', [1, 0.5], 1],
    ['more needed than there is', [1, 2], 4],
    ['nothing needed', [1, 2], 0],
  ])('V8: %s is refused', (_, weights, needed) => {
    const code = 'ERR_QUORATE_INVALID_ARGUMENT';
    expect(() => weighted(weights, needed)).toThrow(expect.objectContaining({ code }));
  });

  it('Equal weights decide as the numbers of voters do, for all n to 31', () => {
    for (let n = 1; n <= 31; n++) {
      const weights = Array.from({ length: n }, () => 1);
      for (let yes = 0; yes <= n; yes++) {
        const mask = 2 ** yes - 1;
        expect(weighted(weights, n).isQuorum(mask)).toBe(unanimous(n).isQuorum(mask));
        const half = Math.floor(n / 2) + 1;
        expect(weighted(weights, half).isQuorum(mask)).toBe(majority(n).isQuorum(mask));
      }
    }
  });

  it('Q2: majority, 7 of 10, two thirds and unanimity are what integers say, for every n to 31 and every yes', () => {
    for (let n = 1; n <= 31; n++) {
      const weights = Array.from({ length: n }, () => 1);
      for (let yes = 0; yes <= n; yes++) {
        const mask = 2 ** yes - 1;
        expect(majority(n).isQuorum(mask)).toBe(2 * yes > n);
        expect(weighted(weights, shareOf(weights, 2, 3)).isQuorum(mask)).toBe(3 * yes >= 2 * n);
        expect(unanimous(n).isQuorum(mask)).toBe(yes === n);
        if (n === 10) expect(choose(7, n).isQuorum(mask)).toBe(yes >= 7);
      }
    }
  });

  it('A share is exact where floating point is not, up to the largest weights', () => {
    const weights = Array.from({ length: 31 }, () => 1_000_000_000);
    expect(shareOf(weights, 2, 3)).toBe(20_666_666_667);
    expect(shareOf(weights, 999, 1000)).toBe(30_969_000_000);
    expect(shareOf([3, 3], 1, 3)).toBe(2);
    expect(() => shareOf([1], 2, 1)).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }));
  });

  it('A weighted tally is lost as soon as the weights that are left do not reach what is needed', () => {
    const system = weighted([3, 1, 1, 1], 4);
    const refused = withVote(NO_VOTES, 0, 'refused');
    expect(outcomeOf(system, refused)).toBe('lost');
    expect(outcomeOf(system, withVote(NO_VOTES, 3, 'refused'))).toBe('pending');
    expect(popcount(refused.refused)).toBe(1);
  });
});
