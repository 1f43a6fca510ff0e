// A thread that takes a core and has nothing to do with the cluster beside it.
import { parentPort } from 'node:worker_threads';

parentPort?.postMessage('ready');
for (;;);
