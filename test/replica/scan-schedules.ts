// Schedules in which a scan without one of its rules misses a key. Three replicas, R = W = 2.
import assert from 'node:assert/strict';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import type { ScanOptions, ScanPage } from '../../src/store/store.ts';
import { CoreCluster } from './core-cluster.ts';

const SCANNER = 1;
const READER = 2;

/** A schedule, and what is wrong with what it shows; `undefined` where nothing is. */
export interface ScanSchedule {
  readonly rule: keyof Rules;
  readonly bug: string;
  readonly play: (cluster: CoreCluster) => string | undefined;
}

export function scanClusterOf(rules: Partial<Rules> = {}, threads = 3): CoreCluster {
  const quorums = registerQuorums({ replicas: 3, threads });
  return new CoreCluster({ quorums, clients: 3, rules: { ...RULES, ...rules } });
}

/** Writes a key, or deletes it, at some replicas alone. */
export function writeAt(cluster: CoreCluster, replicas: readonly number[], key: string, value: unknown): void {
  cluster.call(0, (core) => core.put(key, value, undefined));
  cluster.exchange(0, 'accept', replicas);
  cluster.loseAllOf(0);
  cluster.pass(10_000);
  cluster.loseAllOf(0);
}

export function scanned(cluster: CoreCluster, prefix = '', options?: ScanOptions): ScanPage {
  const page = cluster.run(SCANNER, (core) => core.scan(prefix, options));
  assert(typeof page === 'object' && page !== null && 'outcome' in page && page.outcome === 'ok');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as just seen
  return page as ScanPage;
}

export function keysOf({ entries }: ScanPage): string[] {
  return entries.map(({ key }) => key);
}

/** A value that a scan has not found is read afterwards, although nobody has written meanwhile. */
function missesWhatIsRead(cluster: CoreCluster): string | undefined {
  writeAt(cluster, [0, 2], 'k', 'v');
  writeAt(cluster, [0], 'k', undefined);
  const hasFound = keysOf(scanned(cluster)).includes('k');
  const read = cluster.call(READER, (core) => core.get('k', undefined));
  cluster.settle([0]);
  const isRead = JSON.stringify(read.result).includes('"v"');
  return !hasFound && isRead ? 'A scan finds a key without a value, and a later read its old one' : undefined;
}

export const SCAN_SCHEDULES: readonly ScanSchedule[] = [
  {
    rule: 'listsAtQuorum',
    bug: 'A scan asks one replica for its keys',
    play: (cluster) => {
      writeAt(cluster, [1, 2], 'k', 'v');
      return keysOf(scanned(cluster)).includes('k') ? undefined : 'A scan misses a key that was written';
    },
  },
  {
    rule: 'listsDeleted',
    bug: 'A replica does not list a key that it alone has deleted',
    play: missesWhatIsRead,
  },
  {
    rule: 'leavesOutDecided',
    bug: 'A scan leaves out a key whose deletion one replica lists',
    play: missesWhatIsRead,
  },
  {
    rule: 'endsAtCuts',
    bug: 'A page goes on behind the end of a list that was cut',
    play: (cluster) => {
      for (const key of ['a', 'b']) for (const value of [1, undefined]) writeAt(cluster, [0, 2], key, value);
      writeAt(cluster, [0, 2], 'c', 'v');
      writeAt(cluster, [1, 2], 'd', 'v');
      const keys = keysOf(scanned(cluster, '', { limit: 2 }));
      return keys.join('') === 'cd' ? undefined : `A scan finds ${keys.join(' and ')}, not c and d`;
    },
  },
];
