// Starting the other thread of a benchmark: its program lies in `programs/` beside the file that needs it.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { nowMs } from '../../src/base/clock.ts';

/**
 * The program `name` in the folder `programs` beside the module `from` (its `import.meta.url`), as source or built.
 */
export function programUrl(name: string, from: string): URL {
  return new URL(`./programs/${name}${from.slice(from.lastIndexOf('.'))}`, from);
}

/** Starts a thread that runs the program, and waits for its first message, which says that it is ready. */
export async function startProgram(program: URL, workerData: unknown): Promise<Worker> {
  const worker = new Worker(program, { workerData });
  await nextMessage(worker);
  return worker;
}

/** The next message of the thread. @throws {Error} when the thread fails or ends instead. */
export async function nextMessage(worker: Worker): Promise<unknown> {
  const settled = new AbortController();
  const { signal } = settled;
  const ended = once(worker, 'exit', { signal }).then(([code]) => {
    throw new Error(`The other thread ended with exit code ${String(code)}`);
  });
  ended.catch(() => {
    // Aborted below, or lost the race to the thread's error: in either case somebody else tells.
  });
  try {
    const messages: readonly unknown[] = await Promise.race([once(worker, 'message', { signal }), ended]);
    return messages[0];
  } finally {
    settled.abort();
  }
}

/** Longest wait for the other thread, in milliseconds: it is lost when it takes longer. */
const ANSWER_MS_MAX = 10_000;

/**
 * Blocks this thread while the word is `value`: until the other thread changes it and notifies.
 *
 * @throws {Error} when that takes longer than 10 s.
 */
export function waitWhile(words: Int32Array, index: number, value: number): void {
  const patience = new Patience();
  // Looked at again after each wait: a late notify for an earlier change may end it.
  while (Atomics.load(words, index) === value) {
    Atomics.wait(words, index, value, ANSWER_MS_MAX);
    patience.check();
  }
}

/** Bounds a wait that looks again and again: make it where the wait begins, and ask it where nothing was to be done. */
export class Patience {
  readonly #untilMs: number;

  /** @param msMax how long the other thread may take. */
  constructor(msMax: number = ANSWER_MS_MAX) {
    this.#untilMs = nowMs() + msMax;
  }

  /** @throws {Error} when the wait takes too long. */
  check(): void {
    if (nowMs() >= this.#untilMs) throw new Error('The other thread is lost');
  }
}
