// The chair of a cluster on real threads: there is one, it keeps the house, and another takes over where it dies.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openCluster } from '../../src/index.ts';
import type { Cluster } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

/** Looks until something holds; the time limit of the test bounds it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

async function fill(cluster: Cluster, keys: number, deleted: number): Promise<void> {
  await Promise.all(Array.from({ length: keys }, (_, key) => cluster.put(`k${key}`, key)));
  await Promise.all(Array.from({ length: deleted }, (_, key) => cluster.delete(`k${key}`)));
}

function keysOf(cluster: Cluster): readonly number[] {
  return cluster.inspect().replicas.map(({ keys }) => keys);
}

describe('The chair', () => {
  it('is there once the cluster is open, and collects what was deleted', async () => {
    await using cluster = await openCluster({ replicas: 3, collectAfterMs: 20 });
    await until(() => cluster.chair !== undefined);
    expect(cluster.chair?.term).toBe(1);
    expect(cluster.inspect().chair).toEqual(cluster.chair);
    await fill(cluster, 300, 200);
    await until(() => keysOf(cluster).every((keys) => keys === 100));
    expect(cluster.inspect().collected).toBe(200);
    expect(await cluster.get('k1')).toEqual({ outcome: 'absent' });
    expect(await cluster.get('k250')).toMatchObject({ value: 250 });
  });

  it('passes to another replica in a later term when its thread dies, which goes on collecting', async () => {
    await using cluster = await openCluster({ replicas: 3, collectAfterMs: 20 });
    await until(() => cluster.chair !== undefined);
    const terms: number[] = [];
    for (let death = 0; death < 5; death++) {
      const { replica, term } = cluster.chair!;
      terms.push(term);
      const elected = once(cluster, 'chair');
      const operational = once(cluster, 'operational');
      expect(await injectFault(cluster, replica, 'terminate')).toBe(true);
      const [event]: unknown[] = await elected;
      expect(event).toMatchObject({ term: term + 1 });
      await operational;
      await until(() => cluster.chair !== undefined);
    }
    expect(terms).toEqual([1, 2, 3, 4, 5]);
    await fill(cluster, 100, 100);
    await until(() => keysOf(cluster).every((keys) => keys === 0));
    expect(cluster.inspect().clients, 'the clients of dead chairs have left').toBeLessThanOrEqual(2);
  });

  it('makes replicas alike again, without being asked', async () => {
    await using cluster = await openCluster({ replicas: 3, repairEveryMs: 20, readRepair: false });
    await fill(cluster, 100, 0);
    const before = cluster.inspect().replicas.map(({ handled }) => handled);
    await until(() => cluster.inspect().replicas.every(({ handled }, replica) => handled > before[replica]! + 8));
    const report = await cluster.repair();
    expect(report).toMatchObject({ keysDiffering: 0, isConverged: true });
  });

  it.each([
    ['collectAfterMs', -1],
    ['collectAfterMs', 1.5],
    ['repairEveryMs', 2 ** 31],
  ] as const)('refuses %s %d', async (option, value) => {
    await expect(openCluster({ [option]: value })).rejects.toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
  });
});
