// Deletions go away for good: from every replica, without a way back for what was deleted, and without a write of
// before that happens twice.
import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/protocol/rules.ts';
import { AFTER_MS, DANGERS, OPTIONS, worldOf } from './erasures.ts';

describe('A collector', () => {
  it('has every replica forget what was deleted long ago, and keeps the rest', () => {
    const { cluster, collector, collect } = worldOf();
    for (let key = 0; key < 200; key++) cluster.run(0, (core) => core.put(`k${key}`, key, OPTIONS));
    for (let key = 0; key < 150; key++) cluster.run(0, (core) => core.delete(`k${key}`, OPTIONS));
    collect(AFTER_MS / 2);
    expect(cluster.keys).toEqual([200, 200, 200]);
    collect(20 * AFTER_MS);
    expect(cluster.keys).toEqual([50, 50, 50]);
    expect(collector.counters.collected).toBe(150);
    expect(cluster.run(1, (core) => core.get('k10', OPTIONS))).toEqual({ outcome: 'absent' });
    expect(cluster.run(1, (core) => core.get('k160', OPTIONS))).toMatchObject({ value: 160 });
  });

  it('lets a key be written, changed and deleted again after it was forgotten', () => {
    const { cluster, collect } = worldOf();
    for (let round = 0; round < 3; round++) {
      cluster.run(0, (core) => core.put('k', `value ${round}`, OPTIONS));
      expect(cluster.run(1, (core) => core.increment('n', 2, OPTIONS))).toMatchObject({ outcome: 'ok', value: 2 });
      expect(cluster.run(1, (core) => core.get('k', OPTIONS))).toMatchObject({ value: `value ${round}` });
      cluster.run(0, (core) => core.delete('k', OPTIONS));
      cluster.run(0, (core) => core.update('n', () => undefined, OPTIONS));
      collect(20 * AFTER_MS);
      expect(cluster.keys).toEqual([0, 0, 0]);
    }
  });

  it('forgets keys of which there is nothing but a promise', () => {
    const { cluster, collect } = worldOf();
    for (let key = 0; key < 10; key++) {
      cluster.run(0, (core) => core.compareAndSet(`k${key}`, 'something', 1, OPTIONS));
    }
    expect(cluster.keys).toEqual([10, 10, 10]);
    collect(30 * AFTER_MS);
    expect(cluster.keys).toEqual([0, 0, 0]);
  });

  it('leaves a deletion alone that one replica has not voted for', () => {
    const { cluster, collect } = worldOf();
    cluster.run(0, (core) => core.put('k', 1, OPTIONS));
    const call = cluster.call(0, (core) => core.delete('k', { timeoutMs: 20 }));
    cluster.exchange(0, 'accept', [0, 1]);
    expect(call.result).toMatchObject({ outcome: 'ok' });
    cluster.loseAllOf(0);
    collect(AFTER_MS + 50);
    expect(cluster.run(1, (core) => core.get('k', OPTIONS))).toEqual({ outcome: 'absent' });
    collect(30 * AFTER_MS); // Its read has made it stable at all of them.
    expect(cluster.keys).toEqual([0, 0, 0]);
    expect(cluster.run(1, (core) => core.get('k', OPTIONS))).toEqual({ outcome: 'absent' });
  });

  it('ends a write of before as unknown for good, when nobody can say whether it happened', () => {
    const { cluster, collect } = worldOf();
    const call = cluster.call(0, (core) => core.put('k', 'old', OPTIONS));
    cluster.reach(0, 'accept', [0, 1]); // It happens, but its client hears of nothing.
    cluster.loseAllOf(0);
    cluster.asleep.add(0);
    cluster.run(1, (core) => core.delete('k', OPTIONS));
    collect(30 * AFTER_MS);
    expect(cluster.keys).toEqual([0, 0, 0]);
    cluster.asleep.clear();
    cluster.settle();
    expect(call.result).toMatchObject({ outcome: 'unknown', isFinal: true });
    expect(cluster.run(1, (core) => core.get('k', OPTIONS))).toEqual({ outcome: 'absent' });
  });

  it.each(DANGERS.map((danger) => [danger.title, danger] as const))('%s: only without its rule', (_, danger) => {
    expect(danger.play(RULES)).toMatchObject(danger.right);
    expect(danger.play({ ...RULES, [danger.rule]: false })).toMatchObject(danger.wrong);
  });
});
