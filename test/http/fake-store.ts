// A store in memory that can be told how its next operations end.
import { unreachable } from '../../src/base/assert.ts';
import { QuorateError } from '../../src/base/errors.ts';
import type { ErrorCode } from '../../src/base/errors.ts';
import type { ObservedStore, StoreCounters, StoreStatus } from '../../src/http/status.ts';
import type {
  BatchWrite,
  ChangeOptions,
  OperationOptions,
  PutOptions,
  ReadOptions,
  ReadResult,
  ScanOptions,
  ScanResult,
  WriteOptions,
  WriteResult,
} from '../../src/store/store.ts';

/** How one operation ends instead of the usual way. */
export type Fate =
  | { readonly kind: 'unavailable' }
  /** The client is told "unknown", and that nobody can find out any more. */
  | { readonly kind: 'unknown-finally' }
  /** The client is told "unknown"; the write lands at once, or only when it is resolved. */
  | { readonly kind: 'unknown'; readonly lands: 'at-once' | 'when-resolved' }
  | { readonly kind: 'rejects'; readonly error: unknown }
  /** Waits for the gate; a signal that fires first ends a read as aborted and a write as unknown. */
  | { readonly kind: 'waits'; readonly gate: Promise<void> };

/** One operation that reached the store. */
export interface Operation {
  readonly kind: 'get' | 'put' | 'putIfAbsent' | 'delete' | 'scan' | 'resolve';
  readonly key: string;
  readonly options: PutOptions & ScanOptions & ReadOptions;
}

