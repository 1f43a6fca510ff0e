// The example of weak writes: what a replica has missed, it has after a repair.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('sensors.ts finds the last reading of every sensor at any replica after a repair', { timeout: 60_000 }, async () => {
  const hooks = new URL('from-source.ts', import.meta.url).href;
  const path = fileURLToPath(new URL('../../examples/sensors.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', hooks, path],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    '5000 of 5000 readings acknowledged by a replica',
    'repair: 5 replicas hold the same',
    '50 of 50 sensors: level one knows the last reading',
  ]);
});
