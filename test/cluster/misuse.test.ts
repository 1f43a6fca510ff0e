// What a caller gives by mistake is refused by name, at once, and nothing happens; no mistake ends the process.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster } from '../../src/index.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await openCluster({
    replicas: 3,
    buckets: { plain: {}, carts: { conflicts: 'siblings' }, likes: { conflicts: 'merge', merge: 'counter' } },
    topics: { rooms: {} },
  });
});

afterAll(() => cluster.close());

const refused = { code: 'ERR_QUORATE_INVALID_ARGUMENT' };

/** Calls with options, whatever those are. */
const CALLS: readonly (readonly [string, (store: Cluster, options: never) => unknown])[] = [
  ['get', (store, options) => store.get('k', options)],
  ['put', (store, options) => store.put('k', 1, options)],
  ['delete', (store, options) => store.delete('other', options)],
  ['update', (store, options) => store.update('k', () => 1, options)],
  ['compareAndSet', (store, options) => store.compareAndSet('k', 1, 1, options)],
  ['scan', (store, options) => store.scan('', options)],
  ['entries', (store, options) => store.entries('', options).next()],
  ['watch', (store, options) => store.watch('', options).return!()],
  ['repair', (store, options) => store.repair(options)],
  ['propose', (store, options) => store.propose('rooms', 1, options)],
  ['decision', (store, options) => store.decision('rooms', 1, options)],
  ['get of a bucket', (store, options) => store.bucket('plain').get('k', options)],
  ['put of a bucket', (store, options) => store.bucket('plain').put('k', 1, options)],
  ['put of siblings', (store, options) => store.siblings('carts').put('k', 1, options)],
  ['add of a counter', (store, options) => store.merging('likes').counter('k').add(1, options)],
  ['get of a session', (store, options) => store.session().get('k', options)],
];

/** A call whose mistake may throw, or reject. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  return await call();
}

describe('A call', () => {
  it.each(CALLS)('takes null for no options: %s', async (_, call) => {
    await outcomeOf(() => call(cluster, null as never));
  });

  it.each(CALLS)('refuses a signal that is none: %s', async (_, call) => {
    const mistake = { signal: new AbortController() } as never;
    await expect(outcomeOf(() => call(cluster, mistake))).rejects.toMatchObject(refused);
  });

  it.each<[string, () => unknown]>([
    ['session', () => cluster.session('token' as never)],
    ['watch', () => cluster.watch('', 'from' as never)],
    ['repair', () => cluster.repair('deep' as never)],
    ['a bucket whose name is no text', () => cluster.bucket(Symbol('plain') as never)],
    ['a topic whose name is no text', () => cluster.propose({ toString: () => expect.fail('asked') } as never, 1)],
    ['a number that no text can be made of', () => cluster.get('k', { timeoutMs: Object.create(null) as never })],
    ['a level that is no JSON', () => cluster.siblings('carts').get('k', { level: 1n as never })],
    ['a level beside an age', () => cluster.get('k', { maxStaleMs: 1, level: 1n as never })],
    ['half of a time that is none', () => cluster.get('k', { level: 'available', timeoutMs: 1n as never })],
    ['keys that are no list', () => cluster.getMany('keys' as never)],
    ['a batch that is no list', () => cluster.batch(new Set() as never)],
    ['a batch of nothing', () => cluster.batch([undefined] as never)],
    ['no value', () => cluster.put('k', undefined)],
    ['no value, at level available', () => cluster.put('k', undefined, { level: 'available' })],
  ])('with what it cannot take is refused: %s', async (_, call) => {
    await expect(outcomeOf(call)).rejects.toMatchObject(refused);
  });

  it.each(['Put', 'increment', undefined])('of a batch with a write of kind %s writes nothing', async (kind) => {
    await cluster.put('kept', 1);
    const batch = [
      { kind: 'put', key: 'first', value: 1 },
      { kind, key: 'kept', value: 2 },
    ] as never;
    await expect(cluster.batch(batch)).rejects.toMatchObject(refused);
    expect(await cluster.getMany(['first', 'kept'])).toMatchObject([{ outcome: 'absent' }, { value: 1 }]);
  });
});

describe('A client', () => {
  it.each([NaN, -1, 2 ** 31, '5', null])('that is closed with a time of %s stays open', async (timeoutMs) => {
    const client = await connectCluster(cluster.handle());
    await expect(client.close({ timeoutMs: timeoutMs as number })).rejects.toMatchObject(refused);
    expect(await client.put('open', 1)).toMatchObject({ outcome: 'ok' });
    await client.close();
    await expect(client.put('open', 2)).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  });
});

describe('A cluster', () => {
  it.each<[string, unknown]>([
    ['with a text for options', 'three'],
    ['with a signal that is none', { replicas: 3, signal: {} }],
  ])('is not opened %s', async (_, options) => {
    await expect(openCluster(options as never)).rejects.toMatchObject(refused);
  });

  it('that is closed is not reset', async () => {
    const closed = await openCluster({ replicas: 1 });
    await expect(closed.close({ timeoutMs: -1 })).rejects.toMatchObject(refused);
    await closed.close();
    await expect(closed.reset()).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  });
});
