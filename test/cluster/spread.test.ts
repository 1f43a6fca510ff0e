// Real threads that hold some keys each: whoever dies, nothing is lost, and everything that looks at all replicas finds
// every key.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

const SPREAD = { threads: 5, replicationFactor: 3 } as const;
const KEYS = 400;

async function fill(cluster: Cluster): Promise<void> {
  const puts = Array.from({ length: KEYS }, (_, index) => cluster.put(`user/${index}`, index, { level: 'all' }));
  for (const { outcome } of await Promise.all(puts)) expect(outcome).toBe('ok');
}

async function expectAll(store: Pick<Cluster, 'get'>): Promise<void> {
  const reads = Array.from({ length: KEYS }, (_, index) => store.get(`user/${index}`, { level: 'all' }));
  for (const [index, read] of (await Promise.all(reads)).entries()) {
    expect(read).toMatchObject({ outcome: 'ok', value: index });
  }
}

describe('A cluster of five threads and three copies', { timeout: 60_000 }, () => {
  it('says so, and each thread holds its share of the keys', async () => {
    await using cluster = await openCluster(SPREAD);
    await fill(cluster);
    const status = cluster.inspect();
    expect(status).toMatchObject({ replicationFactor: 3, read: 2, write: 2, recoverFrom: 4 });
    expect(status.replicas).toHaveLength(5);
    await expect
      .poll(() => cluster.inspect().replicas.reduce((sum, { keys }) => sum + keys, 0), { timeout: 10_000 })
      .toBe(3 * KEYS);
    for (const { keys } of cluster.inspect().replicas) {
      expect(keys).toBeGreaterThan(0.8 * 0.6 * KEYS);
      expect(keys).toBeLessThan(1.2 * 0.6 * KEYS);
    }
  });

  it('loses nothing, whichever thread dies, and is read the same by another client', async () => {
    await using cluster = await openCluster(SPREAD);
    await fill(cluster);
    await using other = await connectCluster(cluster.handle());
    for (let replica = 0; replica < 5; replica++) {
      const back = once(cluster, 'operational');
      expect(await injectFault(cluster, replica, 'terminate')).toBe(true);
      for (let index = 0; index < 50; index++) {
        expect(await cluster.put(`after ${replica}`, index)).toMatchObject({ outcome: 'ok' });
        expect(await other.get(`after ${replica}`)).toMatchObject({ value: index });
      }
      expect(await back).toMatchObject([{ replica }]);
    }
    await expectAll(cluster);
    await expectAll(other);
  });

  it('survives no second death at a time, since any two may hold the same key, and says so', async () => {
    await using cluster = await openCluster({ ...SPREAD, hungMs: 60_000 });
    await fill(cluster);
    expect(await injectFault(cluster, 0, 'hang')).toBe(true);
    expect(await injectFault(cluster, 3, 'terminate')).toBe(false);
    const lost = once(cluster, 'stateLost');
    expect(await injectFault(cluster, 0, 'terminate', { force: true })).toBe(false); // It is on its way already.
    for (const replica of [1, 3]) expect(await injectFault(cluster, replica, 'terminate', { force: true })).toBe(true);
    await lost;
    await cluster.reset();
    expect(await cluster.get('user/1')).toEqual({ outcome: 'absent' });
    await fill(cluster);
    await expectAll(cluster);
  });

  it('scans every key, repairs to agreement, and holds ballots of all five', async () => {
    const module = new URL('../fixtures/topics/budget.ts', import.meta.url);
    await using cluster = await openCluster({ ...SPREAD, topics: { budget: { module, threshold: 'unanimous' } } });
    await fill(cluster);
    const page = await cluster.scan('user/', { limit: 1024 });
    expect(page).toMatchObject({ outcome: 'ok' });
    expect(page.outcome === 'ok' && page.entries.length).toBe(KEYS);
    expect(await cluster.repair()).toMatchObject({ isConverged: true, keysLeft: 0 });
    expect(await cluster.propose('budget', { amount: 1 })).toMatchObject({
      outcome: 'commit',
      decision: { needed: 5 },
    });
  });

  it('carries large values', async () => {
    await using cluster = await openCluster(SPREAD);
    const bytes = new Uint8Array(1 << 20).fill(7);
    for (let index = 0; index < 5; index++) await cluster.put(`large ${index}`, bytes, { level: 'all' });
    const back = once(cluster, 'operational');
    expect(await injectFault(cluster, 1, 'terminate')).toBe(true);
    await back;
    for (let index = 0; index < 5; index++) {
      expect(await cluster.get(`large ${index}`, { level: 'all' })).toMatchObject({ value: bytes });
    }
  });
});
