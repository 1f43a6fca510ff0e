// Makes the operations of one bucket, with a client's core, at the levels of the bucket.
import { mayBeStale } from '../replica/stale-limits.ts';
import type { Bucket } from '../replica/bucket.ts';
import type { ClientCore } from '../replica/client-core.ts';
import type {
  ChangeOptions,
  Level,
  OperationOptions,
  PutOptions,
  ReadOptions,
  ScanOptions,
  UpdateFunction,
  Value,
  WriteOptions,
} from '../store/store.ts';
import type { OperationMaker } from './store-calls.ts';

/** Makes the operations of one bucket. */
export function makerIn(core: ClientCore, bucket: Bucket): OperationMaker {
  type Options = OperationOptions | undefined;
  const { readLevel, writeLevel } = bucket.rules;
  const forRead = levelled<OperationOptions>(readLevel);
  const forScan = levelled<ScanOptions>(readLevel);
  const forWrite = levelled<WriteOptions>(writeLevel);
  const forPut = levelled<PutOptions>(writeLevel);
  const forChange = levelled<ChangeOptions>(writeLevel);
  return {
    read: (key: string, options: ReadOptions | undefined) =>
      core.read(key, mayBeStale(options) ? options : forRead(options), bucket),
    put: (key: string, value: Value, options: PutOptions | undefined) => core.put(key, value, forPut(options), bucket),
    delete: (key: string, options: WriteOptions | undefined) => core.delete(key, forWrite(options), bucket),
    update: (key: string, fn: UpdateFunction, options: ChangeOptions | undefined) =>
      core.update(key, fn, forChange(options), bucket),
    compareAndSet: (key: string, expected: Value, next: Value, options: ChangeOptions | undefined) =>
      core.compareAndSet(key, expected, next, forChange(options), bucket),
    increment: (key: string, by: number, options: ChangeOptions | undefined) =>
      core.increment(key, by, forChange(options), bucket),
    scan: (prefix: string, options: ScanOptions | undefined) => core.scan(prefix, forScan(options), bucket),
    resolve: (operationId: string, options: Options) => core.resolve(operationId, options),
  };
}

/** Options with a level, where they name none. */
function levelled<Options extends OperationOptions>(level: Level): (options: Options | undefined) => Options {
  // One object serves all calls without options.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all other options may be left out
  const alone = { level } as Options;
  return (options) => (options === undefined ? alone : options?.level === undefined ? { ...options, level } : options);
}
