import { describe, expect, it } from 'vitest';
import { Histogram, HISTOGRAM_US_MAX, HISTOGRAM_WORDS } from '../../src/base/histogram.ts';
import { seededRandom, unitOf } from '../../src/base/random.ts';

const SHARES = [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1] as const;

function exactPercentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
}

describe('Histogram', () => {
  it('An empty histogram answers 0 everywhere', () => {
    const histogram = new Histogram();
    expect([histogram.count, histogram.max, histogram.percentile(0.5)]).toEqual([0, 0, 0]);
  });

  it.each([1, 2, 255, 256, 257, 511, 512, 1_000, 65_535, 65_536, 1_000_000, 59_999_999, HISTOGRAM_US_MAX])(
    'One record of %i us is every percentile within 1 %, and exactly the maximum',
    (us) => {
      const histogram = new Histogram();
      histogram.record(us);
      expect(histogram.max).toBe(us);
      for (const share of SHARES) expect(Math.abs(histogram.percentile(share) - us)).toBeLessThanOrEqual(us * 0.01);
    },
  );

  it('What lies outside is counted at the nearer end', () => {
    const histogram = new Histogram();
    for (const us of [0, 0.2, -5, 1e12]) histogram.record(us);
    expect([histogram.count, histogram.percentile(0.5), histogram.max]).toEqual([4, 1, HISTOGRAM_US_MAX]);
  });

  it.each([1, 2, 3])('Percentiles of log-uniform durations are less than 1 % off, seed %i', (seed) => {
    const random = seededRandom(seed);
    const values = Array.from({ length: 20_000 }, () => Math.round(Math.exp(unitOf(random) * Math.log(6e7))));
    const histogram = new Histogram();
    for (const value of values) histogram.record(value);
    const sorted = values.map((value) => Math.max(1, value)).sort((a, b) => a - b);
    for (const share of SHARES) {
      const exact = exactPercentile(sorted, share);
      expect(Math.abs(histogram.percentile(share) - exact), `share ${share}`).toBeLessThanOrEqual(exact * 0.01 + 0.5);
    }
  });

  it('Two histograms added are the histogram of both', () => {
    const [left, right, both] = [new Histogram(), new Histogram(), new Histogram()];
    for (let us = 1; us < 100_000; us += 7) {
      (us % 2 === 0 ? left : right).record(us);
      both.record(us);
    }
    left.add(right);
    for (const share of SHARES) expect(left.percentile(share)).toBe(both.percentile(share));
    expect([left.count, left.max]).toEqual([both.count, both.max]);
  });

  it('Two views of one shared array see the same records', () => {
    const words = new Uint32Array(new SharedArrayBuffer(HISTOGRAM_WORDS * 4));
    new Histogram(words).record(1234);
    expect(new Histogram(words).max).toBe(1234);
  });

  it('Wrong sizes and shares are refused', () => {
    expect(() => new Histogram(new Uint32Array(3))).toThrow(RangeError);
    expect(() => new Histogram().percentile(1.1)).toThrow(RangeError);
    expect(() => new Histogram().percentile(Number.NaN)).toThrow(RangeError);
  });
});
