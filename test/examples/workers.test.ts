// The examples with workers run to their end, with replicas killed on the way.
import { expect, it } from 'vitest';
import { linesOf } from './lines-of.ts';

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

it('approval.ts has seven of ten approve, and keeps who said what', { timeout: 60_000 }, async () => {
  const lines = await linesOf('approval');
  expect(lines.slice(0, 6)).toEqual([
    'desk for 350: commit, agreed',
    'lamp for 500: abort, refused',
    'desk for 90: abort, refused',
    'chair and shelf: abort, commit',
    'plant for 50: abort, refused',
    'The audit record:',
  ]);
  const record = lines.slice(6);
  expect(record.map((line) => line.slice(0, line.indexOf(';')))).toEqual([
    '1. desk for 350: commit',
    '2. lamp for 500: abort',
    '3. desk for 90: abort',
    expect.stringMatching(/^4\. (chair|shelf) for 400: commit$/),
    expect.stringMatching(/^5\. (chair|shelf) for 400: abort$/),
    '6. plant for 50: abort',
  ]);
  expect(record[0]!.match(/\d yes/g)!.length).toBeGreaterThanOrEqual(7);
  expect(record[2]!).toContain('no (There is a desk already)');
  expect(record[5]!).toContain('9 abstain (On leave)');
});
