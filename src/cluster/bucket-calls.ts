// The calls of one bucket, in front of a client's core.
import type { Bucket } from '../replica/bucket.ts';
import type { ClientCore } from '../replica/client-core.ts';
import type { Settled } from '../replica/results.ts';
import type { OperationOptions, UpdateFunction, Value, WriteOptions } from '../store/store.ts';
import type { SessionClient } from './session.ts';
import { StoreCalls } from './store-calls.ts';
import type { Made, OperationMaker } from './store-calls.ts';

/** One bucket. The thread of its client uses it. */
export class BucketCalls extends StoreCalls {
  protected readonly maker: OperationMaker;
  readonly #client: SessionClient;

  constructor(core: ClientCore, bucket: Bucket, client: SessionClient) {
    super();
    this.maker = makerIn(core, bucket);
    this.#client = client;
  }

  protected start<Result extends Settled>(
    make: () => Made | Settled,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    return this.#client.start(make, signal);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller's operation ends as
  protected run<Result extends Settled>(make: () => Made): Result {
    return this.#client.run(make);
  }
}

/** Makes the operations of one bucket. */
function makerIn(core: ClientCore, bucket: Bucket): OperationMaker {
  type Options = OperationOptions | undefined;
  return {
    get: (key: string, options: Options) => core.get(key, options, bucket),
    put: (key: string, value: Value, options: WriteOptions | undefined) => core.put(key, value, options, bucket),
    delete: (key: string, options: WriteOptions | undefined) => core.delete(key, options, bucket),
    update: (key: string, fn: UpdateFunction, options: Options) => core.update(key, fn, options, bucket),
    compareAndSet: (key: string, expected: Value, next: Value, options: Options) =>
      core.compareAndSet(key, expected, next, options, bucket),
    increment: (key: string, by: number, options: Options) => core.increment(key, by, options, bucket),
    resolve: (operationId: string, options: Options) => core.resolve(operationId, options),
  };
}
