// The worker of worker.ts: asked for some milliseconds, it works as its mode says and answers operations per second.
import { parentPort, workerData } from 'node:worker_threads';
import { nowMs } from '../../../src/base/clock.ts';
import { connectCluster } from '../../../src/cluster/open-cluster.ts';
import type { ClusterHandle } from '../../../src/cluster/options.ts';
import type { BatchWrite } from '../../../src/store/store.ts';

if (parentPort === null) throw new Error('This program runs in a worker thread');
const port = parentPort;
const { handle, mode }: { readonly handle: ClusterHandle; readonly mode: string } = workerData;

const VALUE = '0123456789abcdef';
const BATCH = Array.from({ length: 64 }, (_, index): BatchWrite => {
  return { kind: 'put', key: `key-${index}`, value: VALUE };
});
/** Batches that are pending at a time. */
const BATCHES = 4;

const client = await connectCluster(handle);
for (const { outcome } of await client.batch(BATCH)) expectOk(outcome); // So that there is something to get.

port.on('message', (ms: number) => {
  if (mode !== 'batch') return port.postMessage(blocking(ms));
  return void batches(ms).then((perSecond) => port.postMessage(perSecond));
});
port.postMessage('ready');

async function batches(ms: number): Promise<number> {
  const startMs = nowMs();
  let operations = 0;
  const lane = async (): Promise<void> => {
    while (nowMs() - startMs < ms) {
      for (const { outcome } of await client.batch(BATCH)) expectOk(outcome);
      operations += BATCH.length;
    }
  };
  await Promise.all(Array.from({ length: BATCHES }, lane));
  return (operations * 1000) / (nowMs() - startMs);
}

function blocking(ms: number): number {
  const startMs = nowMs();
  let operations = 0;
  for (; nowMs() - startMs < ms; operations++) {
    const key = `key-${operations % 64}`;
    expectOk((mode === 'putSync' ? client.putSync(key, VALUE) : client.getSync(key)).outcome);
  }
  return (operations * 1000) / (nowMs() - startMs);
}

function expectOk(outcome: string): void {
  if (outcome !== 'ok') throw new Error(`Wrong answer: the outcome is ${outcome}`);
}
