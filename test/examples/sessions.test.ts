// The example of sessions: each request reads what the one before has written, whichever thread serves it.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('sessions.ts greets everybody by the name that they have just chosen', { timeout: 60_000 }, async () => {
  const hooks = new URL('from-source.ts', import.meta.url).href;
  const path = fileURLToPath(new URL('../../examples/sessions.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', hooks, path],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    'rename to Ada: ok',
    'hello Ada',
    'rename to Ada Lovelace: ok',
    'hello Ada Lovelace',
  ]);
});
