// What has expired and nobody reads is deleted all the same, and then erased.
import { describe, expect, it } from 'vitest';
import { AFTER_MS, OPTIONS, worldOf } from './erasures.ts';

const TTL = { ...OPTIONS, ttlMs: 40 } as const;

describe('A collector', () => {
  it('deletes what has expired, and has it forgotten later; it keeps the rest', () => {
    const { cluster, collector, collect } = worldOf();
    for (let key = 0; key < 300; key++) cluster.run(0, (core) => core.put(`k${key}`, key, key < 200 ? TTL : OPTIONS));
    cluster.run(0, (core) => core.put('late', 1, { ...OPTIONS, ttlMs: 1_000_000 }));
    cluster.run(0, (core) => core.put('large', new Uint8Array(20_000), TTL));
    cluster.run(0, (core) => core.increment(`long ${'x'.repeat(900)}`, 1, TTL));
    cluster.run(0, (core) => core.put(`h\u00e9 \u{1f600}`, 'not ASCII', TTL));
    expect(cluster.keys).toEqual([304, 304, 304]);
    collect(30 * AFTER_MS);
    expect(collector.counters.expired).toBe(203);
    expect(cluster.keys).toEqual([101, 101, 101]);
    expect(cluster.run(1, (core) => core.get('k7', OPTIONS))).toEqual({ outcome: 'absent' });
    expect(cluster.run(1, (core) => core.get('k250', OPTIONS))).toMatchObject({ value: 250 });
    expect(cluster.run(1, (core) => core.get('late', OPTIONS))).toMatchObject({ value: 1 });
  });

  it('lists what does not fit into one answer page by page', () => {
    const { cluster, collector, collect } = worldOf();
    const long = 'x'.repeat(1000);
    for (let key = 0; key < 60; key++) cluster.run(0, (core) => core.put(`${long} ${key}`, key, TTL));
    collect(30 * AFTER_MS);
    expect(collector.counters.expired).toBe(60);
    expect(cluster.keys).toEqual([0, 0, 0]);
  });

  it('leaves what one replica alone holds of before to what has come since', () => {
    const { cluster, collector, collect } = worldOf();
    cluster.run(0, (core) => core.put('k', 'old', TTL));
    const put = cluster.call(0, (core) => core.put('k', 'new', OPTIONS));
    cluster.exchange(0, 'accept', [0, 2]); // Replica 1 is listed first, and has the old one.
    cluster.loseAllOf(0);
    expect(put.result).toMatchObject({ outcome: 'ok' });
    collect(5 * AFTER_MS);
    expect(collector.counters.expired).toBe(0);
    expect(cluster.run(1, (core) => core.get('k', OPTIONS))).toMatchObject({ value: 'new' });
  });

  it('does not delete what is to be there longer by now', () => {
    const { cluster, collect } = worldOf();
    for (let key = 0; key < 10; key++) cluster.run(0, (core) => core.put(`k${key}`, 1, TTL));
    cluster.pass(20);
    for (let key = 0; key < 10; key++) cluster.run(1, (core) => core.increment(`k${key}`, 1, OPTIONS));
    for (let key = 0; key < 5; key++) cluster.run(1, (core) => core.update(`k${key}`, Number, { ...TTL, ttlMs: 1e9 }));
    collect(30 * AFTER_MS);
    expect(cluster.keys).toEqual([5, 5, 5]);
  });
});
