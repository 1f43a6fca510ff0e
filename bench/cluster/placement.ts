// What more threads than copies bring: put and get in turn, and how much of that falls on one thread. The throughput
// depends on the cores of the machine; frames of an operation and of the busiest thread do not, they are counted.
// `npm run -s bench -- --only placement cluster`.
//
//     main (a promise each, 256 pending, 1,024 keys) <--rings and tally board--> T replicas, N of them for each key
import { openCluster } from '../../src/cluster/open-cluster.ts';
import type { Cluster } from '../../src/cluster/open-cluster.ts';
import { fillKeys, operationOf } from '../harness/filled-keys.ts';
import { closedLoop } from '../harness/load.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const DEPTH = 256;
const SHAPE = { keys: 1024, bytes: 16 };
const WARM_UP_MS = 200;
const COUNTED_MS = 500;
const OPTIONS = { standbys: 0, hungMs: 60_000 };

/** T and N. */
const SIZES = [
  [3, 3],
  [5, 3],
  [7, 3],
  [5, 5],
  [7, 7],
] as const;

/** What is asked, and the figure of so many operations, of which each thread was sent so many frames. */
const KINDS: readonly { readonly question: string; readonly unit: string; readonly figure: (load: Load) => number }[] =
  [
    { question: 'put and get in turn', unit: 'ops/s', figure: ({ perSecond }) => perSecond },
    { question: 'frames of one operation', unit: 'frames/op', figure: ({ frames }) => sum(frames) },
    { question: 'frames of the busiest thread', unit: 'frames/op', figure: ({ frames }) => Math.max(...frames) },
  ];

/** What was done; frames by thread, of one operation on average. */
interface Load {
  readonly perSecond: number;
  readonly frames: readonly number[];
}

export const subjects: readonly Subject[] = KINDS.flatMap(({ question, unit, figure }) =>
  SIZES.map(([threads, replicationFactor]): Subject => {
    const subject = `T = ${threads}, N = ${replicationFactor}`;
    const fixed = unit === 'ops/s' ? { passes: 3, ms: 400 } : { passes: 1, ms: COUNTED_MS };
    const open = (): Promise<Contender> => openLoaded({ threads, replicationFactor }, figure);
    return { question: `placement: ${question}`, subject, unit, fixed, open };
  }),
);

async function openLoaded(
  sizes: { readonly threads: number; readonly replicationFactor: number },
  figure: (load: Load) => number,
): Promise<Contender> {
  const cluster = await openCluster({ ...OPTIONS, ...sizes });
  return {
    check: async () => {
      await fillKeys(cluster, SHAPE);
      await loaded(cluster, WARM_UP_MS);
    },
    pass: async (ms) => figure(await loaded(cluster, ms)),
    close: () => cluster.close(),
  };
}

async function loaded(cluster: Cluster, ms: number): Promise<Load> {
  const put = operationOf(cluster, 'put', SHAPE);
  const get = operationOf(cluster, 'get', SHAPE);
  let operations = 0;
  const before = handledBy(cluster);
  const perSecond = await closedLoop(
    (index) => {
      operations++;
      return index % 2 === 0 ? put(index >> 1) : get(index >> 1);
    },
    { depth: DEPTH, ms },
  );
  await allRead(cluster);
  const frames = handledBy(cluster).map((handled, replica) => (handled - before[replica]!) / operations);
  return { perSecond, frames };
}

/** Frames that each thread has handled. */
function handledBy(cluster: Cluster): number[] {
  return cluster.inspect().replicas.map(({ handled }) => handled);
}

/** The last accepts of a quorum are read once it has voted. */
async function allRead(cluster: Cluster): Promise<void> {
  const isUnread = (): boolean => cluster.inspect().replicas.some(({ unreadBytes }) => unreadBytes > 0);
  for (let turn = 0; turn < 1000 && isUnread(); turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, each) => total + each, 0);
}
