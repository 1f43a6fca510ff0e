import { afterEach, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/cluster/open-cluster.ts';
import type { Cluster } from '../../src/cluster/open-cluster.ts';
import type { Watch, WatchEvent } from '../../src/store/watch.ts';
import { injectFault } from '../../src/testing/index.ts';

const KEYS = 10_000;

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

async function opened(): Promise<Cluster> {
  cluster = await openCluster({ replicas: 3 });
  return cluster;
}

/** Takes events until every key has its value; versions of a key have to grow. */
async function untilAllAre(watch: Watch, value: unknown, keys: number): Promise<number> {
  const done = new Set<string>();
  const versions = new Map<string, string>();
  let events = 0;
  while (done.size < keys) {
    const { value: event } = await watch.next();
    events++;
    const { key, version } = event!;
    if (versions.has(key)) expect(version > versions.get(key)!).toBe(true);
    versions.set(key, version);
    if (event!.value === value) done.add(key);
    else done.delete(key);
  }
  return events;
}

describe('A watch', { timeout: 60_000 }, () => {
  it('brings the last state of 10,000 keys that change, whoever is killed, to another client', async () => {
    const store = await opened();
    await using client = await connectCluster(store.handle());
    const watch = client.watch('k');
    const writeAll = (value: number): Promise<unknown> =>
      Promise.all(Array.from({ length: KEYS }, (_, key) => store.put(`k${key}`, value)));
    await writeAll(1);
    const read = untilAllAre(watch, 3, KEYS);
    await injectFault(store, 0, 'terminate');
    await writeAll(2);
    await expect.poll(() => store.inspect().replicas[0]).toMatchObject({ state: 'operational', epoch: 2 });
    await injectFault(store, 1, 'terminate');
    await writeAll(3);
    expect(await read).toBeGreaterThanOrEqual(KEYS);
  });

  it('goes on where another one has stopped', async () => {
    const store = await opened();
    await Promise.all(['a', 'b', 'c'].map((key) => store.put(key, 1)));
    const before = store.watch('');
    await untilAllAre(before, 1, 3);
    await expect.poll(() => before.position).toBeDefined();
    const from = before.position!;
    await before.return?.();
    await store.put('b', 2);
    await store.delete('c');
    const seen: WatchEvent[] = [];
    for await (const event of store.watch('', { from })) {
      seen.push(event);
      if (seen.some(({ key, value }) => key === 'b' && value === 2) && seen.some(({ kind }) => kind === 'delete'))
        break;
    }
    expect(seen.find(({ key }) => key === 'c')).toMatchObject({ kind: 'delete', value: undefined });
  });

  it('of a bucket brings its keys without the name of the bucket, and others none of them', async () => {
    cluster = await openCluster({ replicas: 3, buckets: { b: {} } });
    const [ofBucket, ofNone] = [cluster.watch('', { bucket: 'b' }), cluster.watch('')];
    await cluster.bucket('b').put('k', 1);
    await cluster.put('k', 2);
    expect((await ofBucket.next()).value).toMatchObject({ key: 'k', value: 1 });
    expect((await ofNone.next()).value).toMatchObject({ key: 'k', value: 2 });
  });

  it.each<[string, (store: Cluster, watch: Watch, controller: AbortController) => unknown, string | undefined]>([
    ['its reader leaves', (_, watch) => watch.return?.(), undefined],
    ['its signal fires', (_store, _watch, controller) => controller.abort(new Error('enough')), 'enough'],
    ['its client is closed', (store) => store.close(), 'closed'],
  ])('ends when %s', async (_, end, message) => {
    const store = await opened();
    const controller = new AbortController();
    const watch = store.watch('', { signal: controller.signal });
    const next = watch.next();
    const told = next.catch((error: unknown) => String(error));
    await end(store, watch, controller);
    if (message === undefined) expect(await told).toEqual({ done: true, value: undefined });
    else expect(await told).toContain(message);
    expect(await watch.next()).toEqual({ done: true, value: undefined });
  });

  it('is refused where the client is closed, and where its signal has fired', async () => {
    const store = await opened();
    expect(() => store.watch('', { signal: AbortSignal.abort(new Error('enough')) })).toThrow('enough');
    await store.close();
    expect(() => store.watch('')).toThrow('closed');
  });
});
