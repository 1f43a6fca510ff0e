// A cluster whose replicas miss what a test wants them to miss, and which is then repaired.
import { versionOf } from '../../src/protocol/ballot.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { RegisterOptions } from '../../src/quorum/index.ts';
import type { Entry } from '../../src/replica/key-table.ts';
import type { Repairer } from '../../src/replica/repairer.ts';
import { Failure } from '../../src/replica/results.ts';
import type { RepairOptions, RepairReport } from '../../src/store/repair.ts';
import { CoreCluster } from './core-cluster.ts';
import type { CoreClusterOptions } from './core-cluster.ts';

const DEADLINE_MS = 1e6;

/** A cluster, and who of it hears what. */
export class RepairFixture {
  readonly cluster: CoreCluster;

  constructor(replicas: number | RegisterOptions = 3, options: Omit<CoreClusterOptions, 'quorums' | 'clients'> = {}) {
    const quorums = registerQuorums(typeof replicas === 'number' ? { replicas } : replicas);
    this.cluster = new CoreCluster({ ...options, quorums, clients: 2 });
  }

  /** Only these replicas hear of a put; `undefined` deletes. */
  put(key: string, value: string | undefined, replicas: readonly number[]): void {
    this.cluster.call(0, (core) =>
      value === undefined ? core.delete(key, undefined) : core.put(key, value, { timeoutMs: 20 }),
    );
    this.cluster.exchange(0, 'accept', replicas);
    this.cluster.loseAllOf(0);
    this.cluster.pass(30);
    this.cluster.loseAllOf(0);
  }

  begin(
    options: RepairOptions = {},
    paceMs = 0,
  ): { readonly repairer: Repairer; result: RepairReport | Failure | undefined } {
    const { prefix = '', deep = false, timeoutMs = DEADLINE_MS } = options;
    const deadlineMs = this.cluster.nowMs + timeoutMs;
    const box: { repairer: Repairer; result: RepairReport | Failure | undefined } = {
      repairer: this.cluster
        .core(1)
        .repairer({ prefix, isDeep: deep, deadlineMs, paceMs, end: (result) => (box.result = result) }),
      result: undefined,
    };
    box.repairer.start();
    this.cluster.flush(1);
    return box;
  }

  /** A repair, of which `silent` replicas hear nothing. */
  repair(options: RepairOptions = {}, silent: readonly number[] = []): RepairReport {
    const begun = this.begin(options);
    this.cluster.settle(silent);
    if (begun.result === undefined || begun.result instanceof Failure) throw new Error('A repair ends with a report');
    return begun.result;
  }

  entriesOf(replica: number): Map<string, Entry> {
    const { table } = this.cluster.replicaAt(replica);
    return new Map(
      [...table.entries()].map((entry) => [Buffer.from(entry.key.buffer, 0, entry.keyBytes).toString(), entry]),
    );
  }

  /** What a replica holds, as text: key, ballot, bytes. */
  holdingOf(replica: number): string[] {
    return [...this.entriesOf(replica)]
      .map(([key, { register, valueBytes, value }]) =>
        [
          key,
          versionOf(register.accepted),
          valueBytes,
          Buffer.from(value.buffer, 0, Math.max(0, valueBytes)).toString('hex'),
        ].join(' '),
      )
      .toSorted();
  }

  /** Another byte than was written, at one replica. */
  corrupt(replica: number, key: string): void {
    this.entriesOf(replica).get(key)!.value[0]! ^= 0x0100;
  }
}
