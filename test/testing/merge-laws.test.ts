import { describe, expect, it } from 'vitest';
import { PLAIN_MERGES } from '../../src/store/merges/plain-merges.ts';
import { brokenMergeLaws } from '../../src/testing/index.ts';

describe('The laws of merging', () => {
  it.each([
    ['max', [3, -1, 0, -0, Infinity, 2.5]],
    ['min', [3, -1, 0, -0, Infinity, 2.5]],
    ['union', [new Set([1]), new Set(), new Set(['1', 2, null])]],
  ] as const)('hold for %s', (merge, values) => {
    expect(brokenMergeLaws<unknown>(PLAIN_MERGES[merge], values)).toEqual([]);
  });

  it.each<[string, (a: number, b: number) => number, string]>([
    ['sum', (a, b) => a + b, 'Not idempotent: of 1'],
    ['left', (a) => a, 'Not commutative: of 1 and 2'],
    ['mean', (a, b) => (a + b) / 2, 'Not associative: of 1 and 1 and 2'],
  ])('do not hold for %s', (_title, merge, broken) => {
    expect(brokenMergeLaws(merge, [1, 2, 4])).toEqual([broken]);
  });

  it.each([0, 101])('are not tried on %i values', (count) => {
    expect(() =>
      brokenMergeLaws(
        Math.max,
        Array.from({ length: count }, () => 1),
      ),
    ).toThrow(`Cannot try ${count} values: they must be from 1 to 100`);
  });
});
