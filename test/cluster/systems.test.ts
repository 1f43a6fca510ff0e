// Clusters whose quorums are systems, on real threads, while replicas are killed.
import { afterEach, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterOptions } from '../../src/index.ts';
import { grid, hierarchical, or, weighted } from '../../src/quorum/index.ts';
import { injectFault } from '../../src/testing/index.ts';

const KILLS = 12;
const KEYS = 50;
const { reads, writes } = grid(2, 3);

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

async function opened(options: ClusterOptions): Promise<Cluster> {
  cluster = await openCluster({ hungMs: 5000, ...options });
  return cluster;
}

describe('A cluster by a system of quorums', { timeout: 60_000 }, () => {
  it.each<[system: string, options: ClusterOptions, sizes: readonly number[]]>([
    ['a grid', { quorum: { read: reads, write: writes } }, [6, 3, 4]],
    ['weights', { quorum: { write: weighted([2, 1, 1, 1], 3) } }, [4, 2, 2]],
    ['a hierarchy', { quorum: { write: hierarchical([3, 3]) } }, [9, 4, 4]],
  ])('loses nothing while replicas are killed: %s', async (_system, options, sizes) => {
    const store = await opened(options);
    await using other = await connectCluster(store.handle());
    const { replicas, read, write } = store.inspect();
    expect([replicas.length, read, write]).toEqual(sizes);
    let acknowledged = 0;
    let kills = 0;
    for (let turn = 0; kills < KILLS; turn++) {
      const key = `k${turn % KEYS}`;
      const [counted, written] = await Promise.all([store.increment('counter'), other.put(key, turn)]);
      expect([counted.outcome, written.outcome]).toEqual(['ok', 'ok']);
      acknowledged++;
      expect(await store.get(key)).toMatchObject({ outcome: 'ok', value: turn });
      if (turn % 25 === 0 && (await injectFault(store, kills % replicas.length, 'terminate'))) kills++;
    }
    expect(await other.get('counter')).toMatchObject({ outcome: 'ok', value: acknowledged });
    const page = await other.scan('k', { limit: 1000 });
    expect(page.outcome === 'ok' && page.entries.length).toBe(Math.min(KEYS, acknowledged));
    expect(store.metrics().fastReads).toBeGreaterThan(0);
  });

  it('asks no more replicas for a read than a smallest quorum that may agree has', async () => {
    const store = await opened({ quorum: { read: reads, write: writes }, repairEveryMs: 0, collectAfterMs: 0 });
    await store.put('k', 1);
    const before = store.metrics();
    for (let turn = 0; turn < 200; turn++) await store.get('k');
    const after = store.metrics();
    expect(after.fastReads - before.fastReads).toBe(200);
    // Of 6 replicas 4; hedges, and whoever is tried again, cost a few more.
    expect(after.framesSent - before.framesSent).toBeLessThan(1.3 * 4 * 200);
  });

  it('shows its system, and copies what it was given', async () => {
    const given = { write: or(0, 1), read: reads };
    given.write = writes;
    const store = await opened({ quorum: given });
    given.write = or(0, 1);
    const { quorum, hasQuorums } = store.inspect();
    expect(hasQuorums).toBe(true);
    expect(quorum).toEqual(JSON.parse(JSON.stringify({ read: reads, write: writes, prepare: quorum!.prepare })));
    await store.reconfigure({ add: 1, remove: [5] });
    expect(store.inspect()).toMatchObject({ read: 3, write: 4, configuration: { members: [0, 1, 2, 3, 4, 6] } });
  });
});
