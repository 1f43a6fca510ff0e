import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../../src/base/random.ts';
import { SimClock } from '../../../src/sim/cluster/sim-clock.ts';

describe('A simulated clock', () => {
  it('runs from its own zero', () => {
    const clock = new SimClock(500);
    expect([0, 1000, 2500].map((us) => clock.readMs(us))).toEqual([500, 501, 502.5]);
  });

  it('leaps, runs at another rate from then on, stands still, and catches up', () => {
    const clock = new SimClock(0);
    clock.leap(10_000);
    expect(clock.readMs(1000)).toBe(10_001);
    clock.setRate(1000, 2);
    expect(clock.readMs(2000)).toBe(10_003);
    clock.freeze(2000, 5000);
    expect(clock.readMs(6999)).toBe(10_003);
    expect(clock.readMs(7000)).toBe(10_013);
    clock.freeze(7000, 5000);
    clock.thaw();
    expect(clock.readMs(8000)).toBe(10_015);
  });

  it('never goes back, whatever happens to it', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seededRandom(seed);
      const clock = new SimClock(0);
      let last = 0;
      for (let us = 0; us < 100_000; us += below(random, 500)) {
        if (below(random, 9) === 0) clock.setRate(us, below(random, 40) / 10);
        if (below(random, 9) === 0) clock.freeze(us, below(random, 3000));
        if (below(random, 9) === 0) clock.leap(below(random, 100));
        const now = clock.readMs(us);
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
    }
  });
});
