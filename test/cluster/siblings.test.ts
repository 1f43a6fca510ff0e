// Siblings on real threads.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterClient, ClusterOptions, SiblingsOk, SiblingStore } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

const BUCKETS = { carts: { conflicts: 'siblings' }, plain: {} } as const;

let cluster: Cluster;
let client: ClusterClient;
let carts: SiblingStore;

beforeAll(async () => {
  cluster = await openCluster({ replicas: 3, buckets: BUCKETS });
  client = await connectCluster(cluster.handle());
  carts = cluster.siblings('carts');
});

afterAll(async () => {
  await client.close();
  await cluster.close();
});

describe('A bucket with siblings', () => {
  it('keeps what two threads have put without knowing of each other', async () => {
    const others = client.siblings('carts');
    await Promise.all([carts.put('both', ['tea']), others.put('both', ['milk'])]);
    const held = (await others.get('both')) as SiblingsOk;
    expect(new Set(held.values.flat())).toEqual(new Set(['milk', 'tea']));
    const { context } = held;
    expect(await carts.put('both', ['milk', 'tea'], { context })).toMatchObject({
      outcome: 'ok',
      values: [['milk', 'tea']],
    });
  });

  it('is not used as a plain bucket, nor the other way round', () => {
    expect(() => cluster.bucket('carts')).toThrow(
      "Cannot use bucket('carts'): it must be siblings('carts'), since its conflicts are 'siblings'",
    );
    expect(() => cluster.siblings('plain')).toThrow("it must be bucket('plain')");
    expect(() => client.siblings('other')).toThrow("Cannot use bucket 'other'");
  });

  it.each<[rules: object, message: string]>([
    [{ writeOnce: true }, "Cannot use writeOnce with conflicts 'siblings' in bucket 'a'"],
    [{ exactlyOnce: true }, "Cannot use exactlyOnce with conflicts 'siblings' in bucket 'a'"],
    [
      { readLevel: 'one' },
      `Cannot use readLevel "one" with conflicts 'siblings': in bucket 'a' it must be quorum or all`,
    ],
    [{ writeLevel: { w: 1 } }, 'Cannot use writeLevel {"w":1}'],
  ])('is not opened with %j', async (rules, message) => {
    const options = { buckets: { a: { ...rules, conflicts: 'siblings' } } } as ClusterOptions;
    await expect(openCluster(options)).rejects.toThrow(message);
  });

  it('covers nothing by a context of a state that was lost', { timeout: 60_000 }, async () => {
    const small = await openCluster({ replicas: 3, standbys: 0, buckets: BUCKETS });
    const store = small.siblings('carts');
    const old = (await store.put('k', 1)) as SiblingsOk;
    const lost = once(small, 'stateLost');
    await Promise.all([0, 1, 2].map((replica) => injectFault(small, replica, 'terminate', { force: true })));
    await lost;
    await small.reset();
    await store.put('k', 2);
    expect(await store.put('k', 3, { context: old.context })).toMatchObject({ values: [3, 2] });
    await small.close();
  });
});
