// The example with values that expire runs to its end.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('session-cache.ts keeps what is used, and forgets the rest everywhere', { timeout: 60_000 }, async () => {
  const hooks = new URL('from-source.ts', import.meta.url).href;
  const path = fileURLToPath(new URL('../../examples/session-cache.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', hooks, path],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    'of 12 attempts of eve at both servers 5 were let through',
    'in the next window she is let in: true',
    'ada, who comes all the time, is still known after 1.5 times the life of a session',
    'her visits: 7; those of bob, who did not come back: undefined',
    'later both servers have forgotten her: undefined, undefined',
  ]);
});
