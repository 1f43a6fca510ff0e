import { describe, expect, it } from 'vitest';
import { isNone } from '../../src/protocol/ballot.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Membership } from '../../src/quorum/configuration.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { RegisterOptions } from '../../src/quorum/index.ts';
import type { ScanResult } from '../../src/store/store.ts';
import { CoreCluster } from './core-cluster.ts';
import {
  changedBetween,
  ended,
  heardOfByWhoCompares,
  membership,
  openedWith,
  storedByNobodyElse,
  storedByWhoIsNoHome,
} from './member-schedules.ts';
import { WatchedRun } from './watch-runs.ts';

function keysOf(result: unknown): string[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a scan ends as
  const scan = result as ScanResult;
  return scan.outcome === 'ok' ? scan.entries.map(({ key }) => key) : [scan.outcome];
}

const SPREAD = { replicas: 2, threads: 4 };

describe('A scan, once members have changed', () => {
  it.each<[change: string, options: RegisterOptions, target: Membership]>([
    ['one of them', { replicas: 3 }, membership(0b1110)],
    ['all of them', { replicas: 3 }, membership(0b11_1000)],
    ['so that there are gaps', { replicas: 3 }, membership(0b10_1001)],
    ['one of those that hold some of the keys', SPREAD, membership(0b1_1110, { replicas: 2 })],
  ])('%s, finds every key', (_change, options, target) => {
    const cluster = openedWith(options, 6);
    const keys = Array.from({ length: 20 }, (_, index) => `k${10 + index}`);
    for (const key of keys) cluster.run(0, (core) => core.put(key, key, undefined));
    cluster.reconfigure(target);
    expect(keysOf(cluster.run(1, (core) => core.scan('', undefined)))).toEqual(keys);
  });
});

/** A put that reaches these replicas alone. */
function putAt(cluster: CoreCluster, key: string, replicas: readonly number[]): unknown {
  const put = cluster.call(0, (core) => core.put(key, key, undefined));
  cluster.exchange(0, 'accept', replicas);
  cluster.loseAllOf(0);
  return put.result;
}

/** Takes a change to where its newcomers have learnt what there was. */
function learnt(cluster: CoreCluster, target: Membership): ReturnType<CoreCluster['change']> {
  const change = cluster.change(target);
  cluster.look();
  change.turn();
  cluster.recoverAll();
  expect(change.step).toBe('learning');
  return change;
}

describe('A scan by a client that has not looked for long', () => {
  it('asks as many of the members of now as its level asks for', () => {
    const cluster = openedWith({ replicas: 3 }, 5);
    const change = learnt(cluster, membership(0b1_1111));
    expect(putAt(cluster, 'late', [1, 2])).toMatchObject({ outcome: 'ok' });
    cluster.proceed(change);
    cluster.compare(change, 1, [0, 4]);
    cluster.proceed(change);
    expect(change.step).toBe('done');
    // Two of five may be those that lack it.
    const scan = cluster.call(2, (core) => core.scan('', { timeoutMs: 5000 }));
    cluster.settle([1, 2, 3]);
    expect(scan.result).toMatchObject({ outcome: 'unavailable' });
    expect(keysOf(cluster.run(2, (core) => core.scan('', undefined)))).toEqual(['late']);
  });
});

describe('A scan that began before the new members decided alone', () => {
  it('does not count what one says who is none of them', () => {
    const cluster = openedWith({ replicas: 3 }, 6);
    cluster.run(0, (core) => core.put('a', 'a', undefined));
    const change = cluster.change(membership(0b11_1100));
    cluster.proceed(change);
    const scan = cluster.begin(2, (core) => core.scan('', undefined)); // It is to ask both sides.
    cluster.call(0, (core) => core.delete('a', undefined));
    for (const client of [0, 2]) cluster.asleep.add(client);
    cluster.compare(change, 1);
    cluster.exchange(0, 'accept', [0, 1, 3]);
    ended(cluster, 0);
    cluster.look();
    expect([change.step, cluster.configuration.phase]).toEqual(['settling', 'stable']);
    cluster.asleep.delete(2);
    cluster.flush(2);
    for (const replica of [1, 3, 2]) cluster.exchange(2, 'inquire', [replica]);
    cluster.settle();
    // One of four holds the deletion, which is undone by whoever does not hear of it.
    expect([scan.result, cluster.run(1, (core) => core.get('a', undefined))]).toMatchObject([
      { entries: [{ key: 'a' }] },
      { value: 'a' },
    ]);
  });
});

