// How long a replica needs until it serves again, or members until they have changed, while a client goes on; and how
// long that client ever waits meanwhile for its next answer, beside what it waits when nothing happens. The figure is
// of the whole, from the end of the thread, or the call, on; its note tells of the waits.
//
//     main (a promise each, 16 pending, gets and puts in turn) <--rings and tally board--> 5 replicas; 1 ends and
//     comes back empty, to be filled by the others, or is replaced by another one
import { once } from 'node:events';
import { nowMs } from '../../src/base/clock.ts';
import { injectFault } from '../../src/cluster/chaos.ts';
import { openCluster } from '../../src/cluster/open-cluster.ts';
import type { Cluster } from '../../src/cluster/open-cluster.ts';
import { fillKeys, operationOf } from '../harness/filled-keys.ts';
import type { Shape } from '../harness/filled-keys.ts';
import { median } from '../harness/load.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const DEPTH = 16;
const QUIET_MS = 1000;
const TIMEOUT_MS = 120_000;
/** As in scaling.ts: room for a million keys. With a standby, as clusters have by default. */
const OPTIONS = { replicas: 5, threadsMax: 6, standbys: 1, replicaHeapMb: 2048, hungMs: 60_000 };
const fixed = { passes: 3, ms: 0 };

/** What happens to one replica. */
type Event = (cluster: Cluster) => Promise<void>;

async function restart(cluster: Cluster): Promise<void> {
  const isBack = once(cluster, 'operational', { signal: AbortSignal.timeout(TIMEOUT_MS) });
  expectAnswer(await injectFault(cluster, 1, 'terminate'), true, 'whether the replica is ended');
  await isBack;
}

async function replace(cluster: Cluster): Promise<void> {
  const { members } = cluster.inspect().configuration;
  await cluster.reconfigure({ add: 1, remove: [members[0]!], timeoutMs: TIMEOUT_MS });
}

function subjectsOf(question: string, happen: Event, sizes: readonly number[]): Subject[] {
  return sizes.map((keys) => {
    const subject = `${keys.toLocaleString('en')} keys`;
    return { question, subject, unit: 'ms', fixed, open: () => open({ keys, bytes: 16 }, happen) };
  });
}

export const subjects: readonly Subject[] = [
  ...subjectsOf('a replica ends under load: time until it serves again', restart, [1e3, 1e5, 1e6]),
  ...subjectsOf('a replica is replaced under load: time until that has come about', replace, [1e3, 1e5]),
];

async function open(shape: Shape, happen: Event): Promise<Contender> {
  const cluster = await openCluster(OPTIONS);
  const load = new Load(cluster, shape);
  const quiet: number[] = [];
  const meanwhile: number[] = [];
  return {
    get note() {
      return `longest wait of the client ${median(meanwhile).toFixed(0)} ms; without ${median(quiet).toFixed(0)} ms`;
    },
    check: () => fillKeys(cluster, shape),
    pass: async () => {
      quiet.push(await load.longestWait(new Promise((resolve) => setTimeout(resolve, QUIET_MS))));
      const fromMs = nowMs();
      let tookMs = 0;
      meanwhile.push(await load.longestWait(happen(cluster).then(() => void (tookMs = nowMs() - fromMs))));
      return tookMs;
    },
    close: () => cluster.close(),
  };
}

/** A client that asks one thing after the other. */
class Load {
  readonly #operations: readonly ((index: number) => Promise<void>)[];
  #index = 0;
  #isOver = false;

  constructor(cluster: Cluster, shape: Shape) {
    this.#operations = [operationOf(cluster, 'put', shape), operationOf(cluster, 'get', shape)];
  }

  /** Works until `end` settles. @returns the longest time between two answers, in milliseconds. */
  async longestWait(end: Promise<void>): Promise<number> {
    this.#isOver = false;
    let longestMs = 0;
    let lastMs = nowMs();
    const lane = async (): Promise<void> => {
      while (!this.#isOver) {
        const index = this.#index++;
        await this.#operations[index % 2]!(index);
        const now = nowMs();
        longestMs = Math.max(longestMs, now - lastMs);
        lastMs = now;
      }
    };
    const over = end.finally(() => (this.#isOver = true));
    await Promise.all([over, ...Array.from({ length: DEPTH }, lane)]);
    return longestMs;
  }
}
