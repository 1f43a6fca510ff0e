// A watch as an async iterator on its thread: it ticks the watcher of the core, and hands its events to a reader.
import { nowMs } from '../base/clock.ts';
import { QuorateError } from '../base/errors.ts';
import { requireSignal } from '../base/given.ts';
import type { Bucket } from '../replica/bucket.ts';
import type { ClientCore } from '../replica/client-core.ts';
import type { Watcher } from '../replica/watcher.ts';
import { positionOf } from '../replica/watch-request.ts';
import type { Watch, WatchEvent, WatchOptions } from '../store/watch.ts';

type Next = IteratorResult<WatchEvent, undefined>;

interface Reader {
  readonly resolve: (next: Next) => void;
  readonly reject: (error: unknown) => void;
}

const DONE: Next = { done: true, value: undefined };

/** What a watch needs of its client. */
export interface WatchClient {
  readonly core: ClientCore;
  /** Sends what was submitted. */
  flush(): void;
  ended(watch: WatchStream): void;
}

/** One watch. */
export class WatchStream implements Watch {
  readonly #client: WatchClient;
  readonly #watcher: Watcher;
  readonly #prefix: string;
  readonly #signal: AbortSignal | undefined;
  readonly #readers: Reader[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDue = false;
  /** Whether its reader has left, or was told of its end. */
  #isOver = false;

  constructor(client: WatchClient, prefix: string, { bucket, ...options }: { bucket: Bucket | undefined } & Given) {
    this.#client = client;
    this.#signal = options.signal;
    if (this.#signal !== undefined) requireSignal(this.#signal);
    this.#signal?.throwIfAborted();
    const doors = { ready: (): void => this.#serve(), proceed: (): void => this.#proceed() };
    this.#watcher = client.core.watcher(prefix, options, bucket, doors);
    this.#prefix = (bucket?.prefix ?? '') + prefix;
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#proceed();
  }

  get position(): string | undefined {
    return positionOf(this.#watcher.places, { prefix: this.#prefix }, this.#client.core.watched);
  }

  next(): Promise<Next> {
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#serve();
    });
  }

  async return(): Promise<Next> {
    this.#isOver = true;
    this.#stop(undefined);
    for (const { resolve } of this.#readers.splice(0)) resolve(DONE);
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it: its client is closed. */
  close(): void {
    this.#stop(new QuorateError('ERR_QUORATE_CLOSED', 'The client was closed while it watched'));
  }

  readonly #onAbort = (): void => this.#stop(this.#signal?.reason);

  #stop(error: unknown): void {
    this.#watcher.stop(error);
    this.#serve();
  }

  /** Ticks the watcher in a turn of its own: it may be told of something in the midst of another's. */
  #proceed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(this.#tick);
  }

  readonly #tick = (): void => {
    this.#isDue = false;
    clearTimeout(this.#timer);
    if (this.#watcher.failure !== undefined) return;
    const dueMs = this.#watcher.tick(nowMs());
    this.#client.flush();
    if (dueMs !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(this.#tick, Math.max(1, dueMs - nowMs()));
  };

  #serve(): void {
    while (this.#readers.length > 0) {
      const event = this.#isOver ? undefined : this.#watcher.take();
      if (event === undefined) break;
      this.#readers.shift()!.resolve({ done: false, value: event });
    }
    const { failure } = this.#watcher;
    if (failure === undefined) return;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#client.ended(this);
    // The first reader is told why, all others that it is over.
    for (const { resolve, reject } of this.#readers.splice(0)) {
      if (this.#isOver) resolve(DONE);
      else reject(failure.error);
      this.#isOver = true;
    }
  }
}

type Given = Omit<WatchOptions, 'bucket'>;