describe('A scan while members change', () => {
  it.each<[silent: readonly number[], found: readonly string[]]>([
    [[0], ['a']],
    [[5], ['a']],
    [[0, 1], ['unavailable']],
    [[4, 5], ['unavailable']],
  ])('hears a quorum of both; without %o it ends as %o', (silent, found) => {
    const cluster = openedWith({ replicas: 3 }, 6);
    cluster.run(0, (core) => core.put('a', 'a', undefined));
    cluster.proceed(cluster.change(membership(0b11_1000)));
    const scan = cluster.call(1, (core) => core.scan('', undefined));
    cluster.settle(silent);
    expect(keysOf(scan.result)).toEqual(found);
  });
});
describe('A watch', () => {
  it.each<[change: string, options: RegisterOptions, target: Membership]>([
    ['one of them', { replicas: 3 }, membership(0b1110)],
    ['all of them', { replicas: 3 }, membership(0b11_1000)],
    ['one of those that hold some of the keys', SPREAD, membership(0b1_1110, { replicas: 2 })],
  ])('tells of what is written after members have changed, %s', (_change, options, target) => {
    const cluster = openedWith(options, 6);
    cluster.run(0, (core) => core.put('a', 1, undefined));
    const run = new WatchedRun(cluster, 2);
    run.settle();
    cluster.reconfigure(target);
    run.settle();
    cluster.run(0, (core) => core.put('b', 2, undefined));
    cluster.run(0, (core) => core.delete('a', undefined));
    run.settle();
    const told = run.events.map(({ key, kind, value }) => [key, kind, value]);
    expect(told).toEqual([
      ['a', 'put', 1],
      ['b', 'put', 2],
      ['a', 'delete', undefined],
    ]);
  });
});

describe('A read, once members have changed', () => {
  it('hands on to who is behind what was written before', () => {
    const quorums = registerQuorums({ replicas: 3 });
    const cluster = new CoreCluster({ quorums, clients: 3, places: 3, repairsReads: true });
    expect(putAt(cluster, 'k', [0, 1])).toMatchObject({ outcome: 'ok' });
    const change = cluster.change(membership(0b0111));
    cluster.proceed(change);
    cluster.compare(change, 2, [2]);
    cluster.proceed(change);
    const isStored = (): boolean =>
      [...cluster.replicaAt(2).table.entries()].some(({ register }) => !isNone(register.accepted));
    expect([change.step, isStored()]).toEqual(['done', false]);
    cluster.run(1, (core) => core.get('k', { level: 'all' }));
    for (let ms = 0; ms < 100; ms += 10) cluster.passWithReplies(10, 0, [0, 1, 2]);
    expect(isStored()).toBe(true);
    expect(cluster.core(1).omissions.size).toBe(0);
  });
});

describe('A large value', () => {
  it('that was sent under another configuration is left with nobody', () => {
    const cluster = openedWith({ replicas: 3 }, 4);
    const put = cluster.call(0, (core) => core.put('k', new Uint8Array(100_000), undefined));
    const change = cluster.change(membership(0b1110));
    cluster.look();
    cluster.reach(0, 'accept', [0, 1, 2]); // They refuse it.
    expect(cluster.parcels).toBe(0);
    cluster.proceed(change);
    cluster.compare(change, 1);
    cluster.proceed(change);
    cluster.settle();
    expect(put.result).toMatchObject({ outcome: 'ok' });
    expect(cluster.parcels).toBe(0);
  });
});

describe('What one replica was asked to store before members changed', () => {
  it.each([
    ['is heard of by whoever compares, also where others had promised it', heardOfByWhoCompares, 'comparesPromised'],
    ['is stored by nobody else once both sides decide', storedByNobodyElse, 'barsOldBallots'],
  ] as const)('%s, though one replica alone had stored it', (_what, run, rule) => {
    expect(changedBetween(run(RULES))).toBeUndefined();
    const [before, after] = run({ ...RULES, [rule]: false });
    expect([before, after]).toMatchObject([{ value: 'put' }, { value: 'old changed' }]); // It has not seen the put.
  });
});

describe('What was asked of the members of before', () => {
  it('is stored by nobody who is no home of it any more', () => {
    expect(storedByWhoIsNoHome(RULES)).toBeUndefined();
    expect(storedByWhoIsNoHome({ ...RULES, refusesOldFrames: false })).toMatch(/holds no key of its own/);
  });
});
