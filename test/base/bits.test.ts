import { expect, test } from 'vitest';
import { lowestBitIndex, lowestBits, maskOf, popcount } from '../../src/base/bits.ts';

test.each([
  [[], 0],
  [[0], 0b1],
  [[3, 1, 3], 0b1010],
  [[30], 2 ** 30],
  [[31], -(2 ** 31)],
])('the mask of %j is %i', (indices, mask) => {
  expect(maskOf(indices)).toBe(mask);
  expect(maskOf(new Set(indices))).toBe(mask);
  expect(popcount(mask)).toBe(new Set(indices).size);
});

test('the lowest bits of a mask are counted from its first one', () => {
  expect([0, 1, 5, 31].map(lowestBits)).toEqual([0, 1, 0b11111, 2 ** 31 - 1]);
  expect([0b1, 0b1100, -(2 ** 31)].map(lowestBitIndex)).toEqual([0, 2, 31]);
});
