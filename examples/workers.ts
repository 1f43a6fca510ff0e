// Workers that share state: four threads index a text into one store, each reading and writing synchronously, as if the
// store were a local map. One replica is killed meanwhile, and nothing is lost.
//
//   node examples/workers.ts
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { connectCluster, openCluster } from 'quorate';
import type { ClusterHandle } from 'quorate';
import { injectFault } from 'quorate/testing';

const TEXT = 'a rose is a rose is a rose and a rose is what a rose does';
const WORKERS = 4;

interface Share {
  readonly handle: ClusterHandle;
  readonly worker: number;
}

if (isMainThread) {
  await main();
} else {
  await index(workerData as Share);
}

async function main(): Promise<void> {
  const cluster = await openCluster({ replicas: 3 });
  const workers = Array.from({ length: WORKERS }, (_, worker) => {
    const share: Share = { handle: cluster.handle(), worker }; // Plain data: no transfer list.
    return new Worker(new URL(import.meta.url), { workerData: share });
  });
  const finished = Promise.all(workers.map((worker) => once(worker, 'exit')));
  await once(workers[0]!, 'message');
  await injectFault(cluster, 1, 'terminate');
  await finished;
  const words = [...new Set(TEXT.split(' '))].sort();
  for (const word of words) {
    const counts = await cluster.getMany(Array.from({ length: WORKERS }, (_, worker) => `${worker}:${word}`));
    const total = counts.reduce((sum, count) => sum + (count.outcome === 'ok' ? Number(count.value) : 0), 0);
    console.log(`${word} ${total}`);
  }
  await cluster.close();
}

/** Counts this worker's share of the words. Each worker has keys of its own: a count is read, then written. */
async function index({ handle, worker }: Share): Promise<void> {
  const client = await connectCluster(handle);
  const words = TEXT.split(' ').filter((_, position) => position % WORKERS === worker);
  for (const word of words) {
    const key = `${worker}:${word}`;
    const count = client.getSync(key); // Blocks this thread only.
    const written = client.putSync(key, count.outcome === 'ok' ? Number(count.value) + 1 : 1);
    if (written.outcome !== 'ok') throw new Error(`The count of ${word} is ${written.outcome}`);
    parentPort!.postMessage(word);
  }
  await client.close();
}
