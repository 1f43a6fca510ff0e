import { describe, expect, it } from 'vitest';
import { closedLoop, median, openLoop, percentile } from '../../../bench/harness/load.ts';

describe('The median', () => {
  it.each([
    [[3], 3],
    [[5, 900, 7], 7],
    [[1, 2, 3, 10], 2.5],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('of nothing is refused', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('The percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  it.each([
    [0, 1],
    [0.5, 50],
    [0.99, 99],
    [0.999, 100],
    [1, 100],
  ])('%d of 1 to 100 is %d: the nearest rank', (p, expected) => {
    expect(percentile(hundred, p)).toBe(expected);
  });

  it('of nothing is refused', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});

describe('A closed loop', () => {
  it('Keeps exactly `depth` operations pending, each index once, and waits for the last', async () => {
    const indices: number[] = [];
    let pending = 0;
    let pendingMax = 0;
    const operation = async (index: number): Promise<void> => {
      indices.push(index);
      pendingMax = Math.max(pendingMax, ++pending);
      await new Promise(setImmediate);
      pending--;
    };
    expect(await closedLoop(operation, { depth: 7, ms: 1 })).toBeGreaterThan(0);
    expect(pendingMax).toBe(7);
    expect(pending).toBe(0);
    expect(indices).toEqual(indices.map((_, position) => position));
  });

  it('Ends all of its lanes when an operation fails', async () => {
    await expect(closedLoop(failAt40, { depth: 2, ms: 60_000 })).rejects.toThrow('no');
  });
});

function failAt40(index: number): Promise<void> {
  return index === 40 ? Promise.reject(new Error('no')) : Promise.resolve();
}

describe('An open loop', () => {
  it('Starts the operations that are due while earlier ones are pending, and gives a latency for each', async () => {
    const pending: (() => void)[] = [];
    const latenciesMs = await openLoop(
      (index) => {
        return new Promise<void>((resolve) => {
          pending.push(resolve);
          if (index === 9) for (const settle of pending) settle(); // The last one lets all of them go.
        });
      },
      { perSecond: 1000, ms: 10 },
    );
    expect(latenciesMs).toHaveLength(10);
    expect(latenciesMs).toEqual(latenciesMs.toSorted((a, b) => a - b));
  });
});
