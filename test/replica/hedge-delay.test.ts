import { describe, expect, it } from 'vitest';
import { HEDGE_MS_MAX, HEDGE_MS_MIN } from '../../src/base/limits.ts';
import { seededRandom, unitOf } from '../../src/base/random.ts';
import { HedgeDelay } from '../../src/replica/hedge-delay.ts';
import { testSeed } from '../support/seed.ts';

const SEED = testSeed();
/** A quarter octave, and what the percentile of 256 samples may be off. */
const OFF_MAX = 1.4;

describe('The hedge delay', () => {
  it('is the longest before anything is known', () => {
    expect(new HedgeDelay().ms).toBe(HEDGE_MS_MAX);
  });

  it.each([
    ['reads take 1 to 2 ms', 1, 2, 1.95],
    ['reads take 3 to 7 ms', 3, 7, 6.8],
    ['reads take next to nothing', 0, 0.01, HEDGE_MS_MIN],
    ['reads take for ever', 50, 5000, HEDGE_MS_MAX],
    ['reads take longer than can be told', 1e12, 1e13, HEDGE_MS_MAX],
  ])(`where %s, is about what 95 of 100 of them take (seed ${SEED})`, (_, least, most, expected) => {
    const random = seededRandom(SEED);
    const delay = new HedgeDelay();
    for (let sample = 0; sample < 4096; sample++) delay.note(least + (most - least) * unitOf(random));
    expect(delay.ms).toBeGreaterThanOrEqual(expected / OFF_MAX);
    expect(delay.ms).toBeLessThanOrEqual(expected * OFF_MAX);
  });

  it('forgets: what was slow long ago counts no more', () => {
    const delay = new HedgeDelay();
    for (let sample = 0; sample < 2000; sample++) delay.note(10);
    for (let sample = 0; sample < 2000; sample++) delay.note(1);
    expect(delay.ms).toBeLessThan(OFF_MAX);
  });

  it('heeds the slow tenth, and not the slow hundredth', () => {
    expect(delayOf(10)).toBeGreaterThan(7);
    expect(delayOf(100)).toBeLessThan(OFF_MAX);
  });
});

function delayOf(every: number): number {
  const delay = new HedgeDelay();
  for (let sample = 1; sample <= 4000; sample++) delay.note(sample % every === 0 ? 8 : 1);
  return delay.ms;
}
