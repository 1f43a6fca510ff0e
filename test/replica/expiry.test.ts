// Values that expire: what their readers and writers are told before and after the moment.
import { describe, expect, it } from 'vitest';
import { TTL_MS_MAX } from '../../src/base/limits.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { ClientCore } from '../../src/replica/client-core.ts';
import type { CoreCluster } from './core-cluster.ts';
import { DANGERS, EXPIRING, OPTIONS, TTL_MS, expiringCluster, lateIncrement } from './expirations.ts';

const ABSENT = { outcome: 'absent' };
const CONFLICT_WITH_NOTHING = { outcome: 'conflict', value: undefined, version: undefined };
const AGAIN_MS = 1000;

/** A cluster where `k` was 5 until just now. */
function expired(): CoreCluster {
  const cluster = expiringCluster();
  cluster.run(0, (core) => core.put('k', 5, EXPIRING));
  cluster.pass(TTL_MS);
  return cluster;
}

function get(cluster: CoreCluster, client = 1): unknown {
  return cluster.run(client, (core) => core.get('k', OPTIONS));
}

describe('A value that expires', () => {
  it('is there until its moment, and says how long', () => {
    const cluster = expiringCluster();
    cluster.run(0, (core) => core.put('k', 'v', EXPIRING));
    expect(get(cluster)).toMatchObject({ outcome: 'ok', value: 'v', expiresInMs: TTL_MS });
    cluster.pass(TTL_MS - 1);
    expect(get(cluster)).toMatchObject({ outcome: 'ok', value: 'v', expiresInMs: 1 });
  });

  it('is gone from its moment on, and its deletion is decided then', () => {
    const cluster = expired();
    expect(get(cluster)).toEqual(ABSENT);
    cluster.nowMs = 0; // Whatever clocks say now.
    expect(get(cluster, 2)).toEqual(ABSENT);
  });

  it.each([
    ['text', 'text'],
    ['plain data', { a: [1, 'b'], at: new Date(7) }],
    ['bytes', new Uint8Array([1, 2, 3])],
    ['large bytes', new Uint8Array(100_000).fill(7)],
    ['large text', 'x'.repeat(50_000)],
  ])('may be %s', (_, value) => {
    const cluster = expiringCluster();
    cluster.run(0, (core) => core.put('k', value, EXPIRING));
    expect(get(cluster)).toMatchObject({ outcome: 'ok', value });
    cluster.pass(TTL_MS);
    expect(get(cluster)).toEqual(ABSENT);
  });

  it.each(['one', 'two', 'quorum', 'all'] as const)('is gone for reads at level %s', (level) => {
    const cluster = expired();
    expect(cluster.run(1, (core) => core.get('k', { ...OPTIONS, level }))).toEqual(ABSENT);
  });

  it('leaves no trace in a scan', () => {
    const cluster = expired();
    cluster.run(0, (core) => core.put('l', 1, OPTIONS));
    const page = cluster.run(1, (core) => core.scan('', OPTIONS));
    expect(page).toMatchObject({ outcome: 'ok', entries: [{ key: 'l' }] });
  });

  it('is not found again by a session that wrote it, nor by one that found it gone', () => {
    const cluster = expiringCluster();
    const writer = cluster.core(0).session('test', {});
    const reader = cluster.core(1).session('test', {});
    cluster.run(0, () => writer.put('k', 'old', OPTIONS));
    cluster.run(0, () => writer.put('k', 'v', EXPIRING));
    cluster.pass(TTL_MS);
    expect(cluster.run(0, () => writer.get('k', OPTIONS))).toEqual(ABSENT);
    expect(cluster.run(1, () => reader.get('k', { ...OPTIONS, level: 'quorum' }))).toEqual(ABSENT);
    expect(cluster.run(1, () => reader.get('k', OPTIONS))).toEqual(ABSENT);
    cluster.run(0, () => writer.put('k', 'new', OPTIONS));
    expect(cluster.run(0, () => writer.get('k', OPTIONS))).toMatchObject({ value: 'new' });
  });

  it('is read again where something newer came while it was being deleted', () => {
    const cluster = expired();
    const read = cluster.call(1, (core) => core.get('k', OPTIONS));
    cluster.exchange(1, 'read', [0, 1, 2]);
    cluster.run(0, (core) => core.put('k', 'new', OPTIONS));
    cluster.settle();
    expect(read.result).toMatchObject({ outcome: 'ok', value: 'new' });
  });
});

