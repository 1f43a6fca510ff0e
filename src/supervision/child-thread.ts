// One incarnation of one thread, from start to exit. It never restarts; see ThreadKeeper.
import { Worker } from 'node:worker_threads';
import type { Transferable, WorkerOptions } from 'node:worker_threads';
import { QuorateError } from '../base/errors.ts';
import { END_MS_MAX } from '../base/limits.ts';
import type { ExitReason } from './exit-reason.ts';
import { reasonOfError, reasonOfExit } from './exit-reason.ts';
import { startTimer } from './keeper-doors.ts';
import type { KeptThread, StartTimer, ThreadListeners } from './keeper-doors.ts';
import { isReadyMessage } from './standby.ts';

/** A worker thread whose end always has a reason. */
export class ChildThread implements KeptThread {
  /** Settles when the thread has exited. */
  readonly exited: Promise<ExitReason>;
  readonly #worker: Worker;
  readonly #threadId: number;
  #reason: ExitReason | undefined;
  #isEnding = false;
  #isReady = false;

  /** Starts a thread. @throws what `new Worker` throws on options that it does not accept. */
  constructor(entry: URL, options: WorkerOptions, listeners: ThreadListeners) {
    const worker = new Worker(entry, options);
    this.#worker = worker;
    this.#threadId = worker.threadId;
    // An 'error' without a listener would end this whole process.
    worker.on('error', (thrown) => {
      this.#reason ??= reasonOfError(thrown);
    });
    worker.on('messageerror', (error) => this.#onMessageError(error));
    worker.on('message', (message) => this.#onMessage(message, listeners));
    this.exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#isEnding = true;
        const reason = reasonOfExit(this.#reason, code);
        listeners.onExit(this, reason);
        resolve(reason);
      });
    });
  }

  get threadId(): number {
    return this.#threadId;
  }

  post(message: unknown, transferList: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, transferList);
  }

  /** Ends the thread, whatever it does. The reason is recorded first; an earlier one stands. */
  end(reason: ExitReason): Promise<ExitReason> {
    this.#reason ??= reason;
    this.#isEnding = true;
    void this.#worker.terminate();
    return this.exited;
  }

  #onMessage(message: unknown, listeners: ThreadListeners): void {
    // What arrives after terminate() was called is from an incarnation that others may already take for dead.
    if (this.#isEnding) return;
    if (!isReadyMessage(message)) return listeners.onMessage(this, message);
    if (this.#isReady) return;
    this.#isReady = true;
    listeners.onReady(this);
  }

  /** A message that cannot be read is a lost message: better a fresh thread than one that waits for an answer. */
  #onMessageError(error: Error): void {
    void this.end({ kind: 'crashed', error });
  }
}

/**
 * Waits for exits, but not for ever: `terminate()` does not end every thread. One that exhausts its heap by growing a
 * single array was seen to run on in the garbage collector of Node 26, deaf to it.
 *
 * @throws {QuorateError} `ERR_QUORATE_HUNG` when a thread does not exit within 10 s.
 */
export async function exitsInTime(
  exits: readonly Promise<ExitReason>[],
  start: StartTimer = startTimer,
): Promise<void> {
  let cancel: (() => void) | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    cancel = start(() => reject(deafError()), END_MS_MAX);
  });
  try {
    await Promise.race([Promise.all(exits), late]);
  } finally {
    cancel?.();
  }
}

function deafError(): QuorateError {
  return new QuorateError('ERR_QUORATE_HUNG', `Cannot end a thread: it runs on, ${END_MS_MAX} ms after terminate()`);
}
