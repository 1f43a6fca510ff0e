// The format of key-value histories in Porcupine's test data: one map in EDN a line, with a key.
import type { Operation } from '../history.ts';
import { textOf } from '../models/value.ts';
import { eventsOf, operationsOf } from './events.ts';
import type { HistoryEvent } from './events.ts';
import { formatError } from './format-error.ts';
import { readRecords } from './records.ts';

/**
 * The operations of a key-value store: `get`, `put`, `append`, `delete`, each of one key. An absent key reads as `""`.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` with the line that is no such event.
 */
export function parseKv(text: string): Operation[] {
  return operationsOf(eventsOf(readRecords(text)), operationOf);
}

function operationOf(call: HistoryEvent, end: HistoryEvent | undefined): Operation | undefined {
  if (end?.type === 'fail') return undefined;
  const { key, line } = call;
  if (key === undefined) throw formatError(line, 'no :key', ':key "..."');
  const common = { process: call.process, key, call: call.call, start: call.index, end: end?.index ?? Infinity };
  switch (call.call) {
    case 'get':
      return { ...common, input: undefined, output: end === undefined ? undefined : stringOf(end) };
    case 'put':
    case 'append':
      return { ...common, input: stringOf(call), output: undefined };
    case 'delete':
      return { ...common, input: undefined, output: undefined };
    default:
      throw formatError(line, `:f :${call.call}`, ':get, :put, :append or :delete');
  }
}

function stringOf({ value, line }: HistoryEvent): string {
  if (typeof value === 'string') return value;
  throw formatError(line, textOf(value), 'a string');
}
