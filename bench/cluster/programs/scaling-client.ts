// A worker of scaling.ts: asked for some milliseconds, it puts or gets and answers operations per second.
import { parentPort, workerData } from 'node:worker_threads';
import { connectCluster } from '../../../src/cluster/open-cluster.ts';
import type { ClusterHandle } from '../../../src/cluster/options.ts';
import { operationOf } from '../../harness/filled-keys.ts';
import type { Kind, Shape } from '../../harness/filled-keys.ts';
import { closedLoop } from '../../harness/load.ts';

interface Start extends Shape {
  readonly handle: ClusterHandle;
  readonly kind: Kind;
  readonly depth: number;
}

if (parentPort === null) throw new Error('This program runs in a worker thread');
const port = parentPort;
const start: Start = workerData;

const operation = operationOf(await connectCluster(start.handle), start.kind, start);

port.on('message', (ms: number) => {
  void closedLoop(operation, { depth: start.depth, ms }).then((perSecond) => port.postMessage(perSecond));
});
port.postMessage('ready');
