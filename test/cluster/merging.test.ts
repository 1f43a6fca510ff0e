// Buckets that merge, on real threads.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterClient } from '../../src/index.ts';

let cluster: Cluster;
let client: ClusterClient;

beforeAll(async () => {
  const buckets = {
    likes: { conflicts: 'merge', merge: 'counter' },
    tags: { conflicts: 'merge', merge: 'set' },
    best: { conflicts: 'merge', merge: 'custom' },
    plain: {},
  } as const;
  cluster = await openCluster({ replicas: 3, buckets });
  client = await connectCluster(cluster.handle());
});

afterAll(async () => {
  await client.close();
  await cluster.close();
});

function merge(left: unknown, right: unknown): unknown {
  return Number(left) > Number(right) ? left : right;
}

describe('A bucket that merges', () => {
  it('counts what two threads add at once', async () => {
    const counters = [cluster.merging('likes').counter('k'), client.merging('likes').counter('k')];
    await Promise.all(Array.from({ length: 100 }, (_, index) => counters[index % 2]!.add()));
    expect(await counters[0]!.get()).toMatchObject({ outcome: 'ok', value: 100 });
  });

  it('holds all that two threads add at once', async () => {
    const sets = [cluster.merging('tags').set('k'), client.merging('tags').set('k')];
    await Promise.all(Array.from({ length: 20 }, (_, index) => sets[index % 2]!.add(index)));
    expect(await sets[1]!.get()).toMatchObject({ value: new Set(Array.from({ length: 20 }, (_, index) => index)) });
  });

  it('merges by a function that each client brings', async () => {
    await cluster.merging('best', { merge }).put('k', 7);
    expect(await client.merging('best', { merge }).put('k', 5)).toMatchObject({ outcome: 'ok', value: 7 });
    expect(() => cluster.merging('best')).toThrow('it must bring a function, merge');
  });

  it('is not used as another bucket, nor the other way round', () => {
    expect(() => cluster.bucket('likes')).toThrow("it must be merging('likes'), since its conflicts are 'merge'");
    expect(() => cluster.siblings('likes')).toThrow("it must be merging('likes')");
    expect(() => client.merging('plain')).toThrow("it must be bucket('plain')");
    expect(() => client.merging('other')).toThrow("Cannot use bucket 'other'");
  });

  it.each<[rules: object, message: string]>([
    [
      { conflicts: 'merge' },
      "Cannot use merge 'undefined' of bucket 'a': with conflicts 'merge' it must be one of count",
    ],
    [{ conflicts: 'merge', merge: 'sum' }, "Cannot use merge 'sum'"],
    [{ merge: 'set' }, "Cannot use merge 'set'"],
    [{ conflicts: 'merge', merge: 'set', writeOnce: true }, "Cannot use writeOnce with conflicts 'merge'"],
    [{ conflicts: 'merge', merge: 'set', readLevel: 'two' }, 'Cannot use readLevel "two"'],
  ])('is not opened with %j', async (rules, message) => {
    await expect(openCluster({ buckets: { a: rules } })).rejects.toThrow(message);
  });
});
