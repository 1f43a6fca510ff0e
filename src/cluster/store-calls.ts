// The calls of a store, as promises and as calls that block, in front of whatever makes their operations: the core of a
// client, or a session of it.
import { mayBeStale } from '../replica/stale-limits.ts';
import { typeError } from '../base/errors.ts';
import type { Operation } from '../replica/operation.ts';
import type { Proposal } from '../replica/proposal.ts';
import type { Settled } from '../replica/results.ts';
import type { ProposeResult } from '../store/topic.ts';
import type { PendingChange } from '../replica/round.ts';
import type { ScanCall } from '../replica/scan.ts';
import type { SessionCall } from '../replica/session-calls.ts';
import { getAvailable, writeAvailable } from '../store/available.ts';
import type { HintPlace } from '../store/available.ts';
import { entriesOf } from '../store/scan.ts';
import { noValueError } from '../store/value-copies.ts';
import type {
  BatchWrite,
  ChangeOptions,
  ChangeResult,
  EntriesOptions,
  OperationOptions,
  PutOptions,
  ReadOptions,
  ReadResult,
  ScanEntry,
  ScanOptions,
  ScanResult,
  UpdateFunction,
  Value,
  WriteOptions,
  WriteResult,
} from '../store/store.ts';
import type { SyncChangeOptions, SyncPutOptions, SyncReadOptions, SyncStore, SyncWriteOptions } from './options.ts';

/** What a caller waits for. */
export type Made = Operation | PendingChange | SessionCall | ScanCall | Proposal;

/** What it comes to. */
export type Ending = Settled | ScanResult | ProposeResult;

/** Makes operations. Each method throws what is wrong with what was asked for, and then nothing is left of it. */
export interface OperationMaker {
  /** What it comes to at once, where the cache has that. */
  read(key: string, options: ReadOptions | undefined): Made | ReadResult;
  put(key: string, value: Value, options: PutOptions | undefined): Made;
  delete(key: string, options: WriteOptions | undefined): Made;
  update(key: string, fn: UpdateFunction, options: ChangeOptions | undefined): Made;
  compareAndSet(key: string, expected: Value, next: Value, options: ChangeOptions | undefined): Made;
  increment(key: string, by: number, options: ChangeOptions | undefined): Made;
  scan(prefix: string, options: ScanOptions | undefined): Made;
  /** `undefined` where the operation is not known, or no longer. */
  resolve(operationId: string, options: OperationOptions | undefined): Made | undefined;
}

/** A store, once it is said who makes its operations and who submits them. */
export abstract class StoreCalls implements SyncStore {
  protected abstract readonly maker: OperationMaker;

  /** Submits what `make` makes; a result that it has at once is that of the promise. */
  protected abstract start<Result extends Ending>(
    make: () => Made | Ending,
    signal: AbortSignal | undefined,
  ): Promise<Result>;

  /** Submits what `make` makes, and blocks the thread until it is settled. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller's operation ends as
  protected abstract run<Result extends Ending>(make: () => Made | Ending): Result;

  /** Where hints of writes at level `available` go; `undefined` where there is no such level. */
  protected readonly hintPlace: HintPlace | undefined = undefined;

  get(key: string, options?: ReadOptions): Promise<ReadResult> {
    if (options?.level === 'available' && this.hintPlace !== undefined && !mayBeStale(options)) {
      return getAvailable(this, this.hintPlace, [key, options]);
    }
    return this.start(() => this.maker.read(key, options), options?.signal);
  }

  put(key: string, value: Value, options?: PutOptions): Promise<WriteResult> {
    if (value === undefined) return Promise.reject(noValueError());
    if (options?.level === 'available' && this.hintPlace !== undefined) {
      return writeAvailable(this, this.hintPlace, [key, value, options]);
    }
    return this.start(() => this.maker.put(key, value, options), options?.signal);
  }

  delete(key: string, options?: WriteOptions): Promise<WriteResult> {
    if (options?.level === 'available' && this.hintPlace !== undefined) {
      return writeAvailable(this, this.hintPlace, [key, undefined, options]);
    }
    return this.start(() => this.maker.delete(key, options), options?.signal);
  }

  update(key: string, fn: UpdateFunction, options?: ChangeOptions): Promise<ChangeResult> {
    return this.start(() => this.maker.update(key, fn, options), options?.signal);
  }

  compareAndSet(key: string, expected: Value, next: Value, options?: ChangeOptions): Promise<WriteResult> {
    return this.start(() => this.maker.compareAndSet(key, expected, next, options), options?.signal);
  }

  putIfAbsent(key: string, value: Value, options?: ChangeOptions): Promise<WriteResult> {
    return this.compareAndSet(key, undefined, value, options);
  }

