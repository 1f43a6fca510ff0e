// Makes the operations of one bucket, with a client's core.
import type { Bucket } from '../replica/bucket.ts';
import type { ClientCore } from '../replica/client-core.ts';
import type { OperationOptions, UpdateFunction, Value, WriteOptions } from '../store/store.ts';
import type { OperationMaker } from './store-calls.ts';

/** Makes the operations of one bucket. */
export function makerIn(core: ClientCore, bucket: Bucket): OperationMaker {
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
