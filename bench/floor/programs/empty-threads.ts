// A fresh process that starts five threads, and prints how long that took or what each takes of memory.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { nowMs } from '../../../src/base/clock.ts';
import { residentMib } from '../../harness/fresh-process.ts';

const THREADS = 5;
const PROGRAM = `require('node:worker_threads').parentPort.on('message', () => {}).postMessage('ready')`;

const beforeMib = residentMib();
const startMs = nowMs();
const workers = Array.from({ length: THREADS }, () => new Worker(PROGRAM, { eval: true }));
await Promise.all(workers.map((worker) => once(worker, 'message')));
const openMs = nowMs() - startMs;
console.log(process.argv[2] === 'open' ? openMs : (residentMib() - beforeMib) / THREADS);
await Promise.all(workers.map((worker) => worker.terminate()));
