// A client of a cluster in one thread, as the engine of a store: its promises settle when somebody has delivered what
// decides them, and looks.
import type {
  ChangeResult,
  OperationOptions,
  PutOptions,
  ReadResult,
  UpdateFunction,
  Value,
  WriteOptions,
  WriteResult,
} from '../../src/store/store.ts';
import type { CoreCall, CoreCluster } from '../replica/core-cluster.ts';

interface Waiting {
  readonly call: CoreCall;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The client `client` of `cluster`. */
export class CoreEngine {
  readonly #cluster: CoreCluster;
  readonly #client: number;
  #waiting: Waiting[] = [];
  #pauses: { readonly atMs: number; readonly resolve: () => void }[] = [];

  constructor(cluster: CoreCluster, client: number) {
    this.#cluster = cluster;
    this.#client = client;
  }

  get(key: string, options?: OperationOptions): Promise<ReadResult> {
    return this.#call((core) => core.get(key, options)) as Promise<ReadResult>;
  }

  update(key: string, fn: UpdateFunction, options?: OperationOptions): Promise<ChangeResult> {
    return this.#call((core) => core.update(key, fn, options)) as Promise<ChangeResult>;
  }

  resolve(operationId: string, options?: OperationOptions): Promise<WriteResult> {
    return this.#call((core) => core.resolve(operationId, options)) as Promise<WriteResult>;
  }

  put(key: string, value: Value, options?: PutOptions): Promise<WriteResult> {
    return this.#call((core) => core.put(key, value, options)) as Promise<WriteResult>;
  }

  delete(key: string, options?: WriteOptions): Promise<WriteResult> {
    return this.#call((core) => core.delete(key, options)) as Promise<WriteResult>;
  }

  /** Settles once so much time of the cluster has passed. */
  pause(ms: number): Promise<void> {
    const atMs = this.#cluster.nowMs + ms;
    return new Promise((resolve) => this.#pauses.push({ atMs, resolve }));
  }

  /** Settles what has ended, and lets those go on that waited for it. */
  async look(): Promise<void> {
    const ended = this.#waiting.filter(({ call }) => call.result !== undefined || call.error !== undefined);
    this.#waiting = this.#waiting.filter((each) => !ended.includes(each));
    const over = this.#pauses.filter(({ atMs }) => atMs <= this.#cluster.nowMs);
    this.#pauses = this.#pauses.filter((each) => !over.includes(each));
    for (const { resolve } of over) resolve();
    for (const { call, resolve, reject } of ended) {
      if (call.error === undefined) resolve(call.result);
      else reject(call.error);
    }
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }

  #call(make: Parameters<CoreCluster['call']>[1]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call: this.#cluster.call(this.#client, make), resolve, reject });
    });
  }
}

/** Everything arrives, until the promise settles. */
export async function settled<Result>(
  cluster: CoreCluster,
  engines: readonly CoreEngine[],
  promise: Promise<Result>,
): Promise<Result> {
  for (let turn = 0; turn < 4; turn++) {
    cluster.settle();
    for (const engine of engines) await engine.look();
  }
  return promise;
}
