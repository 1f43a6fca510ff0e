// Imported before a program (`--import`), by each of its threads: counts the thread's atomic operations. A replica's
// thread is started without options of its own, so that it says here which module it imports first.
import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import { openAtomicsCounter } from '../../harness/atomics-count.ts';
import { beforeCalls } from '../../harness/before-calls.ts';

/** Whether the operation reads and writes in one. */
const OPERATIONS = {
  load: false,
  store: false,
  wait: false,
  waitAsync: false,
  notify: false,
  add: true,
  and: true,
  compareExchange: true,
  exchange: true,
  or: true,
  sub: true,
} as const;

const isReplica = /\breplica\.[jt]s$/.test(process.argv[1] ?? '');
const counter = openAtomicsCounter(workerThreads.isMainThread ? 'client' : isReplica ? 'replica' : 'other');
for (const [name, isExchange] of Object.entries(OPERATIONS))
  beforeCalls(Atomics, name, () => counter.count(isExchange));

class CountedWorker extends workerThreads.Worker {
  constructor(program: string | URL, options: WorkerOptions = {}) {
    super(program, { ...options, execArgv: ['--import', import.meta.url] });
  }
}

workerThreads.Worker = CountedWorker;
syncBuiltinESMExports();
