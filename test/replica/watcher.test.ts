import { describe, expect, it } from 'vitest';
import { JOURNAL_ENTRIES } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { WatchOptions } from '../../src/store/watch.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { Journal } from '../../src/replica/journal.ts';
import type { Entry } from '../../src/replica/key-table.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { votersIn } from '../../src/quorum/quorum-system.ts';
import { hashOf } from '../../src/replica/key-bytes.ts';
import { Placement } from '../../src/replica/placement.ts';
import type { CoreCluster } from './core-cluster.ts';
import { scanClusterOf, writeAt } from './scan-schedules.ts';
import { AFTER_MS, eraseAndHold, worldOf } from './erasures.ts';
import { WATCH_SCHEDULES, WatchedRun, watchProblem } from './watch-runs.ts';

const FILE = 'test/replica/watcher.test.ts';
const SEEDS = 60;

function put(cluster: CoreCluster, key: string, value: unknown): void {
  cluster.run(0, (core) => core.put(key, value, undefined));
}

/** Everything arrives, and nobody takes what is found. */
function settleUntaken(cluster: CoreCluster, run: WatchedRun): void {
  for (let step = 0; step < 300; step++) {
    if (cluster.underWay > 0) cluster.deliver(0);
    else cluster.pass(13);
    run.tick();
  }
}

function told({ events }: WatchedRun): unknown[] {
  return events.map(({ key, kind, value }) => (kind === 'put' ? [key, value] : [key]));
}

