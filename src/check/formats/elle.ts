// The format of Elle: transactions of appends, writes and reads, one a line, in EDN or in JSON.
import type { Operation } from '../history.ts';
import { textOf } from '../models/value.ts';
import { FAILED, TXN } from '../transactions/transaction.ts';
import type {
  MicroOperation,
  TransactionKey,
  TransactionOperation,
  TransactionValue,
} from '../transactions/transaction.ts';
import { eventsOf, keyOf, nameOf, operationsOf } from './events.ts';
import type { HistoryEvent } from './events.ts';
import { formatError } from './format-error.ts';
import { readRecords } from './records.ts';

/**
 * The transactions of a history in the format of Elle. Failed ones are kept, because reading what they wrote is an
 * anomaly; events whose value is no list of micro-operations are the fault injector's, and are skipped.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` with the line that is no such event.
 */
export function parseElle(text: string): Operation[] {
  return operationsOf(eventsOf(readRecords(text)), transactionOf, ({ value }) => !isListOfLists(value));
}

function transactionOf(call: HistoryEvent, end: HistoryEvent | undefined): TransactionOperation {
  return {
    process: call.process,
    call: TXN,
    input: microOperationsOf(call),
    output: end === undefined ? undefined : end.type === 'fail' ? FAILED : microOperationsOf(end),
    start: call.index,
    end: end?.index ?? Infinity,
  };
}

function microOperationsOf({ value, line }: HistoryEvent): MicroOperation[] {
  if (!isListOfLists(value)) throw formatError(line, textOf(value), 'a list of micro-operations');
  return value.map((parts) => {
    const [name, key, operand] = parts;
    const call = nameOf(name);
    if (parts.length === 3 && (typeof key === 'number' || typeof key === 'string')) {
      if (call === 'r') return ['r', nameOfKey(key), readOf(operand, line)];
      if ((call === 'append' || call === 'w') && isScalar(operand)) return [call, nameOfKey(key), operand];
    }
    throw formatError(line, textOf(parts), '[:append k v], [:w k v] or [:r k v]');
  });
}

function readOf(value: unknown, line: number): MicroOperation[2] | null {
  if (value === null || isScalar(value)) return value;
  if (Array.isArray(value) && value.every(isScalar)) return value;
  throw formatError(line, textOf(value), 'what a read returned: nil, a value or a list of values');
}

function nameOfKey(key: string | number): TransactionKey {
  return typeof key === 'number' ? key : keyOf(key);
}

function isScalar(value: unknown): value is TransactionValue {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}

function isListOfLists(value: unknown): value is readonly (readonly unknown[])[] {
  return Array.isArray(value) && value.every((element) => Array.isArray(element));
}
