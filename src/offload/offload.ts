// Stateless CPU work beside the actors, in a pool of threads: hashing, compression, checking of histories. The only
// user of piscina. Replicas never run here: an abort ends the thread of its task, whatever it holds.
import { availableParallelism } from 'node:os';
import { channel } from 'node:diagnostics_channel';
import { Piscina } from 'piscina';
import { QuorateError, integerOption } from '../base/errors.ts';
import { OFFLOAD_IDLE_MS, OFFLOAD_QUEUE_MAX, OFFLOAD_THREADS_MAX, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { decodePlain } from '../base/plain-codec.ts';
import type { TaskReply, TaskRequest, TaskTable, Tasks } from './tasks.ts';

/** Options of {@link Offload}. */
export interface OffloadOptions {
  /** Most threads, an integer from 1 to OFFLOAD_THREADS_MAX; default one less than the machine runs in parallel. */
  readonly threadsMax?: number;
  /** Most tasks that wait for a thread, an integer from 0 to OFFLOAD_QUEUE_MAX; default OFFLOAD_QUEUE_MAX. */
  readonly queueMax?: number;
  /** Heap limit of each thread (old generation) in MiB; default Node's own. */
  readonly threadHeapMb?: number;
  /** The program of the threads: for another table of tasks. It must export `performTask` of that table as default. */
  readonly program?: URL;
}

/** Options of one task. */
export interface TaskOptions {
  /** Ends the task, and its thread with it; the pool goes on. */
  readonly signal?: AbortSignal;
  /** As the signal, after this many milliseconds, an integer from 1 to 2^31 - 1; default none. */
  readonly timeoutMs?: number;
}

type Argument<Table extends TaskTable, Name extends keyof Table> = Parameters<Table[Name]>[0];
type Result<Table extends TaskTable, Name extends keyof Table> = Awaited<ReturnType<Table[Name]>>;

/** Failures that belong to no task any more, such as a result that raced its abort: published, never thrown. */
const STRAYS = channel('quorate:offload:stray');

/**
 * A pool of threads for stateless work. Its threads start with the first task, and all but one end when they are idle.
 * They do not keep the process alive. Any thread with an event loop may own one; nothing here blocks.
 */
export class Offload<Table extends TaskTable = Tasks & TaskTable> implements AsyncDisposable {
  readonly #options: OffloadOptions;
  #pool: Pool | undefined;
  #isClosed = false;

  /** @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is out of its range. */
  constructor(options: OffloadOptions = {}) {
    const { threadsMax, queueMax } = options;
    if (threadsMax !== undefined) integerOption('threadsMax', threadsMax, { min: 1, max: OFFLOAD_THREADS_MAX });
    if (queueMax !== undefined) integerOption('queueMax', queueMax, { min: 0, max: OFFLOAD_QUEUE_MAX });
    this.#options = options;
  }

  /**
   * Runs one task in a thread of the pool. Bytes are copied, so the caller may change them afterwards.
   *
   * @returns what the task returned; rejects with what it threw.
   * @throws {QuorateError} `ERR_QUORATE_ABORTED`, `_TIMEOUT`, `_OVERLOADED` (the queue is full), `_UNSENDABLE`,
   *   `_ACTOR_DEAD` (the thread ended: out of memory, or its program does not load) or `_CLOSED`.
   */
  async run<Name extends keyof Table & string>(
    name: Name,
    argument: Argument<Table, Name>,
    options: TaskOptions = {},
  ): Promise<Result<Table, Name>> {
    if (this.#isClosed) throw new QuorateError('ERR_QUORATE_CLOSED', `Cannot run task ${name}: the pool is closed`);
    const end = endOf(name, options);
    try {
      const given: unknown = argument;
      const sent = given instanceof Uint8Array ? new Uint8Array(given) : given;
      const request: TaskRequest = { name, argument: sent };
      const reply = await this.#submit(request, end.signal);
      if (reply.kind === 'threw') throw decodePlain(reply.error);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The program runs the table that types this.
      return reply.value as Result<Table, Name>;
    } finally {
      end.release();
    }
  }

  /** Ends the threads; tasks that run reject with `ERR_QUORATE_CLOSED`. May be called again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool?.piscina.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #submit(request: TaskRequest, signal: AbortSignal): Promise<TaskReply> {
    signal.throwIfAborted();
    if (this.#pool === undefined || this.#pool.hasFailed) this.#pool = openPool(this.#options);
    const { piscina } = this.#pool;
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Every program answers with performTask.
      return (await piscina.run(request, { signal })) as TaskReply;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(request.name, error);
    }
  }

  #failure(name: string, error: unknown): QuorateError {
    const cause = this.#pool?.hasFailed === true ? this.#pool.failure : error;
    const says = (code: QuorateError['code'], reason: string): QuorateError =>
      new QuorateError(code, `Cannot run task ${name}: ${reason}`, { cause, fields: { task: name } });
    if (this.#isClosed) return says('ERR_QUORATE_CLOSED', 'the pool was closed meanwhile');
    if (cause instanceof DOMException && cause.name === 'DataCloneError') {
      return says('ERR_QUORATE_UNSENDABLE', 'its argument cannot be sent to a thread');
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (QUEUE_IS_FULL.has(reason)) return says('ERR_QUORATE_OVERLOADED', 'too many tasks are waiting');
    return says('ERR_QUORATE_ACTOR_DEAD', `its thread ended: ${reason}`);
  }
}

// Piscina's errors have no code; the texts are in its errors.js.
const QUEUE_IS_FULL: ReadonlySet<string> = new Set([
  'Task queue is at limit',
  'No task queue available and all Workers are busy',
]);

interface Pool {
  readonly piscina: Piscina;
  /** Its program does not load, so that it serves nothing; the next task tries again. */
  hasFailed: boolean;
  failure: unknown;
}

function openPool({ threadsMax, queueMax = OFFLOAD_QUEUE_MAX, threadHeapMb, program }: OffloadOptions): Pool {
  const beside = Math.max(1, availableParallelism() - 1); // The replicas and the main thread want a core too.
  const piscina = new Piscina({
    filename: (program ?? defaultProgram()).href,
    minThreads: 1, // With 0, tasks that wait behind one that is aborted would wait for ever.
    maxThreads: threadsMax ?? Math.min(beside, OFFLOAD_THREADS_MAX),
    maxQueue: queueMax,
    idleTimeout: OFFLOAD_IDLE_MS,
    concurrentTasksPerWorker: 1, // More would let the abort of one task end the others in its thread.
    recordTiming: false,
    env: {}, // A thread of the pool needs no secret of the application.
    ...(threadHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: threadHeapMb } }),
  });
  const pool: Pool = { piscina, hasFailed: false, failure: undefined };
  // Without a listener, a result that races its abort would end the process.
  piscina.on('error', (error: unknown) => {
    STRAYS.publish({ error });
    if (pool.hasFailed || piscina.threads.length > 0) return;
    // The last thread died while it started. Piscina starts no other, and its tasks would wait for ever.
    pool.hasFailed = true;
    pool.failure = error;
    void piscina.destroy();
  });
  return pool;
}

// Natively stripped TypeScript in the checkout, JavaScript in the package: the program has this file's extension.
function defaultProgram(): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`../../actors/offload-task${extension}`, import.meta.url);
}

interface End {
  readonly signal: AbortSignal;
  release(): void;
}

/** One signal for the caller's signal and the deadline, whose reason is the error to reject with. */
function endOf(name: string, { signal, timeoutMs }: TaskOptions): End {
  const controller = new AbortController();
  const onAbort = (): void => {
    const message = `Cannot finish task ${name}: the caller gave up`;
    controller.abort(
      new QuorateError('ERR_QUORATE_ABORTED', message, { cause: signal?.reason, fields: { task: name } }),
    );
  };
  const onTimeout = (): void => {
    const message = `Cannot finish task ${name} within ${timeoutMs} ms`;
    controller.abort(new QuorateError('ERR_QUORATE_TIMEOUT', message, { fields: { task: name, timeoutMs } }));
  };
  let timer: NodeJS.Timeout | undefined;
  if (timeoutMs !== undefined) {
    timer = setTimeout(onTimeout, integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX }));
  }
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
