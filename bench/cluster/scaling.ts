// How the figures move with the number of replicas, keys and clients, and with the length of the values: one of them at
// a time, the others as in put-get.ts. `npm run -s bench -- --only scaling cluster`, about a second a point.
//
//     main (a promise each, 256 pending)           <--rings and tally board--> 1 to 9 replicas
//     1 to 8 workers (a promise each, 64 pending)  <--rings and tally boards--> 5 replicas; main only waits
import { openCluster } from '../../src/cluster/open-cluster.ts';
import type { Cluster } from '../../src/cluster/open-cluster.ts';
import { depthFor, fillKeys, operationOf } from '../harness/filled-keys.ts';
import type { Kind, Shape } from '../harness/filled-keys.ts';
import { closedLoop } from '../harness/load.ts';
import { nextMessage, programUrl, startProgram } from '../harness/program.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const DEPTH = 256;
const DEPTH_OF_WORKER = 64;
const WARM_UP_MS = 200;
const MIB = 1024 * 1024;
/** Room for a million keys, and no replica that is taken for hung while it collects garbage of so many. */
const OPTIONS = { standbys: 0, replicaHeapMb: 2048, hungMs: 60_000 };
const fixed = { passes: 2, ms: 400 };

/** One point. */
interface Point extends Shape {
  readonly replicas: number;
  /** Worker threads with a client each; none: the main thread is the client. */
  readonly workers: number;
}

const USUAL: Point = { replicas: 5, keys: 1024, bytes: 16, workers: 0 };

/** What is varied, and the points by name. */
const SCALES: Readonly<Record<string, Readonly<Record<string, Point>>>> = {
  replicas: Object.fromEntries([1, 3, 5, 7, 9].map((replicas) => [`N = ${replicas}`, { ...USUAL, replicas }] as const)),
  keys: Object.fromEntries(
    [1e3, 1e4, 1e5, 1e6].map((keys) => [`${keys.toLocaleString('en')} keys`, { ...USUAL, keys }] as const),
  ),
  'length of values': Object.fromEntries(
    [16, 256, 4096, 65_536, MIB].map((bytes) => {
      return [`${bytes.toLocaleString('en')} bytes`, { ...USUAL, bytes, keys: Math.min(1024, (64 * MIB) / bytes) }];
    }),
  ),
  clients: Object.fromEntries(
    [1, 2, 4, 8].map(
      (workers) =>
        [`${workers} client thread${workers === 1 ? '' : 's'}, 64 in flight each`, { ...USUAL, workers }] as const,
    ),
  ),
};

export const subjects: readonly Subject[] = Object.entries(SCALES).flatMap(([scale, points]) => {
  return (['put', 'get'] as const).flatMap((kind) => {
    return Object.entries(points).map(([subject, point]): Subject => {
      return { question: `scaling: ${kind} by ${scale}`, subject, unit: 'ops/s', fixed, open: () => open(kind, point) };
    });
  });
});

async function open(kind: Kind, point: Point): Promise<Contender> {
  const cluster = await openCluster({ ...OPTIONS, replicas: point.replicas });
  const { pass, end } = await (point.workers === 0 ? inMain(cluster, kind, point) : inWorkers(cluster, kind, point));
  return {
    check: async () => {
      await fillKeys(cluster, point);
      await pass(WARM_UP_MS);
    },
    pass,
    close: async () => {
      await end();
      await cluster.close();
    },
  };
}

interface Clients {
  readonly pass: (ms: number) => Promise<number>;
  readonly end: () => Promise<unknown>;
}

async function inMain(cluster: Cluster, kind: Kind, point: Point): Promise<Clients> {
  const operation = operationOf(cluster, kind, point);
  const depth = depthFor(point.bytes, DEPTH);
  return { pass: (ms) => closedLoop(operation, { depth, ms }), end: () => Promise.resolve() };
}

async function inWorkers(cluster: Cluster, kind: Kind, { workers, keys, bytes }: Point): Promise<Clients> {
  const start = { handle: cluster.handle(), kind, keys, bytes, depth: DEPTH_OF_WORKER };
  const url = programUrl('scaling-client', import.meta.url);
  const threads = await Promise.all(Array.from({ length: workers }, () => startProgram(url, start)));
  const pass = async (ms: number): Promise<number> => {
    const answered = threads.map((thread) => nextMessage(thread));
    for (const thread of threads) thread.postMessage(ms);
    return (await Promise.all(answered)).reduce((sum: number, perSecond) => sum + Number(perSecond), 0);
  };
  return { pass, end: () => Promise.all(threads.map((thread) => thread.terminate())) };
}
