// The example with a watch runs to its end.
import { expect, it } from 'vitest';
import { linesOf } from './lines-of.ts';

it('configuration.ts hears of every change, also of those of a break', { timeout: 60_000 }, async () => {
  expect(await linesOf('configuration')).toEqual([
    'at the start: limit=10 types=png',
    'after a change, while two replicas died: limit=20 types=png',
    'after a break: limit=20 quota=5',
  ]);
});
