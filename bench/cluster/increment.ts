// Increments of hot keys: those of one key that wait at once share a round, a round is one round trip while the client
// has the key to itself, and each is decided by a quorum of five replicas.
//
//     main (a promise each)                                 <--rings and tally board--> 5 replicas
//     2 workers (connectCluster, 64 pending each), one key  <--rings and tally boards--> 5 replicas; main only waits
import { openCluster } from '../../src/cluster/open-cluster.ts';
import type { ClusterMetrics } from '../../src/cluster/options.ts';
import { counterSubjects } from '../harness/counter.ts';
import { nextMessage, programUrl, startProgram } from '../harness/program.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const REPLICAS = 5;
const SUBJECT = `quorate, ${REPLICAS} replicas`;
const WORKERS = 2;

export const subjects: readonly Subject[] = [
  ...counterSubjects(SUBJECT, async () => {
    const cluster = await openCluster({ replicas: REPLICAS });
    return {
      increment: async (key) => expectAnswer((await cluster.increment(key)).outcome, 'ok', 'the outcome'),
      read: async (key) => numberOf(await cluster.get(key)),
      close: () => cluster.close(),
      note: (increments) => costNote([cluster.metrics()], increments),
    };
  }),
  { question: 'increment, one key, 2 threads with 64 in flight each', subject: SUBJECT, unit: 'ops/s', open },
];

async function open(): Promise<Contender> {
  const cluster = await openCluster({ replicas: REPLICAS });
  const start = { handle: cluster.handle(), key: 'counter', depth: 64 };
  const url = programUrl('increment-client', import.meta.url);
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => startProgram(url, start)));
  let increments = 0;
  let metrics: readonly ClusterMetrics[] = [];
  const pass = async (ms: number): Promise<number> => {
    const answered = workers.map((worker) => nextMessage(worker));
    for (const worker of workers) worker.postMessage(ms);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what our own program posts
    const answers = (await Promise.all(answered)) as readonly WorkerAnswer[];
    metrics = answers.map((answer) => answer.metrics);
    increments += answers.reduce((sum, answer) => sum + answer.increments, 0);
    expectAnswer(numberOf(await cluster.get('counter')), increments, 'the number');
    return answers.reduce((sum, answer) => sum + answer.perSecond, 0);
  };
  return {
    get note() {
      return costNote(metrics, increments);
    },
    check: async () => {
      await pass(1);
    },
    pass,
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
      await cluster.close();
    },
  };
}

/** What a worker says of one pass. */
export interface WorkerAnswer {
  readonly increments: number;
  readonly perSecond: number;
  /** Of its client, since it connected. */
  readonly metrics: ClusterMetrics;
}

function numberOf(read: { readonly outcome: string; readonly value?: unknown }): number {
  return read.outcome === 'absent' ? 0 : Number(read.outcome === 'ok' ? read.value : Number.NaN);
}

/** What the increments of these clients have cost, each on average; the few reads between passes are counted in. */
function costNote(metrics: readonly ClusterMetrics[], increments: number): string {
  const sum = (name: keyof ClusterMetrics): number => metrics.reduce((total, each) => total + each[name], 0);
  const each = (total: number): string => (total / increments).toPrecision(3);
  const fast = (100 * sum('fastChanges')) / sum('changes');
  return [
    `${each(sum('changes'))} rounds`,
    `${each(sum('framesSent'))} frames`,
    `${each(sum('wakeUps'))} + ${each(sum('replicaWakeUps'))} wake-ups of clients and replicas per increment`,
    `${(sum('framesSent') / REPLICAS / sum('changes')).toFixed(2)} round trips a round`,
    `${fast.toFixed(1)} % of them of one`,
  ].join(', ');
}
