// Real threads for the tests of this layer.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Starts `programs/NAME.ts`. */
export function startThread(name: string, workerData: unknown): Worker {
  return new Worker(new URL(`./programs/${name}.ts`, import.meta.url), { workerData });
}

/** Waits for the thread's own end. @throws what it threw. */
export async function endOfThread(worker: Worker): Promise<void> {
  await once(worker, 'exit');
}

/** Gives the event loop a turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
