// What a history says of each key: who wrote which value, and which transaction read what.
import { typeError } from '../../base/errors.ts';
import type { Operation } from '../history.ts';
import { FAILED, TXN } from './transaction.ts';
import type { MicroOperation, TransactionKey, TransactionOperation, TransactionValue } from './transaction.ts';

/** One write or append. */
export interface Write {
  readonly key: TransactionKey;
  readonly value: TransactionValue;
  /** The number of its transaction. */
  readonly by: number;
  /** Its place among the writes of its transaction to this key, from 0. */
  readonly place: number;
}

/** One read of a transaction that committed. */
export interface Read<Value> {
  readonly by: number;
  readonly value: Value;
  /** How many writes of its own transaction to the key came before it. */
  readonly ownBefore: number;
  /** The previous read of the key in its transaction. */
  readonly previous: Read<Value> | undefined;
}

/** What a history says of one key. */
export interface KeyObservation<Value> {
  readonly key: TransactionKey;
  readonly writes: ReadonlyMap<TransactionValue, Write>;
  /** By transaction, and within one in its own order. */
  readonly reads: readonly Read<Value>[];
  /** The writes of each transaction that wrote the key, in its order. */
  readonly writesBy: ReadonlyMap<number, readonly Write[]>;
}

export type ListObservation = KeyObservation<readonly TransactionValue[]>;
export type RegisterObservation = KeyObservation<TransactionValue | null>;

/** What a history says, key by key. */
export interface Observation {
  readonly lists: readonly ListObservation[];
  readonly registers: readonly RegisterObservation[];
  /** A value written twice to one key: then nobody can say which write a read saw. */
  readonly repeated: Write | undefined;
}

/**
 * The operations as transactions.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when one is none.
 */
export function transactionsOf(history: readonly Operation[]): readonly TransactionOperation[] {
  return history.map((operation) => {
    if (isTransaction(operation)) return operation;
    const what = `Cannot read "${operation.call}" of process ${operation.process} as a transaction`;
    const allowed = `its call must be "${TXN}", its input a list of ["append" or "w" or "r", key, value]`;
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `${what}: ${allowed}`);
  });
}

/** What the transaction did; `undefined` unless its answer arrived and says that it committed. */
export function stepsDone(transaction: TransactionOperation | undefined): readonly MicroOperation[] | undefined {
  const output = transaction?.output;
  return output === FAILED ? undefined : output;
}

/**
 * Sorts a history by keys. A key is a list where something is appended to it or a read of it returned a list.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when a key is both a list and a register.
 */
export function observe(transactions: readonly TransactionOperation[]): Observation {
  const steps = transactions.map((transaction) => stepsDone(transaction) ?? transaction.input);
  const listKeys = new Set(steps.flatMap((all) => all.flatMap((step) => (isOfList(step) ? [step[1]] : []))));
  const lists = new KeyObserver<readonly TransactionValue[]>();
  const registers = new KeyObserver<TransactionValue | null>();
  for (const [by, all] of steps.entries()) {
    const isDone = stepsDone(transactions[by]) !== undefined;
    for (const [call, key, value] of all) {
      const isList = listKeys.has(key);
      if (call !== 'r') {
        if (isList !== (call === 'append')) throw mixed(key);
        (isList ? lists : registers).write(by, key, value);
      } else if (isDone && isList) {
        if (value !== null && !isListValue(value)) throw mixed(key);
        lists.read(by, key, value ?? []);
      } else if (isDone && !isListValue(value)) {
        registers.read(by, key, value);
      }
    }
  }
  return {
    lists: lists.observations,
    registers: registers.observations,
    repeated: lists.repeated ?? registers.repeated,
  };
}

/** Collects what is written and read, transaction by transaction. */
class KeyObserver<Value> {
  repeated: Write | undefined;
  readonly #keys = new Map<TransactionKey, KeyNotes<Value>>();

  get observations(): readonly KeyObservation<Value>[] {
    return [...this.#keys.values()];
  }

  write(by: number, key: TransactionKey, value: TransactionValue): void {
    const { writes, writesBy } = this.#notesOf(key);
    const own = writesBy.get(by) ?? [];
    const write: Write = { key, value, by, place: own.length };
    if (writes.has(value)) this.repeated ??= write;
    writes.set(value, write);
    writesBy.set(by, own);
    own.push(write);
  }

  read(by: number, key: TransactionKey, value: Value): void {
    const { reads, writesBy } = this.#notesOf(key);
    const last = reads.at(-1);
    reads.push({
      by,
      value,
      ownBefore: writesBy.get(by)?.length ?? 0,
      previous: last?.by === by ? last : undefined,
    });
  }

  #notesOf(key: TransactionKey): KeyNotes<Value> {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const notes: KeyNotes<Value> = { key, writes: new Map(), reads: [], writesBy: new Map() };
    this.#keys.set(key, notes);
    return notes;
  }
}

interface KeyNotes<Value> extends KeyObservation<Value> {
  readonly writes: Map<TransactionValue, Write>;
  readonly reads: Read<Value>[];
  readonly writesBy: Map<number, Write[]>;
}

function isTransaction(operation: Operation): operation is TransactionOperation {
  const { call, input, output } = operation;
  return call === TXN && isSteps(input) && (output === undefined || output === FAILED || isSteps(output));
}

function isSteps(steps: unknown): boolean {
  return Array.isArray(steps) && steps.every((step) => isStep(step));
}

function isStep(step: unknown): boolean {
  if (!Array.isArray(step) || step.length !== 3) return false;
  const [call, key, value] = step as readonly unknown[];
  if (typeof key !== 'string' && typeof key !== 'number') return false;
  if (call === 'append' || call === 'w') return isValue(value);
  if (call !== 'r') return false;
  return value === null || isValue(value) || (Array.isArray(value) && value.every((element) => isValue(element)));
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isListValue(value: MicroOperation[2]): value is readonly TransactionValue[] {
  return Array.isArray(value);
}

function isOfList([call, , value]: MicroOperation): boolean {
  return call === 'append' || (call === 'r' && isListValue(value));
}

function mixed(key: TransactionKey): TypeError {
  const message = `Cannot check key ${JSON.stringify(key)}: it is used as a list and as a register`;
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}
