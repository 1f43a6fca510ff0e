import { describe, expect, it } from 'vitest';
import { lowestBits, popcount } from '../../src/base/bits.ts';
import { DIGEST_LEAVES, REPLICAS_MAX } from '../../src/base/limits.ts';
import { hashOf } from '../../src/replica/key-bytes.ts';
import { Placement } from '../../src/replica/placement.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { votersIn } from '../../src/quorum/quorum-system.ts';
import type { ScanPage } from '../../src/store/store.ts';
import { CoreCluster } from './core-cluster.ts';
import { AFTER_MS, OPTIONS, worldOf } from './erasures.ts';
import { RepairFixture } from './repair-fixture.ts';

const RANGES = Array.from({ length: DIGEST_LEAVES }, (_, range) => range);
const SIZES = Array.from({ length: REPLICAS_MAX }, (_, index) => index + 1).flatMap((threads) =>
  Array.from({ length: threads }, (_, index): [number, number] => [threads, index + 1]),
);

/** How many of the hashes each thread is a home of. */
function loadOf(placement: Placement, threads: number, hashes: readonly number[]): number[] {
  return Array.from(
    { length: threads },
    (_, thread) => hashes.filter((hash) => ((placement.homesOf(hash) >>> thread) & 1) === 1).length,
  );
}

