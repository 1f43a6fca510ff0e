import { on, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAIL_POINTS, FAIL_POINT_EXIT, setTrap } from '../../src/cluster/fail-point.ts';
import { openCluster } from '../../src/index.ts';
import type { Cluster } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

type Down = { readonly replica: number; readonly epoch: number; readonly reason: unknown };

/** Writes small and large values until `until` settles, and reads each back. */
async function withLoad<Result>(cluster: Cluster, until: Promise<Result>): Promise<Result> {
  const over = new AbortController();
  const load = (async () => {
    for (let index = 0; !over.signal.aborted; index++) {
      const value = new Uint8Array(index % 4 === 0 ? 20_000 : 10).fill(index);
      expect(await cluster.put(`load ${index % 20}`, value)).toMatchObject({ outcome: 'ok' });
      expect(await cluster.get(`load ${index % 20}`)).toMatchObject({ value });
    }
  })();
  const result = await until;
  over.abort();
  await load;
  return result;
}

/** The first death at a fail point. */
async function deathAtPoint(cluster: Cluster): Promise<Down> {
  for await (const [down] of on(cluster, 'down')) {
    const event = down as Down;
    if (JSON.stringify(event.reason) === JSON.stringify({ kind: 'exit', code: FAIL_POINT_EXIT })) return event;
  }
  throw new Error('The cluster was closed');
}

describe('A replica', { timeout: 30_000 }, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await openCluster({ replicas: 5, hungMs: 20_000, restartsMax: 100, standbys: 2 });
    for (let index = 0; index < 200; index++) await cluster.put(`kept ${index}`, index);
  });

  afterAll(() => cluster.close());

  it.each(FAIL_POINTS.map((point) => [point] as const))('dies at the point "%s", and comes back', async (point) => {
    const death = deathAtPoint(cluster);
    expect(await injectFault(cluster, 2, point)).toBe(true);
    if (point === 'helping') expect(await injectFault(cluster, 3, 'terminate')).toBe(true); // Somebody to help.
    const { replica } = await withLoad(cluster, death);
    expect(replica).toBe(2);
    while (cluster.inspect().replicas.some(({ state }) => state !== 'operational')) await once(cluster, 'operational');
    for (let index = 0; index < 200; index++) {
      expect(await cluster.get(`kept ${index}`, { level: 'all' })).toMatchObject({ value: index });
    }
  });

  it('that does not come by the point within a second is terminated all the same', async () => {
    const down = once(cluster, 'down');
    expect(await injectFault(cluster, 1, 'large')).toBe(true); // Nobody writes anything.
    expect(await down).toMatchObject([{ replica: 1, reason: { kind: 'exit', code: 1 } }]);
  });
});

describe('A trap', () => {
  it.each([
    ['before', ['stop', 'called 1']],
    ['after', ['called 1', 'stop']],
  ] as const)('stops %s the method, only while it is due, and only for its object', (when, expected) => {
    const said: string[] = [];
    class Door {
      open(by: number): number {
        said.push(`called ${by}`);
        return by;
      }
    }
    const [door, other] = [new Door(), new Door()];
    let isDue = false;
    setTrap(door, 'open', { when, isDue: () => isDue, stop: () => void said.push('stop') });
    expect(door.open(7)).toBe(7);
    expect(other.open(8)).toBe(8);
    expect(said).toEqual(['called 7', 'called 8']);
    isDue = true;
    said.length = 0;
    door.open(1);
    expect(said).toEqual(expected);
  });
});
