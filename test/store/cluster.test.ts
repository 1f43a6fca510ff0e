import { describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { ClusterOptions, Store } from '../../src/index.ts';
import { CASES, describeStore } from './conformance.ts';
import type { Engine } from './conformance.ts';

describe.each<[name: string, options: ClusterOptions]>([
  ['a cluster in this process', { replicas: 3 }],
  ['a cluster whose keys are spread over seven threads', { threads: 7, replicationFactor: 3 }],
])('Of clusters', (name, options) => {
  describeStore({
    name,
    lacks: {},
    open: async () => {
      const store = await openCluster(options);
      const other = await connectCluster(store.handle());
      const close = async (): Promise<void> => {
        await other.close();
        await store.close();
      };
      return { store, other, close };
    },
  });
});

const IN_BUCKETS = { 'keys of 1024 bytes': 'the name of the bucket is among them' } as const;

describe.each<[bucket: string, lacks: Engine['lacks']]>([
  ['plain', IN_BUCKETS],
  ['exactlyOnce', { ...IN_BUCKETS, 'blind writes': 'they are changes' }],
])('Of its buckets', (bucket, lacks) => {
  describeStore({
    name: `one that is ${bucket}`,
    lacks,
    open: async () => {
      const cluster = await openCluster({ replicas: 3, buckets: { plain: {}, exactlyOnce: { exactlyOnce: true } } });
      const client = await connectCluster(cluster.handle());
      const close = async (): Promise<void> => {
        await client.close();
        await cluster.close();
      };
      return { store: cluster.bucket(bucket), other: client.bucket(bucket), close };
    },
  });
});

describe('The table of cases', () => {
  it('says at least a hundred things, none of them twice', () => {
    const sentences = Object.entries(CASES).flatMap(([about, cases]) => cases.map(({ says }) => `${about} ${says}`));
    expect(new Set(sentences).size).toBe(sentences.length);
    // Those that differ only in a number count once.
    const distinct = new Set(sentences.map((sentence) => sentence.replaceAll(/\d+/g, 'n')));
    expect(distinct.size).toBeGreaterThanOrEqual(100);
  });
});

describe('An engine that is broken', () => {
  it.each<[how: string, about: string, says: string, broken: (store: Store) => Partial<Store>]>([
    [
      'compares as text',
      'A compare-and-set that answers what is held, of',
      '1 and "1"',
      (store) => ({
        compareAndSet: (key, expected, next) =>
          store.update(key, (held) => (String(held) === String(expected) ? next : held)),
      }),
    ],
    [
      'increments by a read and a write',
      'An increment',
      'of two clients at once counts each of them once',
      (store) => ({
        increment: async (key, by = 1) => {
          const read = await store.get(key);
          const value = (read.outcome === 'ok' ? Number(read.value) : 0) + by;
          const written = await store.put(key, value);
          return written.outcome === 'ok' ? { ...written, value } : written;
        },
      }),
    ],
    [
      'takes no heed of versions',
      'A put with ifVersion',
      'conflicts where the same value was written again meanwhile',
      (store) => ({ put: (key, value) => store.put(key, value) }),
    ],
    [
      'stores JSON',
      'A value that comes back as it was written',
      'is undefined inside an object, which is not left out',
      (store) => ({ put: (key, value) => store.put(key, JSON.parse(JSON.stringify(value))) }),
    ],
    [
      'takes no heed of signals',
      'A signal that aborts',
      'before its call: a put rejects with the reason, and nothing happens',
      (store) => ({ put: (key, value) => store.put(key, value) }),
    ],
    [
      'normalises its keys',
      'Two keys are two',
      'that differ by the form of an accent',
      (store) => ({
        get: (key) => store.get(key.normalize()),
        put: (key, value) => store.put(key.normalize(), value),
      }),
    ],
  ])('and %s fails where it says so', async (_, about, says, broken) => {
    await using store = await openCluster({ replicas: 1 });
    await using client = await connectCluster(store.handle());
    const [good, other] = [methodsOf(store), methodsOf(client)];
    const found = CASES[about]?.find((each) => each.says === says);
    if (found === undefined) throw new Error(`There is no case of ${about} ${says}`);
    await found.run({ store: good, other, key: 'whole' });
    const [bad, badOther] = [good, other].map((each) => Object.assign({}, each, broken(each)));
    await expect(found.run({ store: bad!, other: badOther!, key: 'broken' })).rejects.toThrow();
  });
});

/** The methods of a store alone. */
function methodsOf(store: Store): Store {
  return {
    get: store.get.bind(store),
    put: store.put.bind(store),
    delete: store.delete.bind(store),
    update: store.update.bind(store),
    compareAndSet: store.compareAndSet.bind(store),
    putIfAbsent: store.putIfAbsent.bind(store),
    increment: store.increment.bind(store),
    getMany: store.getMany.bind(store),
    scan: store.scan.bind(store),
    entries: store.entries.bind(store),
    batch: store.batch.bind(store),
    resolve: store.resolve.bind(store),
  };
}
