import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCluster } from '../../src/index.ts';
import type { Cluster, Level } from '../../src/index.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await openCluster();
});

afterAll(() => cluster.close());

describe('A value', () => {
  it.each([
    ['a short string', 'hello'],
    ['an empty string', ''],
    ['a string that is not ASCII', 'żółć 😀'],
    ['bytes', new Uint8Array([0, 1, 255])],
    ['no bytes', new Uint8Array()],
    ['a number', -0],
    ['null', null],
    ['nested plain data', { list: [1, { deep: true }], when: new Date(0), map: new Map([['k', 2n]]) }],
    ['a string longer than a frame', 'x'.repeat(70_000)],
    ['bytes longer than a ring', new Uint8Array(1 << 20).fill(9)],
    ['the longest value', new Uint8Array(16 * 1024 * 1024).fill(1)],
  ])('of %s is read as it was written', async (name, value) => {
    const written = await cluster.put(`value of ${name}`, value);
    expect(written.outcome).toBe('ok');
    const read = await cluster.get(`value of ${name}`);
    if (read.outcome !== 'ok') throw new Error(`It read ${read.outcome}`);
    expect(read.version).toBe(written.outcome === 'ok' ? written.version : '');
    if (value instanceof Uint8Array) expect(Buffer.compare(read.value as Uint8Array, value)).toBe(0);
    else expect(read.value).toStrictEqual(value);
  });

  it('is a copy: changing what was written or read changes nothing', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const writing = cluster.put('copy', bytes);
    bytes[0] = 99;
    await writing;
    const first = await cluster.get('copy');
    if (first.outcome !== 'ok') throw new Error('It is there');
    (first.value as Uint8Array)[1] = 99;
    expect(await cluster.get('copy')).toMatchObject({ value: new Uint8Array([1, 2, 3]) });
  });

  it.each([
    ['longer than 16 MiB', new Uint8Array(16 * 1024 * 1024 + 1), 'ERR_QUORATE_VALUE_TOO_LARGE'],
    ['a function', () => 1, 'ERR_QUORATE_UNSENDABLE'],
    ['a symbol', Symbol('s'), 'ERR_QUORATE_UNSENDABLE'],
  ])('that is %s is refused before anything leaves', async (_, value, code) => {
    await expect(cluster.put('refused', value)).rejects.toMatchObject({ code });
    expect(await cluster.get('refused')).toEqual({ outcome: 'absent' });
  });
});

describe('A key', () => {
  it.each([
    ['one character', 'k'],
    ['a prototype name', '__proto__'],
    ['composed', '\u00e9'],
    ['decomposed', 'e\u0301'],
    ['NUL', 'a\0b'],
    ['1024 ASCII characters', 'k'.repeat(1024)],
    ['1024 bytes of wide characters', 'é'.repeat(512)],
  ])('that is %s is a key of its own', async (name, key) => {
    await cluster.put(key, name);
    expect(await cluster.get(key)).toMatchObject({ outcome: 'ok', value: name });
    await cluster.delete(key);
    expect(await cluster.get(key)).toEqual({ outcome: 'absent' });
  });

  it.each([
    ['empty', '', RangeError],
    ['longer than 1024 bytes', 'k'.repeat(1025), RangeError],
    ['longer than 1024 bytes in UTF-8', 'é'.repeat(513), RangeError],
    ['not well-formed', '\ud800', RangeError],
    ['no string', 7 as unknown as string, TypeError],
  ])('that is %s is refused', async (_, key, type) => {
    const refusal = await cluster.put(key, 1).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(type);
    expect(refusal).toMatchObject({ code: 'ERR_QUORATE_KEY' });
  });
});

