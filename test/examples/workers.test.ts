// The example with workers runs to its end, with a replica killed on the way.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('workers.ts counts every word exactly as often as it stands in the text', { timeout: 60_000 }, async () => {
  const hooks = new URL('from-source.ts', import.meta.url).href;
  const path = fileURLToPath(new URL('../../examples/workers.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', hooks, path],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual(['a 5', 'and 1', 'does 1', 'is 3', 'rose 5', 'what 1']);
});