describe('A watch', () => {
  it('yields what is there, then what changes, deletions included', () => {
    const cluster = scanClusterOf();
    put(cluster, 'a', 1);
    const run = new WatchedRun(cluster, 2);
    run.settle();
    put(cluster, 'b', 2);
    run.settle();
    cluster.run(0, (core) => core.delete('a', undefined));
    run.settle();
    expect(told(run)).toEqual([['a', 1], ['b', 2], ['a']]);
  });

  it('does not yield what one replica alone has, before that is decided', () => {
    const cluster = scanClusterOf();
    writeAt(cluster, [1], 'k', 'v');
    const run = new WatchedRun(cluster, 2);
    run.settle();
    expect(told(run)).toEqual([['k', 'v']]); // The read has decided it.
    const read = cluster.call(1, (core) => core.get('k', undefined));
    cluster.settle([1]);
    expect(read.result).toMatchObject({ value: 'v' });
  });

  it('goes on from the position of another one, and yields nothing twice', () => {
    const cluster = scanClusterOf();
    for (const key of ['a', 'b']) put(cluster, key, key);
    const before = new WatchedRun(cluster, 2);
    expect(before.position).toBeUndefined();
    before.settle();
    const from = before.position!;
    before.watcher.stop(new Error('a break'));
    put(cluster, 'b', 'new');
    const run = new WatchedRun(cluster, 1, { from });
    run.settle();
    expect(told(run)).toEqual([['b', 'new']]);
  });

  it('has no position behind an event that nobody has taken', () => {
    const cluster = scanClusterOf();
    const run = new WatchedRun(cluster, 2);
    run.settle();
    const { position } = run;
    put(cluster, 'k', 'v');
    for (let step = 0; step < 100; step++) {
      run.tick();
      if (cluster.underWay > 0) cluster.deliver(0);
      else cluster.pass(13);
    }
    expect(run.position).toBe(position);
    run.take();
    expect(told(run)).toEqual([['k', 'v']]);
    expect(run.position).not.toBe(position);
  });

  it('does not keep other keys waiting for one that it cannot read now', () => {
    const cluster = scanClusterOf();
    writeAt(cluster, [2], 'a', 'v');
    const run = new WatchedRun(cluster, 2, { bufferMax: 1 });
    for (let step = 0; step < 100 && cluster.reads.every((count) => count === 0); step++) {
      if (cluster.underWay > 0) cluster.deliver(0);
      run.tick();
    }
    cluster.call(0, (core) => core.put('b', 1, undefined));
    for (let step = 0; step < 400; step++) {
      if (cluster.underWay > 0) cluster.deliverNext([2]); // What it alone has told of is not found while it is silent.
      else cluster.pass(13);
      run.tick();
      run.take();
    }
    expect(told(run)).toEqual([['b', 1]]);
  });

  it('has no position of a replica that was listed again before what others have told of was taken', () => {
    const world = worldOf();
    const { cluster } = world;
    put(cluster, 'k', 'v');
    const run = new WatchedRun(cluster, 0);
    run.settle();
    cluster.run(0, (core) => core.delete('k', undefined));
    settleUntaken(cluster, run);
    world.collect(30 * AFTER_MS);
    cluster.restart(2);
    settleUntaken(cluster, run);
    const from = run.position!;
    run.watcher.stop(undefined);
    for (const replica of [0, 1]) cluster.restart(replica);
    const next = new WatchedRun(cluster, 0, { from });
    next.settle();
    expect(next.watcher.failure?.error).toMatchObject({ code: 'ERR_QUORATE_WATCH_GAP' });
  });

  it('ends where the state was lost and reset while its thread stood still', () => {
    const cluster = scanClusterOf();
    put(cluster, 'k', 'v');
    const run = new WatchedRun(cluster, 2);
    run.settle();
    cluster.life.resets++;
    run.tick();
    expect(run.watcher.failure?.error).toMatchObject({ code: 'ERR_QUORATE_STATE_LOST' });
  });

  it('ends where no replica remembers what was stored since a position', () => {
    const cluster = scanClusterOf();
    put(cluster, 'k', 'v');
    const before = new WatchedRun(cluster, 2);
    before.settle();
    for (const replica of [0, 1, 2]) cluster.restart(replica);
    const run = new WatchedRun(cluster, 1, { from: before.position! });
    run.settle();
    expect(run.watcher.failure?.error).toMatchObject({ code: 'ERR_QUORATE_WATCH_GAP' });
  });

  it('knows what was deleted while all replicas restarted, as long as it goes on itself', () => {
    const cluster = scanClusterOf();
    put(cluster, 'k', 'v');
    const run = new WatchedRun(cluster, 2);
    run.settle();
    cluster.run(0, (core) => core.delete('k', undefined));
    for (const replica of [0, 1, 2]) cluster.restart(replica);
    run.settle();
    expect(told(run)).toEqual([['k', 'v'], ['k']]);
  });

  it('tells of a put that was under way while the deletion before it was erased', () => {
    const world = worldOf();
    const { cluster } = world;
    put(cluster, 'k', 'own');
    const run = new WatchedRun(cluster, 0);
    run.settle();
    const land = eraseAndHold(world);
    run.settleAlone();
    expect(told(run)).toEqual([['k', 'own'], ['k']]);
    land();
    run.settle();
    expect(told(run)).toEqual([['k', 'own'], ['k'], ['k', 'late']]);
  });

  it.each<[string, WatchOptions, unknown]>([
    ['is given the newest of each key', { bufferMax: 2 }, undefined],
    ['is told that it is too slow', { bufferMax: 2, overflow: 'error' }, { code: 'ERR_QUORATE_WATCH_OVERFLOW' }],
  ])('A reader that takes nothing for long %s: %j', (_, options, error) => {
    const cluster = scanClusterOf();
    const run = new WatchedRun(cluster, 2, options);
    run.settle();
    for (let turn = 0; turn < 10; turn++) {
      for (const key of ['a', 'b', 'c']) put(cluster, key, turn);
      for (let step = 0; step < 60; step++) {
        run.tick();
        if (cluster.underWay > 0) cluster.deliver(0);
        else cluster.pass(13);
      }
    }
    run.settle();
    if (error === undefined)
      expect(new Set(told(run).slice(-3))).toEqual(
        new Set([
          ['a', 9],
          ['b', 9],
          ['c', 9],
        ]),
      );
    else expect(run.watcher.failure).toMatchObject({ error });
  });

  it.each([
    [{ bufferMax: 0 }, 'Cannot use bufferMax 0'],
    [{ overflow: 'drop' }, 'Cannot use overflow drop'],
    [{ from: 'nonsense' }, 'what watch.position gave'],
    [{ from: '[0,"x",[[0,1,0]]]' }, 'of another prefix'],
    [{ from: '[0,"",[[0,-1,0]]]' }, 'what watch.position gave'],
    [{ from: '[1,"",[[0,1,0]]]' }, 'Cannot go on with the watch'],
  ])('is refused with %j', (options, message) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- those are the mistakes
    expect(() => new WatchedRun(scanClusterOf(), 0, options as WatchOptions)).toThrow(message);
  });
});

