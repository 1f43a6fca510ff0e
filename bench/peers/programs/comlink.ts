// The worker of comlink.ts.
import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

if (parentPort === null) throw new Error('This program runs in a worker thread');
parentPort.postMessage('ready');
expose({ add: (a: number, b: number): number => a + b }, nodeEndpoint(parentPort));
