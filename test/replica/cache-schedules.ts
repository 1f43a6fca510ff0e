// Schedules in which a cache without one of its rules answers with what it must not. Three replicas, R = W = 2.
import assert from 'node:assert/strict';
import type { ReadResult } from '../../src/store/store.ts';
import type { CoreCluster } from './core-cluster.ts';
import type { ScanSchedule } from './scan-schedules.ts';

const WRITER = 0;
const READER = 1;
const ALL = [0, 1, 2];

export function write(cluster: CoreCluster, client: number, value: unknown): void {
  cluster.run(client, (core) => core.put('k', value, undefined));
}

/** What a read of the reader comes to where nothing gets into its way. */
function readWithin(cluster: CoreCluster, maxStaleMs: number): ReadResult {
  return resultOf(cluster.run(READER, (core) => core.read('k', { maxStaleMs })));
}

/** The same, where so many newer versions will do; then its key is fenced. */
function readBehind(cluster: CoreCluster, maxStaleVersions: number): ReadResult {
  const call = cluster.call(READER, (core) => core.read('k', { maxStaleVersions }));
  cluster.settleOf(READER);
  return resultOf(call.result);
}

/** A read of the reader that has reached the replicas, and whose answers are under way. */
function beginRead(cluster: CoreCluster): void {
  cluster.call(READER, (core) => core.read('k', { maxStaleMs: 0 }));
  cluster.reach(READER, 'read', ALL);
}

/** Whatever was sent last arrives. */
function deliverLast(cluster: CoreCluster, times: number): void {
  for (let time = 0; time < times; time++) cluster.deliver(cluster.underWay - 1);
}

function expectNew(result: ReadResult, what: string): string | undefined {
  return result.outcome === 'ok' && result.value === 'new' ? undefined : what;
}

export function resultOf(result: unknown): ReadResult {
  assert(typeof result === 'object' && result !== null && 'outcome' in result);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what reads end as
  return result as ReadResult;
}

export const CACHE_SCHEDULES: readonly ScanSchedule[] = [
  {
    rule: 'agesCached',
    bug: 'A cached value is served however old it is',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      readWithin(cluster, 0);
      write(cluster, WRITER, 'new');
      cluster.pass(100);
      return expectNew(readWithin(cluster, 99), 'A read returns what was overwritten longer ago than it allows');
    },
  },
  {
    rule: 'agesFromBegin',
    bug: 'The age of a cached value counts from the end of the read that found it',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      beginRead(cluster);
      cluster.call(WRITER, (core) => core.put('k', 'new', undefined));
      cluster.settleOf(WRITER);
      cluster.nowMs += 100;
      cluster.hear(READER, ALL);
      return expectNew(readWithin(cluster, 99), 'A read returns what was overwritten while the one before it lasted');
    },
  },
  {
    rule: 'countsCached',
    bug: 'A cached value is served however many versions have come since',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      readBehind(cluster, 0);
      for (const value of ['second', 'third', 'new']) write(cluster, WRITER, value);
      return expectNew(readBehind(cluster, 2), 'A read returns what three versions have come after');
    },
  },
  {
    rule: 'fencesCached',
    bug: 'Versions are counted from a read on, though what was under way then has its tag already',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      cluster.call(WRITER, (core) => core.put('k', 'new', undefined));
      readBehind(cluster, 0);
      cluster.settleOf(WRITER);
      return expectNew(
        readBehind(cluster, 0),
        'A read that allows no newer version returns one that has been overwritten',
      );
    },
  },
  {
    rule: 'dropsOwnWrites',
    bug: 'A client goes on serving from its cache what it has overwritten itself',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      readWithin(cluster, 0);
      write(cluster, READER, 'new');
      return expectNew(readWithin(cluster, 1000), 'A client does not read its own write');
    },
  },
  {
    rule: 'voidsOvertaken',
    bug: 'A read that began before a write of its client ended is cached after it',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      beginRead(cluster);
      cluster.call(READER, (core) => core.put('k', 'new', undefined));
      for (const replica of ALL) {
        cluster.reach(READER, 'accept', [replica]);
        deliverLast(cluster, 1);
      }
      cluster.hear(READER, ALL);
      return expectNew(readWithin(cluster, 1000), 'A client does not read its own write');
    },
  },
  {
    rule: 'heedsConflicts',
    bug: 'A client goes on serving from its cache what a change of its own has found outdated',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      readWithin(cluster, 0);
      write(cluster, WRITER, 'new');
      cluster.run(READER, (core) => core.compareAndSet('k', 'old', 'mine', undefined));
      return expectNew(readWithin(cluster, 1000), 'Who tries a change again begins with what it had found outdated');
    },
  },
  {
    rule: 'expiresCached',
    bug: 'A cached value is served after it has expired',
    play: (cluster) => {
      cluster.run(WRITER, (core) => core.put('k', 'old', { ttlMs: 100 }));
      readWithin(cluster, 0);
      cluster.pass(100);
      const { outcome } = readWithin(cluster, 1000);
      return outcome === 'absent' ? undefined : 'A read returns a value after its moment';
    },
  },
  {
    rule: 'cachesOneState',
    bug: 'A client serves from its cache what a lost state has held',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      readWithin(cluster, 0);
      cluster.life.resets++;
      write(cluster, WRITER, 'new');
      return expectNew(readWithin(cluster, 1000), 'A read returns a value of a state that is gone');
    },
  },
  {
    rule: 'cachesAsNewAsSession',
    bug: 'A session takes from the cache what is older than what it has seen',
    play: (cluster) => {
      write(cluster, WRITER, 'old');
      readWithin(cluster, 0);
      const writer = cluster.core(WRITER).session('here', {});
      cluster.run(WRITER, () => writer.put('k', 'new', undefined));
      const reader = cluster.core(READER).session('here', { token: writer.token, maxStaleMs: 1000 });
      const result = resultOf(cluster.run(READER, () => reader.read('k', undefined)));
      return expectNew(result, 'A session reads what is older than it has seen');
    },
  },
];