describe('An operation', () => {
  it.each<[string, Level]>([
    ['one', 'one'],
    ['two', 'two'],
    ['quorum', 'quorum'],
    ['all', 'all'],
    ['{ r: 2, w: 4 }', { r: 2, w: 4 }],
  ])('at level %s reads what it wrote', async (name, level) => {
    expect(
      await cluster.put(`level ${name}`, name, { level: typeof level === 'object' ? level : 'all' }),
    ).toMatchObject({
      outcome: 'ok',
    });
    expect(await cluster.get(`level ${name}`, { level })).toMatchObject({ outcome: 'ok', value: name });
  });

  it.each([
    ['a level that is none', { level: 'most' as Level }],
    ['r of 0', { level: { r: 0 } }],
    ['w beyond the replicas', { level: { w: 6 } }],
    ['no time', { timeoutMs: 0 }],
    ['a time that is no integer', { timeoutMs: 1.5 }],
  ])('with %s is refused with what is allowed', async (_, options) => {
    await expect(cluster.get('k', options)).rejects.toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
  });

  it('that is aborted before it begins rejects with the reason', async () => {
    const reason = new Error('changed my mind');
    await expect(cluster.put('aborted', 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await cluster.get('aborted')).toEqual({ outcome: 'absent' });
  });

  it('that is aborted in the same turn has not left, and rejects', async () => {
    const controller = new AbortController();
    const write = cluster.put('aborted', 1, { signal: controller.signal });
    controller.abort(new Error('too late'));
    await expect(write).rejects.toThrow('too late');
    expect(await cluster.get('aborted')).toEqual({ outcome: 'absent' });
  });

  it('leaves no listener on its signal', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const add = controller.signal.addEventListener.bind(controller.signal);
    const remove = controller.signal.removeEventListener.bind(controller.signal);
    controller.signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    controller.signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    await cluster.put('signalled', 1, { signal: controller.signal });
    expect(listeners).toBe(0);
  });

  it('of a thousand at once keeps its own result', async () => {
    const writes = Array.from({ length: 1000 }, (_, index) => cluster.put(`many ${index}`, index));
    expect(new Set((await Promise.all(writes)).map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
    const keys = Array.from({ length: 1000 }, (_, index) => `many ${index}`);
    const read = await cluster.getMany(keys);
    expect(read.map((result) => (result.outcome === 'ok' ? result.value : result.outcome))).toEqual(
      keys.map((_, index) => index),
    );
  });

  it('beyond all slots and rings waits its turn', async () => {
    const value = 'x'.repeat(4000);
    const writes = Array.from({ length: 5000 }, (_, index) => cluster.put(`flood ${index % 100}`, value));
    const outcomes = await Promise.all(writes);
    expect(outcomes.every(({ outcome }) => outcome === 'ok')).toBe(true);
  });

  it('of a batch settles in the order of the batch', async () => {
    await cluster.put('b2', 'old');
    const results = await cluster.batch([
      { kind: 'put', key: 'b1', value: 1 },
      { kind: 'delete', key: 'b2' },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    expect(await cluster.getMany(['b1', 'b2'])).toMatchObject([{ value: 1 }, { outcome: 'absent' }]);
  });

  it('of one client on one key happens in the order of the calls', async () => {
    const versions = await Promise.all(Array.from({ length: 50 }, (_, index) => cluster.put('ordered', index)));
    expect(await cluster.get('ordered')).toMatchObject({ value: 49 });
    const texts = versions.map((write) => (write.outcome === 'ok' ? write.version : ''));
    expect([...texts].sort()).toEqual(texts);
  });

  it('that blocks is refused on the main thread', () => {
    // Vitest's forks run tests on the main thread of their process.
    expect(() => cluster.getSync('k')).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_SYNC_ON_MAIN' }));
  });

  it('named by an unknown id stays unknown', async () => {
    expect(await cluster.resolve('no such operation')).toEqual({
      outcome: 'unknown',
      operationId: 'no such operation',
    });
  });
});

describe('A cluster', () => {
  it('shows its replicas without asking them', () => {
    const status = cluster.inspect();
    expect(status).toMatchObject({ read: 3, write: 3, prepare: 3, recoverFrom: 3, stateLost: false, clients: 1 });
    expect(status.replicas).toHaveLength(5);
    for (const replica of status.replicas) expect(replica).toMatchObject({ state: 'operational', epoch: 1 });
  });

  it('counts what its client did', async () => {
    const before = cluster.metrics();
    await cluster.put('counted', 1);
    await cluster.get('counted');
    await cluster.delete('counted');
    const after = cluster.metrics();
    expect({
      puts: after.puts - before.puts,
      gets: after.gets - before.gets,
      deletes: after.deletes - before.deletes,
    }).toEqual({ puts: 1, gets: 1, deletes: 1 });
  });

  it.each([
    ['R + W <= N', { read: 2, write: 3 }, 'ERR_QUORATE_CONFIGURATION'],
    ['no replicas', { replicas: 0 }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['too many replicas', { replicas: 16 }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['a ring that is no power of two', { ringBytes: 100_000 }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['no patience', { hungMs: 0 }, 'ERR_QUORATE_INVALID_ARGUMENT'],
  ])('with %s does not open', async (_, options, code) => {
    await expect(openCluster(options)).rejects.toMatchObject({ code });
  });
});
