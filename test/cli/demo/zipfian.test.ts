import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { scrambledZipfian, zipfianRank } from '../../../src/cli/demo/zipfian.ts';

/** The share of all numbers that stand for a rank below `rank`. */
function shareBelow(rank: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (zipfianRank(middle) < rank) low = middle;
    else high = middle;
  }
  return low;
}

describe('zipfianRank', () => {
  it('The first ranks take the shares that 1 / (r + 1)^0.99 gives them', () => {
    const zeta = 26.46902820178302;
    expect(shareBelow(1)).toBeCloseTo(1 / zeta, 6);
    expect(shareBelow(2)).toBeCloseTo((1 + 0.5 ** 0.99) / zeta, 6);
    // Beyond, the generator approximates; it stays close to the sum.
    const exact = Array.from({ length: 100 }, (_, rank) => (rank + 1) ** -0.99).reduce((sum, term) => sum + term, 0);
    expect(Math.abs(shareBelow(100) - exact / zeta)).toBeLessThan(0.02);
  });

  it('Ranks grow with the number they stand for, from 0 to ten thousand millions', () => {
    let last = 0;
    for (let unit = 0; unit < 1; unit += 1 / 4096) {
      expect(zipfianRank(unit)).toBeGreaterThanOrEqual(last);
      last = zipfianRank(unit);
    }
    expect(zipfianRank(0)).toBe(0);
    expect(zipfianRank(1 - 2 ** -32)).toBeLessThanOrEqual(10_000_000_000);
  });
});

/** The hash of YCSB, as its source says it: 64-bit integers. */
function fnvOf(value: number, modulus: number): number {
  let hash = 0xcbf29ce484222325n;
  for (let byte = 0n; byte < 8n; byte++) {
    hash = BigInt.asUintN(64, (hash ^ ((BigInt(value) >> (8n * byte)) & 0xffn)) * 1099511628211n);
  }
  const signed = BigInt.asIntN(64, hash);
  return Number((signed < 0n ? -signed : signed) % BigInt(modulus));
}

describe('scrambledZipfian', () => {
  it.each([1, 2, 10, 999, 10_000, 1 << 20])('It hashes ranks as YCSB does, %i keys', (keys) => {
    const random = seededRandom(keys);
    const same = seededRandom(keys);
    for (let draw = 0; draw < 2000; draw++) {
      const rank = zipfianRank(same.nextUint32() / 2 ** 32);
      expect(scrambledZipfian(random, keys)).toBe(fnvOf(rank, keys));
    }
  });

  it('One key takes about a twenty-sixth of all requests, and most keys hardly any', () => {
    const random = seededRandom(1);
    const counts = new Map<number, number>();
    for (let draw = 0; draw < 100_000; draw++) {
      const key = scrambledZipfian(random, 10_000);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(sorted[0]! / 100_000).toBeGreaterThan(0.033);
    expect(sorted[0]! / 100_000).toBeLessThan(0.043);
    expect(sorted[Math.floor(sorted.length / 2)]!).toBeLessThan(15);
    expect([...counts.keys()].every((key) => key >= 0 && key < 10_000 && Number.isInteger(key))).toBe(true);
  });

  it('The same seed gives the same keys', () => {
    const [left, right] = [seededRandom(7), seededRandom(7)];
    for (let draw = 0; draw < 100; draw++) expect(scrambledZipfian(left, 500)).toBe(scrambledZipfian(right, 500));
  });
});
