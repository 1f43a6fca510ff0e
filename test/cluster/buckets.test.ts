import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterOptions, SyncStore } from '../../src/index.ts';

let cluster: Cluster;
let audit: SyncStore;
let stock: SyncStore;
let plain: SyncStore;

beforeAll(async () => {
  const buckets = { audit: { writeOnce: true }, stock: { exactlyOnce: true }, plain: {} };
  cluster = await openCluster({ replicas: 3, buckets });
  audit = cluster.bucket('audit');
  stock = cluster.bucket('stock');
  plain = cluster.bucket('plain');
});
afterAll(async () => cluster.close());

describe('A bucket', () => {
  it('has keys of its own', async () => {
    await cluster.put('key', 'of the cluster');
    await plain.put('key', 'of the bucket');
    await audit.put('key', 'of another');
    expect([await cluster.get('key'), await plain.get('key'), await audit.get('key')]).toMatchObject([
      { value: 'of the cluster' },
      { value: 'of the bucket' },
      { value: 'of another' },
    ]);
  });

  it('is the same for all clients', async () => {
    await plain.put('seen', 1);
    const client = await connectCluster(cluster.handle());
    expect(await client.bucket('plain').get('seen')).toMatchObject({ value: 1 });
    await client.bucket('audit').put('once', 1);
    expect(await audit.put('once', 2)).toMatchObject({ outcome: 'conflict', value: 1 });
    await client.close();
  });

  it('has all calls of a store', async () => {
    await plain.increment('n', 2);
    await plain.update('n', (value) => Number(value) * 10);
    expect(await plain.compareAndSet('n', 20, 21)).toMatchObject({ outcome: 'ok' });
    const { 0: read } = await plain.getMany(['n']);
    expect(read).toMatchObject({ value: 21 });
    await plain.batch([{ kind: 'delete', key: 'n' }]);
    expect(await plain.get('n')).toEqual({ outcome: 'absent' });
  });

  it.each([[''], [7], [undefined]])('refuses the key %j', async (key) => {
    const mistaken = key as string;
    await expect(plain.get(mistaken)).rejects.toThrow("in bucket 'plain'");
    await expect(plain.put(mistaken, 1)).rejects.toMatchObject({ code: 'ERR_QUORATE_KEY' });
  });

  it('cannot be reached around its rules', async () => {
    await expect(cluster.put('\u0001audit\u0001key', 'forged')).rejects.toThrow(
      'only those of buckets and topics begin with U+0001, U+0002',
    );
    await expect(cluster.delete('\u0001audit\u0001key')).rejects.toMatchObject({ code: 'ERR_QUORATE_KEY' });
  });

  it('that was not opened is refused, with those that were', () => {
    expect(() => cluster.bucket('stok')).toThrow("Cannot use bucket 'stok': it must be one of audit, stock, plain");
    expect(() => cluster.bucket('toString')).toThrow("Cannot use bucket 'toString'");
  });

  it.each<[buckets: unknown, message: string]>([
    [7, 'Cannot use buckets number: it must be an object by name'],
    [{ '': {} }, "Cannot use bucket name ''"],
    [{ 'a b': {} }, 'letters, digits, and . _ -'],
    [{ a: true }, "Cannot use rules of bucket 'a': it must be an object"],
    [{ a: { once: true } }, "Cannot use rule 'once' of bucket 'a': it must be one of writeOnce, exactlyOnce"],
    [{ a: { writeOnce: 1 } }, "Cannot use writeOnce of bucket 'a': number: it must be true or false"],
    [
      { a: { conflicts: 'newest' } },
      "Cannot use conflicts 'newest' of bucket 'a': it must be one of linearizable, last",
    ],
    [{ a: { conflicts: 'last-writer', writeOnce: true } }, "writeOnce with conflicts 'last-writer' in bucket 'a'"],
    [{ a: { conflicts: 'last-writer', exactlyOnce: true } }, "exactlyOnce with conflicts 'last-writer' in bucket 'a'"],
    [{ a: { readLevel: 'three' } }, 'Cannot use level three: it must be one, two, quorum, all or { r, w }'],
    [{ a: { writeLevel: { w: 6 } } }, 'Cannot use level w 6: it must be an integer from 1 to 5'],
  ])('Options %j are refused', async (buckets, message) => {
    const options = { buckets } as ClusterOptions;
    await expect(openCluster(options)).rejects.toThrow(message);
  });
});

describe('Where values are written once', () => {
  it.each<[change: string, run: (key: string) => Promise<unknown>]>([
    ['put', (key) => audit.put(key, 'again')],
    ['delete', (key) => audit.delete(key)],
    ['update', (key) => audit.update(key, () => 'again')],
    ['compareAndSet', (key) => audit.compareAndSet(key, 'first', 'again')],
    ['putIfAbsent', (key) => audit.putIfAbsent(key, 'again')],
    ['increment', (key) => audit.increment(key)],
  ])('%s finds a conflict, and the value stays', async (change, run) => {
    const { version } = (await audit.put(change, 'first')) as { version: string };
    expect(await run(change)).toEqual({ outcome: 'conflict', value: 'first', version });
    expect(await audit.get(change)).toEqual({ outcome: 'ok', value: 'first', version });
  });

  it('a write with ifVersion finds a conflict, also with the version of the value', async () => {
    const { version } = (await audit.put('versioned', 'first')) as { version: string };
    expect(await audit.put('versioned', 'again', { ifVersion: version })).toMatchObject({ outcome: 'conflict' });
  });

  it('one of many that write at once is the first', async () => {
    const client = await connectCluster(cluster.handle());
    const stores = [audit, client.bucket('audit')];
    const results = await Promise.all(Array.from({ length: 40 }, (_, index) => stores[index % 2]!.put('race', index)));
    expect(results.filter(({ outcome }) => outcome === 'ok')).toHaveLength(1);
    const winner = results.findIndex(({ outcome }) => outcome === 'ok');
    expect(await audit.get('race')).toMatchObject({ value: winner });
    await client.close();
  });

  it('an update may write the first value', async () => {
    expect(await audit.update('fresh', (value) => (value === undefined ? 'first' : 'again'))).toMatchObject({
      outcome: 'ok',
      value: 'first',
    });
  });
});

describe('Where writes happen exactly once', () => {
  it('a put and a delete are changes, with the results of writes', async () => {
    const before = cluster.metrics();
    const put = await stock.put('apples', 5);
    expect(Object.keys(put).toSorted()).toEqual(['outcome', 'version']);
    expect(await stock.delete('apples')).toMatchObject({ outcome: 'ok' });
    expect(await stock.get('apples')).toEqual({ outcome: 'absent' });
    const after = cluster.metrics();
    expect([after.changes - before.changes, after.puts - before.puts]).toEqual([2, 0]);
  });

  it('an object that is altered after the call is written as it was', async () => {
    const pears = { count: 1 };
    const writing = stock.put('pears', pears);
    pears.count = 2;
    await writing;
    expect(await stock.get('pears')).toMatchObject({ value: { count: 1 } });
  });
});
