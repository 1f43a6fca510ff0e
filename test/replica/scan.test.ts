import { describe, expect, it } from 'vitest';
import { compareCodePoints } from '../../src/base/code-points.ts';
import { LIST_MS, PENDING_MAX } from '../../src/base/limits.ts';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { bucketOf, checkedBuckets } from '../../src/replica/bucket.ts';
import { bucketOfTopic } from '../../src/replica/topic-rules.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import type { ScanOptions, ScanPage } from '../../src/store/store.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import type { CoreCall, CoreCluster } from './core-cluster.ts';
import { checkRegister } from './linearizability.ts';
import type { Operation } from './linearizability.ts';
import { SCAN_SCHEDULES, keysOf, scanClusterOf, scanned, writeAt } from './scan-schedules.ts';

const FILE = 'test/replica/scan.test.ts';
const SEEDS = 300;
const STEPS = 60;

function filled(keys: readonly string[]): CoreCluster {
  const cluster = scanClusterOf();
  for (const key of keys) cluster.run(0, (core) => core.put(key, `${key}!`, undefined));
  return cluster;
}

/** All pages of a prefix. */
function pagesOf(cluster: CoreCluster, prefix: string, limit: number): string[][] {
  const pages: string[][] = [];
  for (let after: string | undefined, isOver = false; !isOver;) {
    const page: ScanPage = scanned(cluster, prefix, { limit, ...(after !== undefined && { after }) });
    pages.push(keysOf(page));
    after = page.after;
    isOver = after === undefined;
  }
  return pages;
}

describe('A scan', () => {
  it('returns the keys of its prefix in the order of code points, with values and versions', () => {
    const cluster = filled(['b', 'a😀', 'a\uffee', 'a', 'ab', '\ufeffa', 'c']);
    const { entries, ...rest } = scanned(cluster, 'a');
    expect(entries.map(({ key, value }) => [key, value])).toEqual([
      ['a', 'a!'],
      ['ab', 'ab!'],
      ['a\uffee', 'a\uffee!'],
      ['a😀', 'a😀!'],
    ]);
    expect(entries.every(({ version }) => /^[\da-f]{16}$/.test(version))).toBe(true);
    expect(rest).toEqual({ outcome: 'ok' });
    expect(keysOf(scanned(cluster, '\ufeff'))).toEqual(['\ufeffa']);
  });

  it.each([
    ['pages of one', 1, [['a'], ['b'], ['c']]],
    ['pages of two', 2, [['a', 'b'], ['c']]],
    ['one page', 3, [['a', 'b', 'c']]],
  ])('goes on where its page before has ended: %s', (_, limit, pages) => {
    expect(pagesOf(filled(['a', 'b', 'c', 'x']), '', limit).flat()).toEqual(['a', 'b', 'c', 'x']);
    expect(pagesOf(filled(['a', 'b', 'c']), '', limit)).toEqual(pages);
  });

  it.each<[string, ScanOptions, readonly string[]]>([
    ['which need not exist', { after: 'ba' }, ['bb', 'bc']],
    ['also one before the prefix', { after: 'a' }, ['b', 'bb', 'bc']],
    ['also one behind the prefix', { after: 'zz' }, []],
    ['also one that the prefix begins with', { after: '' }, ['b', 'bb', 'bc']],
  ])('begins behind a key, %s: %j', (_, options, keys) => {
    expect(keysOf(scanned(filled(['a', 'b', 'bb', 'bc', 'c', 'zzz']), 'b', options))).toEqual(keys);
  });

  it('lists as many keys as there are, however many answers that takes', () => {
    const keys = Array.from({ length: 150 }, (_, index) => `${'k'.repeat(200)}${index}`);
    expect(keysOf(scanned(filled(keys), 'k', { limit: 1024 }))).toEqual(keys.toSorted(compareCodePoints));
  });

  it('leaves out what is deleted', () => {
    const cluster = filled(['a', 'b', 'c']);
    cluster.run(0, (core) => core.delete('b', undefined));
    expect(pagesOf(cluster, '', 2)).toEqual([['a', 'c']]);
  });

  it('of a bucket sees its keys alone, and one of no bucket sees none of a bucket', () => {
    const cluster = filled(['a', '\0', 'z']);
    const bucket = bucketOf(checkedBuckets({ b: {} }, registerQuorums({ replicas: 3 })), 'b', 'bucket');
    for (const key of ['k', 'ka', 'l']) cluster.run(0, (core) => core.put(key, key, undefined, bucket));
    cluster.run(0, (core) => core.put('0', 'decided', undefined, bucketOfTopic('t')));
    expect(pagesOf(cluster, '', 1).flat()).toEqual(['\0', 'a', 'z']);
    const page = cluster.run(0, (core) => core.scan('k', { limit: 1 }, bucket));
    expect(page).toMatchObject({ entries: [{ key: 'k', value: 'k' }], after: 'k' });
    expect(cluster.run(0, (core) => core.scan('', { after: 'k' }, bucket))).toMatchObject({
      entries: [{ key: 'ka' }, { key: 'l' }],
    });
  });

  it('in a session sees what that has written to one replica', () => {
    const cluster = scanClusterOf();
    const session = cluster.core(0).session('here', {});
    cluster.call(0, () => session.put('k', 'mine', { level: 'one' }));
    cluster.exchange(0, 'accept', [2]);
    cluster.loseAllOf(0);
    expect(cluster.run(0, () => session.scan('', undefined))).toMatchObject({ entries: [{ key: 'k', value: 'mine' }] });
  });

  it('in a session does not show again, later, what a page had found deleted', () => {
    const cluster = scanClusterOf();
    cluster.run(0, (core) => core.put('k', 'v', { level: 'all' }));
    const session = cluster.core(1).session('here', {});
    expect(cluster.run(1, () => session.get('k', undefined))).toMatchObject({ value: 'v' });
    writeAt(cluster, [0, 1], 'k', undefined);
    expect(cluster.run(1, () => session.scan('', undefined))).toMatchObject({ entries: [] });
    const read = cluster.call(1, () => session.get('k', { timeoutMs: 100 }));
    cluster.settle([0, 1]); // The third replica has the value still.
    expect(read.result).toMatchObject({ outcome: 'unavailable' });
  });

  it.each([
    [{ limit: 0 }, 'Cannot use limit 0'],
    [{ limit: 1025 }, 'Cannot use limit 1025'],
    [{ limit: 1.5 }, 'Cannot use limit 1.5'],
    [{ timeoutMs: 0 }, 'Cannot use timeoutMs 0'],
    [{ after: '\ud800' }, 'lone surrogates'],
    [{ after: '\u0001b\u0001k' }, 'only keys of buckets'],
    [{ after: 'x'.repeat(1025) }, '1025 bytes'],
  ])('is refused with %.40j', (options, message) => {
    expect(() => scanClusterOf().core(0).scan('', options)).toThrow(message);
  });
});