describe('The homes of a key', () => {
  it.each(SIZES)('are, of %i threads, %i distinct ones', (threads, replicas) => {
    const placement = Placement.ofAll({ threads, replicas });
    for (const range of RANGES) {
      const homes = placement.homesOf(range);
      expect([popcount(homes), homes & ~lowestBits(threads)]).toEqual([replicas, 0]);
    }
  });

  it.each([
    [4, 3],
    [5, 3],
    [7, 3],
    [15, 3],
    [15, 5],
    [9, 2],
    [2, 1],
  ])('spread evenly over %i threads, %i a key: no thread holds a tenth more than its share', (threads, replicas) => {
    const keys = Array.from({ length: 10_000 }, (_, index) => hashOf(`user/${index}`));
    for (const hashes of [RANGES, keys]) {
      const share = (hashes.length * replicas) / threads;
      const load = loadOf(Placement.ofAll({ threads, replicas }), threads, hashes);
      expect(Math.max(...load) / share).toBeLessThan(1.1);
      expect(Math.min(...load) / share).toBeGreaterThan(0.9);
    }
  });

  it.each([
    [3, 3],
    [4, 3],
    [7, 3],
    [14, 5],
  ])(
    'move only where they must: a thread beside %i takes its share, %i of all, and nobody else takes a key',
    (threads, replicas) => {
      const before = Placement.ofAll({ threads, replicas });
      const after = Placement.ofAll({ threads: threads + 1, replicas });
      let moved = 0;
      for (const range of RANGES) {
        const taken = after.homesOf(range) & ~before.homesOf(range);
        expect(taken & ~(1 << threads)).toBe(0);
        if (taken !== 0) moved++;
      }
      const share = (DIGEST_LEAVES * replicas) / (threads + 1);
      expect(Math.abs(moved / share - 1)).toBeLessThan(0.1);
    },
  );

  it('are the same for all keys of a leaf of digests, whatever the other bits of their hashes', () => {
    const placement = Placement.ofAll({ threads: 7, replicas: 3 });
    for (const range of RANGES) {
      const hashes = [1, 77, 0x3_ffff].map((high) => (high * DIGEST_LEAVES) | range);
      expect(new Set(hashes.map((hash) => placement.homesOf(hash)))).toEqual(new Set([placement.homesOf(range)]));
    }
  });

  it('are all threads where there are as many as copies', () => {
    const { isWhole, spare, all, ...placement } = Placement.ofAll({ threads: 5, replicas: 5 });
    expect([isWhole, spare, all]).toEqual([true, 0, 0b11111]);
    expect(Placement.ofAll({ threads: 5, replicas: 5 }).homesOf(12_345)).toBe(all);
    expect(placement).toEqual({});
  });

  it('are read from different threads first', () => {
    const placement = Placement.ofAll({ threads: 5, replicas: 3 });
    const firsts = Array.from({ length: 100 }, (_, index) => placement.firstOf(hashOf(`user/${index}`)));
    expect(new Set(firsts)).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});

const N3_OF_7 = registerQuorums({ replicas: 3, threads: 7 });
const KEYS = Array.from({ length: 300 }, (_, index) => `user/${index}`);
const PLACEMENT = Placement.ofAll(N3_OF_7);

function homesOf(key: string): readonly number[] {
  return votersIn(PLACEMENT.homesOf(hashOf(key)));
}

function filled(): CoreCluster {
  const cluster = new CoreCluster({ quorums: N3_OF_7, clients: 2 });
  for (const key of KEYS) cluster.run(0, (core) => core.put(key, key, undefined));
  return cluster;
}

/** How many of the keys each replica is a home of. */
const SHARES = Array.from({ length: 7 }, (_, replica) => KEYS.filter((key) => homesOf(key).includes(replica)).length);

describe('In a cluster of 7 threads and 3 copies', () => {
  it('a key is held by its homes alone, and read there; what is asked of all asks three', () => {
    const cluster = filled();
    expect(cluster.keys).toEqual(SHARES);
    const { frames } = cluster;
    expect(cluster.run(1, (core) => core.get('user/7', { level: 'all' }))).toMatchObject({ value: 'user/7' });
    expect(cluster.run(1, (core) => core.increment('count', 2, undefined))).toMatchObject({ value: 2 });
    expect(cluster.frames - frames).toBe(3 + 3 + 3);
  });

  it('a replica that lost its memory takes over the keys that it is a home of, and hears six others for that', () => {
    const cluster = filled();
    cluster.restart(4);
    expect(cluster.keys).toEqual(SHARES);
    for (const key of KEYS) expect(cluster.run(1, (core) => core.get(key, undefined))).toMatchObject({ value: key });
  });

  it('a scan finds every key, whichever replica does not answer', () => {
    const cluster = filled();
    for (let silent = 0; silent < 7; silent++) {
      const call = cluster.call(1, (core) => core.scan('user/', { limit: 1024, timeoutMs: 10_000 }));
      cluster.settle([silent]);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked by what follows
      const { entries } = call.result as ScanPage;
      expect(entries.map(({ key }) => key)).toEqual(KEYS.toSorted());
    }
  });

  it('a scan ends as unavailable where two do not answer, who may be homes of one key', () => {
    const cluster = filled();
    const call = cluster.call(1, (core) => core.scan('user/', { timeoutMs: 1000 }));
    cluster.settle([2, 5]);
    expect(call.result).toEqual({ outcome: 'unavailable', needed: 2, got: 1 });
  });

  it('a repair compares the homes of each key, hands on what one of them lacks, and nothing to others', () => {
    const fixture = new RepairFixture({ replicas: 3, threads: 7 });
    const keys = KEYS.slice(0, 40);
    for (const [index, key] of keys.entries()) {
      fixture.put(key, key, index % 2 === 0 ? homesOf(key) : homesOf(key).slice(1));
    }
    expect(fixture.repair()).toMatchObject({ isConverged: true, rounds: 2, keysRepaired: 20, keysLeft: 0 });
    for (const key of keys) {
      const held = Array.from({ length: 7 }, (_, replica) => fixture.entriesOf(replica).get(key)?.valueBytes);
      expect(held.flatMap((bytes, replica) => (bytes === undefined ? [] : [replica]))).toEqual(homesOf(key));
    }
    expect(fixture.repair()).toMatchObject({ isConverged: true, rounds: 1, keysCompared: 0 });
  });

  it('a deep repair finds a byte that has changed at one home', () => {
    const fixture = new RepairFixture({ replicas: 3, threads: 7 });
    for (const key of KEYS.slice(0, 5)) fixture.put(key, key, homesOf(key));
    const [first, second] = homesOf('user/3');
    fixture.corrupt(first!, 'user/3');
    const corrupt = [{ key: 'user/3', replicas: [first], isRepaired: true }];
    expect(fixture.repair({ deep: true })).toMatchObject({ isConverged: true, keysCorrupt: 1, corrupt });
    const byteAt = (replica: number): number => fixture.entriesOf(replica).get('user/3')!.value[0]!;
    expect(byteAt(first!)).toBe(byteAt(second!));
  });

  it('deletions that all homes of their key have voted for are collected', () => {
    const { cluster, collector, collect } = worldOf(undefined, N3_OF_7);
    for (const key of KEYS) cluster.run(0, (core) => core.put(key, key, OPTIONS));
    for (const key of KEYS.slice(50)) cluster.run(0, (core) => core.delete(key, OPTIONS));
    collect(60 * AFTER_MS);
    expect(collector.counters.collected).toBe(250);
    expect(cluster.keys.reduce((sum, keys) => sum + keys, 0)).toBe(3 * 50);
  });
});
