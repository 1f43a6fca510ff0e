// The example with a watch runs to its end.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('configuration.ts hears of every change, also of those of a break', { timeout: 60_000 }, async () => {
  const hooks = new URL('from-source.ts', import.meta.url).href;
  const path = fileURLToPath(new URL('../../examples/configuration.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', hooks, path],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    'at the start: limit=10 types=png',
    'after a change, while two replicas died: limit=20 types=png',
    'after a break: limit=20 quota=5',
  ]);
});
