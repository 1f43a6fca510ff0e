// The examples with workers run to their end, with replicas killed on the way.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** What an example prints, line by line. */
async function linesOf(name: string): Promise<string[]> {
  const hooks = new URL('from-source.ts', import.meta.url).href;
  const path = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', hooks, path],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

it('workers.ts counts every word exactly as often as it stands in the text', { timeout: 60_000 }, async () => {
  expect(await linesOf('workers')).toEqual(['a 5', 'and 1', 'does 1', 'is 3', 'rose 5', 'what 1']);
});

it('inventory.ts sells every piece once, whoever is killed, and loses no order', { timeout: 60_000 }, async () => {
  const [kills, lamps, chairs, desks, orders, verdict] = await linesOf('inventory');
  expect(kills).toMatch(/^[1-9]\d* replicas were killed$/);
  expect([lamps, chairs]).toEqual(['lamp: 60 sold, 0 left', 'chair: 25 sold, 0 left']);
  const [sold, left] = (desks?.match(/\d+/g) ?? []).map(Number); // The last ones may be delivered after the rush.
  expect(sold! + left!).toBe(15);
  const total = 60 + 25 + sold!;
  expect(orders).toBe(`${total} orders noted, ${total} different, ${total} customers told yes`);
  expect(verdict).toBe('the same orders: true');
});