describe('Where replicas do not answer, a scan', () => {
  it('asks another one', () => {
    const cluster = filled(['a']);
    const call = cluster.call(1, (core) => core.scan('', undefined));
    cluster.exchange(1, 'inquire', [1]);
    cluster.loseAllOf(1);
    for (let waitedMs = 0; waitedMs < LIST_MS; waitedMs += 13) {
      cluster.loseAllOf(1);
      cluster.pass(13);
    }
    cluster.exchange(1, 'inquire', [2]);
    cluster.settle();
    expect(call.result).toMatchObject({ entries: [{ key: 'a' }] });
  });

  it('is unavailable at its deadline', () => {
    const cluster = filled(['a']);
    const call = cluster.call(1, (core) => core.scan('', { timeoutMs: 1000 }));
    for (let passedMs = 0; passedMs < 1000; passedMs += 10) {
      cluster.exchange(1, 'inquire', [0]);
      cluster.pass(10);
    }
    cluster.pass(10);
    expect(call.result).toEqual({ outcome: 'unavailable', needed: 2, got: 1 });
    cluster.pass(LIST_MS);
    expect(cluster.core(1).pending).toBe(0);
  });

  it('asks again whose list was made by an incarnation that has died since', () => {
    const cluster = filled(['a']);
    const call = cluster.call(1, (core) => core.scan('', undefined));
    cluster.exchange(1, 'inquire', [0]);
    cluster.restart(0);
    cluster.exchange(1, 'inquire', [1]);
    const { frames } = cluster;
    cluster.exchange(1, 'inquire', [0]);
    expect(cluster.frames).toBeGreaterThan(frames);
    cluster.settle();
    expect(call.result).toMatchObject({ entries: [{ key: 'a' }] });
  });

  it.each([
    ['given up', (cluster: CoreCluster, call: CoreCall) => cluster.cancel(1, call, new Error('enough')), 'enough'],
    ['closed', (cluster: CoreCluster) => cluster.core(1).abandon('closed'), 'closed before'],
    ['without its state', (cluster: CoreCluster) => cluster.core(1).abandon('state-lost'), 'Cannot serve'],
  ])('ends when it is %s, in the midst of its lists and of its reads', (_, end, message) => {
    for (const hasLists of [false, true]) {
      const cluster = filled(['a', 'b']);
      const call = cluster.call(1, (core) => core.scan('', undefined));
      if (hasLists) cluster.exchange(1, 'inquire', [0, 1]);
      end(cluster, call);
      expect(String(call.error)).toContain(message);
      expect(cluster.core(1).pending).toBe(0);
    }
  });

  it('fails with what its reads are refused with', () => {
    const cluster = filled(['a', 'b', 'c']);
    const call = cluster.call(1, (core) => core.scan('', undefined));
    cluster.reach(1, 'inquire', [0, 1]);
    const core = cluster.core(1);
    while (core.coordinator.hasRoom) core.submit(withContext(core.get('x', undefined)));
    expect(core.pending).toBe(PENDING_MAX);
    cluster.hear(1, [0, 1]);
    expect(call.error).toMatchObject({ code: 'ERR_QUORATE_OVERLOADED' });
    core.abandon('closed');
  });
});

