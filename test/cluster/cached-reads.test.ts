// Reads with maxStaleMs on real threads: what the cache answers costs no frame, and does not outlive what it may not.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCluster } from '../../src/index.ts';
import type { Cluster } from '../../src/index.ts';

const LONG = { maxStaleMs: 600_000 } as const;
const SIBLINGS = { conflicts: 'siblings' } as const;
const MERGE = { conflicts: 'merge', merge: 'max' } as const;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await openCluster({ replicas: 3, buckets: { weak: { conflicts: 'last-writer' }, s: SIBLINGS, m: MERGE } });
});
afterAll(() => cluster.close());

describe('A read with maxStaleMs', { timeout: 60_000 }, () => {
  it('is answered by the cache from the second on, and says so', async () => {
    await cluster.put('k', 'v');
    expect(await cluster.get('k', LONG)).not.toHaveProperty('ageMs');
    const before = cluster.metrics();
    const [read, ...others] = await cluster.getMany(Array(100).fill('k') as string[], LONG);
    expect(read).toMatchObject({ outcome: 'ok', value: 'v', ageMs: expect.any(Number) as number });
    expect(others).toHaveLength(99);
    const { gets, cachedReads } = cluster.metrics();
    expect([gets, cachedReads]).toEqual([before.gets, before.cachedReads + 100]);
  });

  it('in a bucket has a cache of its own keys', async () => {
    const bucket = cluster.bucket('weak');
    await bucket.put('k', 'in the bucket', { level: 'quorum' });
    for (let time = 0; time < 2; time++) expect(await bucket.get('k', LONG)).toMatchObject({ value: 'in the bucket' });
    expect(await bucket.get('k', LONG)).toHaveProperty('ageMs');
    expect(await bucket.get('k')).not.toHaveProperty('ageMs');
  });

  it('is not taken where values remember who changed them, nor together with another level', async () => {
    const refused = { code: 'ERR_QUORATE_INVALID_ARGUMENT' };
    await expect(cluster.siblings('s').get('k', LONG as never)).rejects.toMatchObject(refused);
    await expect(cluster.merging('m').get('k', LONG as never)).rejects.toMatchObject(refused);
    await expect(cluster.get('k', { ...LONG, level: 'available' })).rejects.toMatchObject(refused);
    await expect(cluster.bucket('weak').get('k', { ...LONG, level: 'one' })).rejects.toMatchObject(refused);
  });

  it('of a thread that blocks is answered in the same way', async () => {
    await cluster.put('from main', 'v');
    const worker = new Worker(new URL('../fixtures/cluster/client.ts', import.meta.url), {
      workerData: { handle: cluster.handle(), job: 'cache' },
    });
    const exited = once(worker, 'exit');
    const [results] = (await once(worker, 'message')) as [unknown];
    await exited;
    const cached = { value: 'v', ageMs: expect.any(Number) as number };
    expect(results).toMatchObject([{ value: 'v' }, cached, cached, { cachedReads: 2 }]);
  });

  it('after a reset finds nothing of the state that is gone', async () => {
    await cluster.put('before', 'reset');
    await cluster.get('before', LONG);
    await cluster.reset();
    expect(await cluster.get('before', LONG)).toEqual({ outcome: 'absent' });
  });

  it('asks replicas each time where the cluster was opened without a cache', async () => {
    await using plain = await openCluster({ replicas: 1, standbys: 0, cacheBytesMax: 0 });
    for (let time = 0; time < 3; time++) expect(await plain.get('k', LONG)).toEqual({ outcome: 'absent' });
    expect(plain.metrics()).toMatchObject({ gets: 3, cachedReads: 0 });
    await expect(openCluster({ cacheBytesMax: -1 })).rejects.toThrow('Cannot use cacheBytesMax -1');
  });
});

describe('A session with maxStaleMs', { timeout: 60_000 }, () => {
  it('is answered by the cache, and never with what is older than what it has written', async () => {
    const session = cluster.session(LONG);
    await session.put('s', 1);
    expect(await session.get('s')).toMatchObject({ value: 1 });
    expect(await session.get('s')).toMatchObject({ value: 1, ageMs: expect.any(Number) as number });
    await session.put('s', 2);
    expect(await session.get('s')).toMatchObject({ value: 2 });
    expect(await session.get('s', { level: 'one' })).not.toHaveProperty('ageMs');
  });
});