/** Its frames are under way; nothing of the deletion has arrived. */
function waiting(timeoutMs: number): [CoreCluster, ReturnType<CoreCluster['call']>] {
  const cluster = expired();
  const read = cluster.call(1, (core) => core.get('k', { timeoutMs }));
  cluster.exchange(1, 'read', [0, 1, 2]);
  expect(read.result).toBe(undefined);
  return [cluster, read];
}

describe('A read that waits for the deletion', () => {
  it('ends as unavailable at its deadline', () => {
    const [cluster, read] = waiting(100);
    cluster.settle([0, 1, 2]);
    expect(read.result).toMatchObject({ outcome: 'unavailable' });
    expect(get(cluster)).toEqual(ABSENT);
  });

  it('can be given up, once', () => {
    const [cluster, read] = waiting(AGAIN_MS);
    cluster.cancel(1, read, new Error('enough'));
    expect(read.result ?? read.error).toBeInstanceOf(Error);
    cluster.settle();
    expect(get(cluster)).toEqual(ABSENT);
  });

  it('ends with the client', () => {
    const [cluster, read] = waiting(AGAIN_MS);
    cluster.core(1).abandon('closed');
    expect(read.error).toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
    cluster.settle();
  });
});

type Make = (core: ClientCore) => Parameters<ClientCore['submit']>[0];

describe('To a change, an expired value is none', () => {
  it.each<[string, Make, unknown]>([
    ['an increment counts from 0', (core) => core.increment('k', 1, OPTIONS), { outcome: 'ok', value: 1 }],
    ['an update is given nothing', (core) => core.update('k', String, OPTIONS), { outcome: 'ok', value: 'undefined' }],
    ['a write where nothing is happens', (core) => core.compareAndSet('k', undefined, 1, OPTIONS), { outcome: 'ok' }],
    ['a comparison with it fails', (core) => core.compareAndSet('k', 5, 1, OPTIONS), CONFLICT_WITH_NOTHING],
  ])('%s', (_, make, result) => {
    const cluster = expired();
    const told = cluster.run(1, make);
    expect(told).toMatchObject(result as object);
    cluster.nowMs = 0;
    const isWritten = (told as { readonly outcome: string }).outcome === 'ok';
    expect(get(cluster)).toMatchObject(isWritten ? { outcome: 'ok' } : ABSENT);
  });

  it('a write on condition of its version is a conflict, and so is a delete', () => {
    const cluster = expiringCluster();
    const { version } = cluster.run(0, (core) => core.put('k', 5, EXPIRING)) as { readonly version: string };
    cluster.pass(TTL_MS);
    const options = { ...OPTIONS, ifVersion: version };
    expect(cluster.run(1, (core) => core.put('k', 6, options))).toEqual(CONFLICT_WITH_NOTHING);
    expect(cluster.run(1, (core) => core.delete('k', options))).toEqual(CONFLICT_WITH_NOTHING);
    expect(get(cluster)).toEqual(ABSENT);
  });

  it('also where the change goes by a promise of before the moment', () => {
    const cluster = expiringCluster();
    cluster.run(0, (core) => core.increment('k', 5, EXPIRING));
    cluster.pass(TTL_MS);
    expect(cluster.run(0, (core) => core.increment('k', 1, OPTIONS))).toMatchObject({ value: 1 });
    cluster.run(0, (core) => core.increment('l', 5, EXPIRING));
    cluster.pass(TTL_MS);
    const compared = cluster.run(0, (core) => core.compareAndSet('l', 5, 6, OPTIONS));
    expect(compared).toEqual(CONFLICT_WITH_NOTHING);
  });

  it('also to all changes that share a round, until one of them writes', () => {
    const cluster = expired();
    const calls = [
      cluster.begin(1, (core) => core.compareAndSet('k', 5, 6, OPTIONS)),
      cluster.begin(1, (core) => core.increment('k', 1, EXPIRING)),
      cluster.begin(1, (core) => core.compareAndSet('k', 1, 2, OPTIONS)),
      cluster.begin(1, (core) => core.increment('k', 1, OPTIONS)),
    ];
    cluster.flush(1);
    cluster.settle();
    expect(calls.map(({ result }) => result)).toMatchObject([
      CONFLICT_WITH_NOTHING,
      { outcome: 'ok', value: 1 },
      { outcome: 'ok' },
      { outcome: 'ok', value: 3 },
    ]);
    cluster.pass(TTL_MS);
    expect(get(cluster)).toMatchObject({ outcome: 'ok', value: 3 }); // The third has written it without a time.
  });

  it('and one that was computed before the moment does not land after a conflict with nothing', () => {
    const told = lateIncrement(RULES, (core) => core.compareAndSet('k', 'other', 'x', OPTIONS));
    expect(told).toEqual([CONFLICT_WITH_NOTHING, 1, 1]);
  });
});