/** A deletion is erased, and all homes of its key restart, while a watch and its successor hear of nothing. */
function watchErasure(rules: Rules): { readonly run: WatchedRun; readonly next: WatchedRun } {
  const quorums = registerQuorums({ replicas: 3, threads: 5 });
  const { cluster, collect } = worldOf(rules, quorums);
  put(cluster, 'k', 'v');
  const run = new WatchedRun(cluster, 1);
  run.settle();
  cluster.run(0, (core) => core.delete('k', undefined));
  collect(20 * AFTER_MS);
  expect(cluster.keys).toEqual([0, 0, 0, 0, 0]);
  for (const replica of votersIn(Placement.ofAll(quorums).homesOf(hashOf('k')))) cluster.restart(replica);
  const next = new WatchedRun(cluster, 0, { from: run.position! });
  next.settle();
  run.settle();
  return { run, next };
}

describe('Where keys are spread over more threads than copies, a watch', () => {
  it('knows what was deleted while all homes of a key restarted, though others went on', () => {
    const { run, next } = watchErasure(RULES);
    expect(told(run)).toEqual([['k', 'v'], ['k']]);
    expect(next.watcher.failure?.error).toMatchObject({ code: 'ERR_QUORATE_WATCH_GAP' });
  });

  it('would not, if any replica that goes on were enough', () => {
    const { run, next } = watchErasure({ ...RULES, hearsAllGroups: false, doubtsLists: false });
    expect(told(run)).toEqual([['k', 'v']]);
    expect(next.watcher.failure).toBeUndefined();
  });
});

describe('The last state of every key comes, and versions grow:', () => {
  it.each([3, 5])('random schedules of %i threads with losses, restarts, slow readers and breaks', (threads) => {
    const first = testSeed();
    for (let seed = first; seed < first + SEEDS; seed++) {
      expect(watchProblem(seededRandom(seed), {}, threads), replayCommand(FILE, seed)).toBeUndefined();
    }
  });

  it('random schedules show it where replicas note nothing', () => {
    const problems = Array.from({ length: SEEDS }, (_, seed) =>
      watchProblem(seededRandom(seed), { notesStored: false }),
    );
    expect(problems.filter((problem) => problem !== undefined)).not.toEqual([]);
  });

  // What one replica told of was never decided, and what was decided instead has an older version.
  it.each([500_246, 601_132])('a schedule that once found it missing: seed %i', (seed) => {
    expect(watchProblem(seededRandom(seed))).toBeUndefined();
  });

  it.each(WATCH_SCHEDULES)('with all rules, a schedule against "$bug" shows nothing', ({ play }) => {
    expect(play(scanClusterOf())).toBeUndefined();
  });

  it.each(WATCH_SCHEDULES)('without $rule it does: $bug', ({ rule, play }) => {
    expect(play(scanClusterOf({ [rule]: false }))).toEqual(expect.any(String));
  });
});

describe('A journal', () => {
  it('reaches back over its last entries, and no further', () => {
    const journal = new Journal();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it looks into none of them
    const entry = { position: 7 } as Entry;
    for (let count = 0; count < JOURNAL_ENTRIES + 5; count++) journal.note(entry);
    expect([4, 5, journal.count, journal.count + 1].map((each) => journal.reaches(each))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(journal.at(5)).toBe(entry);
  });
});