describe('A scan finds what is there:', () => {
  it.each(SCAN_SCHEDULES)('with all rules, a schedule against "$bug" shows nothing', ({ play }) => {
    expect(play(scanClusterOf())).toBeUndefined();
  });

  it.each(SCAN_SCHEDULES)('without $rule it does: $bug', ({ rule, play }) => {
    expect(play(scanClusterOf({ [rule]: false }))).toEqual(expect.any(String));
  });

  it('random schedules with losses, restarts and pages are linearizable for each key', () => {
    const first = testSeed();
    for (let seed = first; seed < first + SEEDS; seed++) {
      const problem = problemOf(seededRandom(seed));
      expect(problem, replayCommand(FILE, seed)).toBeUndefined();
    }
  });

  it('shows a missing key where random schedules meet a scan that asks one replica', () => {
    const problems = Array.from({ length: SEEDS }, (_, seed) =>
      problemOf(seededRandom(seed), { listsAtQuorum: false }),
    ).filter((problem) => problem !== undefined);
    expect(problems).not.toEqual([]);
  });
});

const KEYS = ['a', 'b', 'c', 'd'];

interface Recorded {
  readonly kind: 'write' | 'read' | 'scan';
  readonly key: string;
  readonly value: string | undefined;
  readonly call: CoreCall;
  readonly start: number;
  end: number | undefined;
}

/** Random calls under random losses. @returns what is wrong with a key's history; `undefined` where nothing is. */
function problemOf(random: Random, rules = {}): string | undefined {
  const cluster = scanClusterOf(rules);
  const calls: Recorded[] = [];
  let position = 0;
  const note = (): void => {
    for (const each of calls) {
      if (each.end === undefined && (each.call.result ?? each.call.error) !== undefined) each.end = position++;
    }
  };
  for (let step = 0; step < STEPS; step++) {
    const chance = below(random, 20);
    if (chance < 4 && calls.length < 24) calls.push(begun(cluster, random, position++));
    else if (chance === 4) cluster.pass(13);
    else if (chance === 5 && below(random, 4) === 0) cluster.restart(below(random, 3));
    else if (chance < 8 && cluster.underWay > 0) cluster.lose(below(random, cluster.underWay));
    else if (cluster.underWay > 0) cluster.deliver(below(random, cluster.underWay));
    note();
  }
  for (let tries = 0; calls.some(({ end }) => end === undefined) && tries < 5000; tries++) {
    if (cluster.underWay > 0) cluster.deliver(below(random, cluster.underWay));
    else cluster.pass(13);
    note();
  }
  for (const key of KEYS) {
    const history = calls.flatMap((call) => historyOf(call, key));
    if (checkRegister(history).kind === 'violation') return `${key}: ${JSON.stringify(history)}`;
  }
  return undefined;
}

function begun(cluster: CoreCluster, random: Random, start: number): Recorded {
  const key = KEYS[below(random, KEYS.length)]!;
  const client = below(random, 3);
  const kind = (['write', 'write', 'read', 'scan'] as const)[below(random, 4)]!;
  const value = kind !== 'write' || below(random, 3) === 0 ? undefined : `v${start}`;
  const limit = 1 + below(random, 3);
  const call = cluster.call(client, (core) => {
    if (kind === 'read') return core.get(key, undefined);
    return kind === 'scan' ? core.scan('', { limit }) : core.put(key, value, undefined);
  });
  return { kind, key, value, call, start, end: undefined };
}

/** What a call says of a key. */
function historyOf({ kind, key: of, value, call, start, end }: Recorded, key: string): Operation[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what calls end as
  const result = call.result as Partial<ScanPage & { readonly outcome: string; readonly value: string }> | undefined;
  const outcome: string | undefined = result?.outcome;
  if (kind !== 'scan') {
    if (of !== key || outcome === 'unavailable') return [];
    if (kind === 'write') return [{ kind, value, start, end: outcome === 'ok' ? end : undefined }];
    return outcome === 'ok' || outcome === 'absent' ? [{ kind, value: result?.value, start, end }] : [];
  }
  if (outcome !== 'ok' || (result?.after !== undefined && result.after < key)) return [];
  const found = result?.entries?.find((entry) => entry.key === key);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all values are
  return [{ kind: 'read', value: found?.value as string | undefined, start, end }];
}

function withContext<Made extends { context: unknown }>(made: Made): Made {
  made.context = (): void => {};
  return made;
}
