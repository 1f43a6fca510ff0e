// A worker of increment.ts: asked for some milliseconds, it increments the key and answers what that came to.
import { parentPort, workerData } from 'node:worker_threads';
import { connectCluster } from '../../../src/cluster/open-cluster.ts';
import type { ClusterHandle } from '../../../src/cluster/options.ts';
import { closedLoop } from '../../harness/load.ts';
import type { WorkerAnswer } from '../increment.ts';

if (parentPort === null) throw new Error('This program runs in a worker thread');
const port = parentPort;
const start: { readonly handle: ClusterHandle; readonly key: string; readonly depth: number } = workerData;

const client = await connectCluster(start.handle);

port.on('message', (ms: number) => void pass(ms).then((answer) => port.postMessage(answer)));
port.postMessage('ready');

async function pass(ms: number): Promise<WorkerAnswer> {
  let increments = 0;
  const increment = async (): Promise<void> => {
    const { outcome } = await client.increment(start.key);
    if (outcome !== 'ok') throw new Error(`Wrong answer: the outcome is ${outcome}`);
    increments++;
  };
  const perSecond = await closedLoop(increment, { depth: start.depth, ms });
  return { increments, perSecond, metrics: client.metrics() };
}
