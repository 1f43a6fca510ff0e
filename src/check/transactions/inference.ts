// What the inferences of lists and registers share: where they put dependencies and anomalies.
import type { AnomalyName } from './anomaly.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import { stepsDone } from './observation.ts';
import type { Read, Write } from './observation.ts';
import { FAILED } from './transaction.ts';
import type { TransactionKey, TransactionOperation } from './transaction.ts';

/** What is inferred from a history while its keys are looked at, one by one. */
export interface Inference {
  readonly operations: readonly TransactionOperation[];
  readonly graph: DependencyGraph;
  /** Whether the level forbids that another write comes between what a transaction reads of a key and writes to it. */
  readonly hasAtomicUpdates: boolean;
  /** Open transactions of which a committed one read something: they committed too. */
  readonly revealed: Set<number>;
  /** The first anomaly of each name that has no cycle; the sentence calls its transactions T1, T2 and so on. */
  readonly anomalies: Map<AnomalyName, Sighting>;
}

/** An anomaly without a cycle. */
export interface Sighting {
  readonly transactions: readonly number[];
  readonly sentence: string;
}

/** Notes an anomaly, if it is the first of its name. */
export function sight(inference: Inference, name: AnomalyName, sighting: Sighting): void {
  if (!inference.anomalies.has(name)) inference.anomalies.set(name, sighting);
}

/** Whether the transaction certainly committed: its answer arrived, or its writes were read. */
export function hasCommitted({ operations, revealed }: Inference, transaction: number): boolean {
  return stepsDone(operations[transaction]) !== undefined || revealed.has(transaction);
}

/** Whether the transaction certainly did not commit. */
export function hasFailed({ operations }: Inference, transaction: number): boolean {
  return operations[transaction]?.output === FAILED;
}

/**
 * Finds transactions that read one version and both replaced it: whichever came first, the other one lost its write.
 *
 * @param replaced for each transaction that read the key and wrote it, the version that it read.
 */
export function sightLostUpdates(
  inference: Inference,
  key: TransactionKey,
  replaced: ReadonlyMap<number, unknown>,
): void {
  const firstBy = new Map<unknown, number>();
  for (const [by, version] of replaced) {
    const first = firstBy.get(version);
    if (first === undefined) firstBy.set(version, by);
    else {
      const sentence = `T1 and T2 both read key ${shown(key)} as ${shownVersion(version)} and wrote it`;
      sight(inference, 'lost-update', { transactions: [first, by], sentence });
    }
  }
}

/** Readers of one version come before the writers of the versions that may have followed it. */
export interface Overtaken {
  readonly key: TransactionKey;
  readonly version: Write | undefined;
  readonly readers: ReadonlySet<number>;
  /** The next writes of other transactions; their order among each other is not known. */
  readonly writes: readonly Write[];
}

/**
 * Adds the edges from readers to the writers that overtook them. Their number is linear: readers that write nothing go
 * through one relay. Of those that are writers too only the first gets edges: two of them are a lost update, which the
 * levels that look at these edges forbid anyway.
 */
export function addOvertaken(
  { graph, hasAtomicUpdates }: Inference,
  { key, version, readers, writes }: Overtaken,
): void {
  if (writes.length === 0) return;
  const writers = new Set(writes.map(({ by }) => by));
  const before = version?.value;
  const updater = [...readers].find((by) => writers.has(by));
  const own = writes.find(({ by }) => by === updater)?.value;
  if (updater !== undefined) {
    for (const { by, value } of writes) {
      graph.add(updater, by, { kind: 'rw', reason: { key, before, after: value } });
      // It replaced the very version that it had read, or lost an update: so its write came before the others, too.
      if (hasAtomicUpdates) graph.add(updater, by, { kind: 'ww', reason: { key, before: own, after: value } });
    }
  }
  const others = [...readers].filter((by) => !writers.has(by));
  if (others.length === 0) return;
  const relay = graph.relay();
  for (const by of others) graph.add(by, relay, { kind: 'rw', reason: { key, before } });
  for (const { by, value } of writes) graph.add(relay, by, { kind: 'rw', reason: { key, before, after: value } });
}

/** Reports a read of what a failed transaction wrote, of what nobody wrote, and of what its reader wrote only later. */
export function sightBadSource(inference: Inference, read: Read<unknown>, source: Write | undefined): void {
  if (source === undefined) return;
  const what = `read key ${shown(source.key)}`;
  if (source.by === read.by) {
    const isLater = source.place >= read.ownBefore;
    const sentence = `T1 ${what} with ${shown(source.value)}, which it wrote only later`;
    if (isLater) sight(inference, 'future-read', { transactions: [read.by], sentence });
  } else if (hasFailed(inference, source.by)) {
    const sentence = `T2 ${what} with ${shown(source.value)}, which T1 wrote, and T1 failed`;
    sight(inference, 'G1a', { transactions: [source.by, read.by], sentence });
  }
}

/** A key or value for people. */
export function shown(value: unknown): string {
  return JSON.stringify(value);
}

function shownVersion(version: unknown): string {
  return version === undefined ? 'never written' : `left by ${shown(version)}`;
}
