// Values that expire, between threads, under deaths, and whatever the wall clock does.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { BatchWrite, Cluster } from '../../src/index.ts';
import { injectFault } from '../../src/testing/index.ts';

const HOUR_MS = 3_600_000;
const ABSENT = { outcome: 'absent' };

let cluster: Cluster;

beforeAll(async () => {
  const buckets = { short: { ttlMs: 5 }, long: { ttlMs: HOUR_MS }, once: { writeOnce: true, ttlMs: 5 } };
  cluster = await openCluster({ replicas: 3, buckets });
});
afterAll(() => cluster.close());
afterEach(() => vi.restoreAllMocks());

describe('A value that expires', { timeout: 60_000 }, () => {
  it('has the same moment in all threads', async () => {
    await cluster.put('expires in main', 'by main', { ttlMs: HOUR_MS });
    const worker = new Worker(new URL('../fixtures/cluster/client.ts', import.meta.url), {
      workerData: { handle: cluster.handle(), job: 'expiry' },
    });
    const exited = once(worker, 'exit');
    const [[gone, there]] = (await once(worker, 'message')) as [[unknown, { readonly expiresInMs: number }]];
    await exited;
    expect(gone).toEqual(ABSENT);
    expect(there).toMatchObject({ outcome: 'ok', value: 'by main' });
    const here = await cluster.get('expires late');
    expect(here).toMatchObject({ outcome: 'ok', value: 'by worker' });
    for (const leftMs of [there.expiresInMs, here.outcome === 'ok' && here.expiresInMs]) {
      expect(leftMs).toBeGreaterThan(HOUR_MS - 60_000);
      expect(leftMs).toBeLessThanOrEqual(HOUR_MS);
    }
    expect(await cluster.get('expires soon')).toEqual(ABSENT);
  });

  it('takes no heed of the wall clock', async () => {
    await cluster.put('wall', 1, { ttlMs: HOUR_MS });
    const now = Date.now();
    for (const ms of [now + 100 * HOUR_MS, 0]) {
      vi.spyOn(Date, 'now').mockReturnValue(ms);
      expect(await cluster.get('wall')).toMatchObject({ outcome: 'ok', value: 1 });
      expect(await cluster.increment('wall', 0)).toMatchObject({ outcome: 'ok', value: 1 });
    }
    vi.spyOn(Date, 'now').mockReturnValue(0);
    await cluster.put('wall', 2, { ttlMs: 5 });
    while ((await cluster.get('wall')).outcome === 'ok');
    expect(await cluster.get('wall')).toEqual(ABSENT);
  });

  it('is gone for good once one client has found it so, whoever is killed', async () => {
    const other = await connectCluster(cluster.handle());
    const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`);
    for (let pass = 0; pass < 3; pass++) {
      await cluster.batch(keys.map((key, index) => ({ kind: 'put', key, value: pass, ttlMs: 1 + (index % 20) })));
      await injectFault(cluster, pass, 'terminate');
      const left = new Set(keys);
      while (left.size > 0) {
        const reads = await cluster.getMany([...left]);
        const gone = [...left].filter((_, index) => reads[index]!.outcome === 'absent');
        expect(await other.getMany(gone)).toEqual(gone.map(() => ABSENT));
        for (const key of gone) left.delete(key);
      }
      await vi.waitUntil(() => cluster.inspect().replicas.every(({ state }) => state === 'operational'));
      expect(await other.getMany(keys)).toEqual(keys.map(() => ABSENT));
    }
    await other.close();
  });
});

describe('What has expired and nobody reads', { timeout: 60_000 }, () => {
  it('is deleted and then forgotten by all replicas, and the rest stays', async () => {
    const store = await openCluster({ replicas: 3, collectAfterMs: 50 });
    await store.batch(Array.from({ length: 500 }, (_, index) => writeOf(index)));
    const keys = (): number[] => store.inspect().replicas.map((replica) => replica.keys);
    await vi.waitUntil(() => keys().every((count) => count === 100), { timeout: 50_000 });
    expect(await store.get('k450')).toMatchObject({ outcome: 'ok', value: 450 });
    expect(await store.get('k7')).toEqual(ABSENT);
    await store.close();
  });
});

describe('A bucket with a ttlMs', () => {
  it('lets what is written in it expire, unless a write says when', async () => {
    const short = cluster.bucket('short');
    await short.put('k', 1);
    await short.put('longer', 1, { ttlMs: HOUR_MS });
    while ((await short.get('k')).outcome === 'ok');
    expect(await short.get('longer')).toMatchObject({ outcome: 'ok', value: 1 });
  });

  it('keeps the moment of a value that is changed, and gives one to what is new', async () => {
    const long = cluster.bucket('long');
    await long.put('k', 1, { ttlMs: 2 * HOUR_MS });
    await long.increment('k');
    await long.increment('new');
    const reads = await long.getMany(['k', 'new']);
    const [kept, fresh] = reads.map((read) => (read.outcome === 'ok' ? read.expiresInMs : undefined));
    expect(kept).toBeGreaterThan(HOUR_MS);
    expect(fresh).toBeGreaterThan(0);
    expect(fresh).toBeLessThanOrEqual(HOUR_MS);
  });

  it('that is written once is written again when that has expired', async () => {
    const bucket = cluster.bucket('once');
    await bucket.put('k', 1);
    while ((await bucket.put('k', 2, { ttlMs: HOUR_MS })).outcome !== 'ok');
    expect(await bucket.put('k', 3)).toMatchObject({ outcome: 'conflict', value: 2 });
  });

  it.each([
    [{ ttlMs: 0 }, 'Cannot use ttlMs 0'],
    [{ ttlMs: 5, conflicts: 'siblings' }, "Cannot use ttlMs with conflicts 'siblings' in bucket 'b'"],
    [{ ttlMs: 5, conflicts: 'merge', merge: 'counter' }, "Cannot use ttlMs with conflicts 'merge' in bucket 'b'"],
  ] as const)('is refused where it contradicts itself: %j', async (rules, message) => {
    await expect(openCluster({ replicas: 1, buckets: { b: rules } })).rejects.toThrow(message);
  });
});

/** Most keys soon expire. */
function writeOf(index: number): BatchWrite {
  const put = { kind: 'put', key: `k${index}`, value: index } as const;
  return index < 400 ? { ...put, ttlMs: 5 } : put;
}