  increment(key: string, by = 1, options?: ChangeOptions): Promise<ChangeResult> {
    return this.start(() => this.maker.increment(key, by, options), options?.signal);
  }

  getMany(keys: readonly string[], options?: ReadOptions): Promise<ReadResult[]> {
    if (!Array.isArray(keys)) return Promise.reject(listError('Cannot read the keys', keys));
    return Promise.all(keys.map((key) => this.get(key, options)));
  }

  batch(writes: readonly BatchWrite[], options?: OperationOptions): Promise<WriteResult[]> {
    const mistake = mistakeIn(writes);
    if (mistake !== undefined) return Promise.reject(mistake);
    return Promise.all(
      writes.map((write) =>
        write.kind === 'put'
          ? this.put(write.key, write.value, putOptions(write, options))
          : this.delete(write.key, options),
      ),
    );
  }

  scan(prefix: string, options?: ScanOptions): Promise<ScanResult> {
    return this.start(() => this.maker.scan(prefix, options), options?.signal);
  }

  entries(prefix: string, options?: EntriesOptions): AsyncIterableIterator<ScanEntry> {
    return entriesOf(this, prefix, options);
  }

  resolve(operationId: string, options?: OperationOptions): Promise<WriteResult> {
    const make = (): Made | WriteResult =>
      this.maker.resolve(operationId, options) ?? { outcome: 'unknown', operationId };
    return this.start(make, options?.signal);
  }

  getSync(key: string, options?: SyncReadOptions): ReadResult {
    return this.run(() => this.maker.read(key, options));
  }

  putSync(key: string, value: Value, options?: SyncPutOptions): WriteResult {
    if (value === undefined) throw noValueError();
    return this.run(() => this.maker.put(key, value, options));
  }

  deleteSync(key: string, options?: SyncWriteOptions): WriteResult {
    return this.run(() => this.maker.delete(key, options));
  }

  updateSync(key: string, fn: UpdateFunction, options?: SyncChangeOptions): ChangeResult {
    return this.run(() => this.maker.update(key, fn, options));
  }

  compareAndSetSync(key: string, expected: Value, next: Value, options?: SyncChangeOptions): WriteResult {
    return this.run(() => this.maker.compareAndSet(key, expected, next, options));
  }

  putIfAbsentSync(key: string, value: Value, options?: SyncChangeOptions): WriteResult {
    return this.compareAndSetSync(key, undefined, value, options);
  }

  incrementSync(key: string, by = 1, options?: SyncChangeOptions): ChangeResult {
    return this.run(() => this.maker.increment(key, by, options));
  }
}

/** What is wrong with a batch, of which nothing may have left then: a misspelt kind must not delete its key. */
function mistakeIn(writes: unknown): TypeError | undefined {
  if (!Array.isArray(writes)) return listError('Cannot write the batch', writes);
  for (const [at, write] of writes.entries()) {
    const kind: unknown = typeof write === 'object' && write !== null ? Reflect.get(write, 'kind') : undefined;
    if (kind === 'put' || kind === 'delete') continue;
    const given = typeof kind === 'string' ? `'${kind}'` : typeof kind;
    const message = `Cannot write the batch: the kind of write ${at} is ${given}: it must be 'put' or 'delete'`;
    return typeError('ERR_QUORATE_INVALID_ARGUMENT', message);
  }
  return undefined;
}

function listError(what: string, given: unknown): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `${what}: a ${typeof given} was given, it must be an array`);
}

function putOptions({ ttlMs }: BatchPut, options: OperationOptions | undefined): PutOptions | undefined {
  return ttlMs === undefined ? options : { ...options, ttlMs };
}

type BatchPut = Extract<BatchWrite, { kind: 'put' }>;

/** How a thread waits for what it submits. */
export interface Caller {
  /** Submits what `make` makes; a result that it has at once is that of the promise. */
  start<Result extends Ending>(make: () => Made | Ending, signal: AbortSignal | undefined): Promise<Result>;
  /** Submits what `make` makes, and blocks the thread until it is settled. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller's operation ends as
  run<Result extends Ending>(make: () => Made | Ending): Result;
}

/** Calls whose operations somebody else makes than those of the client that submits them. */
export class CallsOf<Maker extends OperationMaker> extends StoreCalls {
  protected readonly maker: Maker;
  protected override readonly hintPlace: HintPlace | undefined;
  readonly #caller: Caller;

  constructor(maker: Maker, caller: Caller, hintPlace?: HintPlace) {
    super();
    this.maker = maker;
    this.hintPlace = hintPlace;
    this.#caller = caller;
  }

  protected start<Result extends Ending>(make: () => Made | Ending, signal: AbortSignal | undefined): Promise<Result> {
    return this.#caller.start(make, signal);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller's operation ends as
  protected run<Result extends Ending>(make: () => Made | Ending): Result {
    return this.#caller.run(make);
  }
}
