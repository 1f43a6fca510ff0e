// The example of weak writes: what a replica has missed, it has after a repair.
import { expect, it } from 'vitest';
import { linesOf } from './lines-of.ts';

it('sensors.ts finds the last reading of every sensor at any replica after a repair', { timeout: 60_000 }, async () => {
  expect(await linesOf('sensors')).toEqual([
    '5000 of 5000 readings acknowledged by a replica',
    'repair: 5 replicas hold the same',
    '50 of 50 sensors: level one knows the last reading',
  ]);
});
