// How a keeper starts threads and lets time pass. Production hands it worker threads and timers; a simulator hands it
// threads of its own and virtual time, so that the same keeper decides in both.
import type { Transferable, WorkerOptions } from 'node:worker_threads';
import type { ExitReason } from './exit-reason.ts';

/** A thread as its keeper sees it. */
export interface KeptThread {
  readonly threadId: number;
  post(message: unknown, transferList?: readonly Transferable[]): void;
  /** Ends the thread, whatever it does. The reason is recorded first; an earlier one stands. */
  end(reason: ExitReason): Promise<ExitReason>;
}

/** What a thread reports, in this order: at most one `onReady`, messages, exactly one `onExit`. */
export interface ThreadListeners {
  onReady(thread: KeptThread): void;
  onMessage(thread: KeptThread, message: unknown): void;
  onExit(thread: KeptThread, reason: ExitReason): void;
}

/** Calls `run` once, after so many milliseconds. @returns how to prevent that. */
export type StartTimer = (run: () => void, afterMs: number) => () => void;

/** What a keeper touches of the world. */
export interface KeeperDoors {
  /** Starts a thread. @throws what `new Worker` throws on options that it does not accept. */
  startThread(entry: URL, options: WorkerOptions, listeners: ThreadListeners): KeptThread;
  readonly startTimer: StartTimer;
}

/** A timer of the thread's event loop. */
export function startTimer(run: () => void, afterMs: number): () => void {
  const timer = setTimeout(run, afterMs);
  return () => clearTimeout(timer);
}