/** A promise with its resolver. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function makeGate(): Gate {
  const opener: { open?: () => void } = {};
  const opened = new Promise<void>((resolve) => {
    opener.open = resolve;
  });
  return { opened, open: () => opener.open?.() };
}

export function failureOf(code: ErrorCode): QuorateError {
  return new QuorateError(code, `Secret of the store: ${process.cwd()}`);
}

export class FakeStore implements ObservedStore {
  readonly values = new Map<string, unknown>();
  readonly versions = new Map<string, string>();
  /** In how many milliseconds values expire, by key: time does not pass here. */
  readonly times = new Map<string, number>();
  /** How old what a read returns is, by key. */
  readonly ages = new Map<string, number>();
  readonly operations: Operation[] = [];
  /** Writes that took effect, by key, in order. */
  readonly effects: string[] = [];
  inspect?: () => StoreStatus;
  metrics?: () => StoreCounters;
  readonly #fates: Fate[] = [];
  readonly #unresolved = new Map<string, () => unknown>();
  #waiters: { readonly count: number; readonly reached: () => void }[] = [];

  /** Decides how the next operations end, in this order. */
  foretell(...fates: readonly Fate[]): void {
    this.#fates.push(...fates);
  }

  /** Settles when `count` operations have reached the store. */
  reached(count: number): Promise<void> {
    if (this.operations.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ count, reached: resolve });
    });
  }

  async get(key: string, options: OperationOptions = {}): Promise<ReadResult> {
    const fate = this.#record({ kind: 'get', key, options });
    if (fate?.kind === 'rejects') throw fate.error;
    if (fate?.kind === 'unavailable') return { outcome: 'unavailable', needed: 3, got: 1 };
    if (fate?.kind === 'waits' && (await isAbortedFirst(fate.gate, options.signal))) {
      throw options.signal?.reason;
    }
    if (!this.values.has(key)) return { outcome: 'absent' };
    const expiresInMs = this.times.get(key);
    const ageMs = this.ages.get(key);
    const read = { outcome: 'ok', value: this.values.get(key), version: this.#versionOf(key) } as const;
    return { ...read, ...(expiresInMs !== undefined && { expiresInMs }), ...(ageMs !== undefined && { ageMs }) };
  }

  async scan(prefix: string, options: ScanOptions = {}): Promise<ScanResult> {
    const fate = this.#record({ kind: 'scan', key: prefix, options });
    if (fate?.kind === 'rejects') throw fate.error;
    if (fate?.kind === 'unavailable') return { outcome: 'unavailable', needed: 3, got: 1 };
    const { after = '', limit = 2 } = options;
    const keys = [...this.values.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const entries = keys.slice(0, limit).map((key) => {
      return { key, value: this.values.get(key), version: this.#versionOf(key) };
    });
    return { outcome: 'ok', entries, ...(keys.length > limit && { after: keys[limit - 1]! }) };
  }

  put(key: string, value: unknown, options: PutOptions = {}): Promise<WriteResult> {
    return this.#write({ kind: 'put', key, options }, () => this.values.set(key, value));
  }

  putIfAbsent(key: string, value: unknown, options: ChangeOptions = {}): Promise<WriteResult> {
    return this.#write({ kind: 'putIfAbsent', key, options }, () => this.values.set(key, value));
  }

  delete(key: string, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#write({ kind: 'delete', key, options }, () => this.values.delete(key));
  }

  async resolve(operationId: string, options: OperationOptions = {}): Promise<WriteResult> {
    const fate = this.#record({ kind: 'resolve', key: operationId, options });
    if (fate?.kind === 'rejects') throw fate.error;
    if (fate?.kind === 'unavailable') return { outcome: 'unavailable', needed: 3, got: 1 };
    if (fate?.kind === 'unknown') return { outcome: 'unknown', operationId };
    this.#unresolved.get(operationId)?.();
    this.#unresolved.delete(operationId);
    return { outcome: 'ok', version: '2' };
  }

  getMany(keys: readonly string[], options?: OperationOptions): Promise<ReadResult[]> {
    return Promise.all(keys.map((key) => this.get(key, options)));
  }

  batch(writes: readonly BatchWrite[], options?: OperationOptions): Promise<WriteResult[]> {
    return Promise.all(
      writes.map((write) => {
        return write.kind === 'put' ? this.put(write.key, write.value, options) : this.delete(write.key, options);
      }),
    );
  }

  async #write(operation: Operation, apply: () => unknown): Promise<WriteResult> {
    const fate = this.#record(operation);
    const { key } = operation;
    const land = (): WriteResult => {
      apply();
      this.effects.push(key);
      const version = String(this.effects.length);
      this.versions.set(key, version);
      return { outcome: 'ok', version };
    };
    const unknown: WriteResult = { outcome: 'unknown', operationId: `operation-${this.operations.length}` };
    if (fate === undefined) return this.#isMet(operation) ? land() : this.#conflict(key);
    switch (fate.kind) {
      case 'rejects':
        throw fate.error;
      case 'unavailable':
        return { outcome: 'unavailable', needed: 3, got: 1 };
      case 'unknown-finally':
        return { ...unknown, isFinal: true };
      case 'unknown':
        if (fate.lands === 'at-once') land();
        this.#unresolved.set(unknown.operationId, fate.lands === 'at-once' ? () => {} : land);
        return unknown;
      case 'waits':
        if (await isAbortedFirst(fate.gate, operation.options.signal)) return unknown;
        return land();
      default:
        return unreachable(fate);
    }
  }

  #isMet({ kind, key, options: { ifVersion } }: Operation): boolean {
    if (kind === 'putIfAbsent') return !this.values.has(key);
    return ifVersion === undefined || (this.values.has(key) && this.#versionOf(key) === ifVersion);
  }

  #conflict(key: string): WriteResult {
    const isThere = this.values.has(key);
    return { outcome: 'conflict', value: this.values.get(key), version: isThere ? this.#versionOf(key) : undefined };
  }

  /** Values that a test has put there itself are of version 0. */
  #versionOf(key: string): string {
    return this.versions.get(key) ?? '0';
  }

  #record(operation: Operation): Fate | undefined {
    this.operations.push(operation);
    for (const { count, reached } of this.#waiters) if (this.operations.length >= count) reached();
    this.#waiters = this.#waiters.filter(({ count }) => this.operations.length < count);
    return this.#fates.shift();
  }
}

function isAbortedFirst(gate: Promise<void>, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    void gate.then(() => resolve(false));
    if (signal?.aborted) resolve(true);
    signal?.addEventListener('abort', () => resolve(true), { once: true });
  });
}

/** A healthy status of `operational` out of 5 replicas. */
export function statusOf(operational: number): StoreStatus {
  const replicas = Array.from({ length: 5 }, (_, replica) => ({
    replica,
    state: replica < operational ? 'operational' : 'down',
    epoch: 1,
    restarts: 0,
    unreadBytes: 0,
    handled: 10,
    keys: 2,
    bytes: 64,
  }));
  return { replicas, read: 3, write: 3, prepare: 3, stateLost: false, clients: 1, pending: 0 };
}
