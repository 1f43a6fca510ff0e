// The same store at each level, with what it costs: a few keys are written and then read often, and metrics() tells how
// many frames went to replicas for that, and how many round trips it took. A write goes to every replica and waits for
// as many as its level names; a read asks only those. With maxStaleMs a read asks once, and for a while nobody.
//
//   node examples/levels.ts
import { openCluster } from 'quorate';
import type { ClusterMetrics, OperationOptions, ReadOptions, ReadResult, WriteResult } from 'quorate';

const KEYS = 20;
const READS_OF_EACH = 10;

/** What the example calls: a cluster, or a session of it. */
interface Store {
  put(key: string, value: number, options?: OperationOptions): Promise<WriteResult>;
  get(key: string, options?: ReadOptions): Promise<ReadResult>;
}

/** One line of the table. */
interface Row {
  readonly name: string;
  readonly store: Store;
  readonly write?: OperationOptions;
  readonly read?: ReadOptions;
}

const cluster = await openCluster({ replicas: 5, readRepair: false });
const rows: readonly Row[] = [
  { name: 'one', store: cluster, write: { level: 'one' }, read: { level: 'one' } },
  { name: 'two', store: cluster, write: { level: 'two' }, read: { level: 'two' } },
  { name: 'quorum', store: cluster },
  { name: 'all', store: cluster, write: { level: 'all' }, read: { level: 'all' } },
  { name: 'available', store: cluster, write: { level: 'available' }, read: { level: 'available' } },
  { name: 'session', store: cluster.session() },
  { name: 'maxStaleMs', store: cluster, read: { maxStaleMs: 60_000 } },
];
console.log('level        writes  frames  trips   reads  frames  trips');
for (const row of rows) console.log(await lineOf(row));
await cluster.close();

async function lineOf({ name, store, write, read }: Row): Promise<string> {
  const keys = Array.from({ length: KEYS }, (_, index) => `${name}/${index}`);
  const before = cluster.metrics();
  let written = 0;
  for (const [value, key] of keys.entries()) {
    const { outcome } = await store.put(key, value, write);
    if (outcome === 'ok') written++;
  }
  const between = cluster.metrics();
  let found = 0;
  for (let time = 0; time < READS_OF_EACH; time++) {
    for (const [value, key] of keys.entries()) {
      const result = await store.get(key, read);
      if (result.outcome === 'ok' && result.value === value) found++;
    }
  }
  const ofWrites = costs(before, between, KEYS);
  const ofReads = costs(between, cluster.metrics(), KEYS * READS_OF_EACH);
  return `${name.padEnd(12)} ${`${written} ok`.padStart(6)} ${ofWrites} ${`${found} ok`.padStart(8)} ${ofReads}`;
}

/** Frames and round trips per operation. One that something interferes with counts as two: some take more. */
function costs(from: ClusterMetrics, to: ClusterMetrics, operations: number): string {
  const since = (name: keyof ClusterMetrics): number => to[name] - from[name];
  const trips = since('fastReads') + since('fastWrites') + 2 * (since('slowReads') + since('slowWrites'));
  return [since('framesSent'), trips].map((count) => (count / operations).toFixed(2).padStart(6)).join(' ');
}
