// The example with values that expire runs to its end.
import { expect, it } from 'vitest';
import { linesOf } from './lines-of.ts';

it('session-cache.ts keeps what is used, and forgets the rest everywhere', { timeout: 60_000 }, async () => {
  expect(await linesOf('session-cache')).toEqual([
    'of 12 attempts of eve at both servers 5 were let through',
    'in the next window she is let in: true',
    'ada, who comes all the time, is still known after 1.5 times the life of a session',
    'her visits: 7; those of bob, who did not come back: undefined',
    'later both servers have forgotten her: undefined, undefined',
  ]);
});