describe('The moment of a value', () => {
  it.each<[string, Make, number | undefined]>([
    ['stays in an update', (core) => core.update('k', () => 6, OPTIONS), 30],
    ['stays in an increment', (core) => core.increment('k', 1, OPTIONS), 30],
    ['is set anew by an update that says so', (core) => core.update('k', () => 6, EXPIRING), 50],
    ['is set anew by an increment that says so', (core) => core.increment('k', 1, EXPIRING), 50],
    ['is set anew by a compare-and-set', (core) => core.compareAndSet('k', 5, 6, EXPIRING), 50],
    ['goes with a compare-and-set', (core) => core.compareAndSet('k', 5, 6, OPTIONS), undefined],
    ['is set anew by a put', (core) => core.put('k', 6, EXPIRING), 50],
    ['goes with a put', (core) => core.put('k', 6, OPTIONS), undefined],
  ])('%s', (_, make, expiresInMs) => {
    const cluster = expiringCluster();
    cluster.run(0, (core) => core.put('k', 5, EXPIRING));
    cluster.pass(20);
    expect(cluster.run(1, make)).toMatchObject({ outcome: 'ok' });
    const read = get(cluster) as { readonly value: unknown; readonly expiresInMs?: number };
    expect([read.value, read.expiresInMs]).toEqual([6, expiresInMs]);
  });

  it('of a put that is finished late is that of the put', () => {
    const cluster = expiringCluster();
    const call = cluster.call(0, (core) => core.put('k', 'v', { timeoutMs: 20, ttlMs: TTL_MS }));
    cluster.reach(0, 'accept', [0]);
    cluster.loseAllOf(0);
    cluster.settle([0, 1, 2]);
    cluster.pass(TTL_MS);
    const resolved = cluster.run(0, (core) => core.resolve(call.operationId, OPTIONS));
    expect(resolved).toMatchObject({ outcome: 'ok' });
    expect(get(cluster)).toEqual(ABSENT);
  });

  it.each([0, -1, 1.5, Number.NaN, TTL_MS_MAX + 1, '5'])('is refused where ttlMs is %s', (ttlMs) => {
    const cluster = expiringCluster();
    const options = { ...OPTIONS, ttlMs: ttlMs as number };
    const makes: Make[] = [
      (core) => core.put('k', 1, options),
      (core) => core.increment('k', 1, options),
      (core) => core.update('k', () => 1, options),
      (core) => core.compareAndSet('k', undefined, 1, options),
    ];
    for (const make of makes) {
      const code = 'ERR_QUORATE_INVALID_ARGUMENT';
      expect(() => cluster.run(0, make)).toThrow(expect.objectContaining({ code }));
    }
    expect(cluster.core(0).pending).toBe(0);
  });
});

describe('That a value has expired decides nothing by itself', () => {
  it.each(DANGERS.map((danger) => [danger.title, danger] as const))('%s: only without its rule', (_, danger) => {
    expect(danger.play(RULES)).toEqual(danger.right);
    expect(danger.play({ ...RULES, deletesExpired: false })).toEqual(danger.wrong);
  });
});
