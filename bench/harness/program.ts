// Starting the other thread of a benchmark: its program lies in `programs/` beside the file that needs it.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/**
 * The program `name` in the folder `programs` beside the module `from` (its `import.meta.url`), as source or built.
 */
export function programUrl(name: string, from: string): URL {
  return new URL(`./programs/${name}${from.slice(from.lastIndexOf('.'))}`, from);
}

/** Starts a thread that runs the program, and waits for its first message, which says that it is ready. */
export async function startProgram(program: URL, workerData: unknown): Promise<Worker> {
  const worker = new Worker(program, { workerData });
  await once(worker, 'message'); // Rejects on `error`. A later error has no listener, and ends the benchmark.
  return worker;
}

/** The next message of the thread. */
export async function nextMessage(worker: Worker): Promise<unknown> {
  const messages: readonly unknown[] = await once(worker, 'message');
  return messages[0];
}
