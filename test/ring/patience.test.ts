import { describe, expect, it } from 'vitest';
import { LOOKS_LEFT_OUT_MAX } from '../../src/base/limits.ts';
import { Patience } from '../../src/ring/patience.ts';

/** Numbers of the waits in which it looked, of `waits` in which looking finds `isWork`. */
function looksOf(patience: Patience, waits: number, isWork: boolean): number[] {
  const looked: number[] = [];
  for (let wait = 0; wait < waits; wait++) {
    const found = patience.tries(() => {
      looked.push(wait);
      return isWork;
    });
    expect(found).toBe(isWork && looked.at(-1) === wait);
  }
  return looked;
}

describe('Patience', () => {
  it('looks each time as long as that finds work', () => {
    expect(looksOf(new Patience(), 5, true)).toEqual([0, 1, 2, 3, 4]);
  });

  it('leaves out twice as many looks each time that one found nothing', () => {
    expect(looksOf(new Patience(), 30, false)).toEqual([0, 2, 5, 10, 19]);
  });

  it('tries again after the longest penalty, and each time as long as that pays', () => {
    const patience = new Patience();
    const looked = looksOf(patience, 10 * LOOKS_LEFT_OUT_MAX, false);
    expect(looked.at(-1)! - looked.at(-2)!).toBe(LOOKS_LEFT_OUT_MAX + 1);
    while (!patience.isDue());
    expect(looksOf(patience, 3, true)).toEqual([0, 1, 2]);
  });

  it('forgets a bad time step by step', () => {
    const patience = new Patience();
    for (const hasPaid of [false, false, false]) patience.record(hasPaid); // The next penalty is 8.
    while (!patience.isDue());
    patience.record(true);
    patience.record(false);
    let leftOut = 0;
    while (!patience.isDue()) leftOut++;
    expect(leftOut).toBe(7);
  });
});
