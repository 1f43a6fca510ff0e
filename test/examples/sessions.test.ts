// The example of sessions: each request reads what the one before has written, whichever thread serves it.
import { expect, it } from 'vitest';
import { linesOf } from './lines-of.ts';

it('sessions.ts greets everybody by the name that they have just chosen', { timeout: 60_000 }, async () => {
  expect(await linesOf('sessions')).toEqual([
    'rename to Ada: ok',
    'hello Ada',
    'rename to Ada Lovelace: ok',
    'hello Ada Lovelace',
  ]);
});
