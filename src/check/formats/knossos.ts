// The format of Knossos: maps of events in EDN, of one object or of several keys, in one vector or list or one a line.
import type { Operation } from '../history.ts';
import { ANY } from '../model.ts';
import { textOf } from '../models/value.ts';
import { eventsOf, keyOf, nameOf, operationsOf } from './events.ts';
import type { HistoryEvent } from './events.ts';
import { formatError } from './format-error.ts';
import { readRecords } from './records.ts';
import { splitTuples } from './tuples.ts';

/**
 * The operations of a history in the format of Knossos: of a register (`read`, `write`, `cas`), of several (`txn`), of
 * a mutex (`acquire`, `release`), set or counter (`add`, `remove`, `read`), or of a queue (`enqueue`, `dequeue`). What
 * failed certainly did not happen, and is left out; a `nil` that was read is a value that nobody noted. Values may be
 * tuples of a key and a value, as those of independent keys in Jepsen.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` with the line that is no such event.
 */
export function parseKnossos(text: string): Operation[] {
  return operationsOf(splitTuples(eventsOf(readRecords(text))), operationOf);
}

function operationOf(call: HistoryEvent, end: HistoryEvent | undefined): Operation | undefined {
  if (end?.type === 'fail') return undefined;
  const { key, line } = call;
  const times = { process: call.process, call: call.call, start: call.index, end: end?.index ?? Infinity };
  const common = key === undefined ? times : { ...times, key };
  switch (call.call) {
    case 'read':
    case 'dequeue':
      return { ...common, input: undefined, output: end === undefined ? undefined : (end.value ?? ANY) };
    case 'write':
    case 'add':
    case 'remove':
    case 'enqueue':
      return { ...common, input: call.value, output: undefined };
    case 'acquire':
    case 'release': {
      const token = typeof end?.value === 'number' ? end.value : undefined; // A fencing token, where it has them.
      const isGiven = call.call === 'acquire';
      return { ...common, input: isGiven ? undefined : (call.value ?? undefined), output: isGiven ? token : undefined };
    }
    case 'cas':
      if (!Array.isArray(call.value) || call.value.length !== 2) {
        throw formatError(line, textOf(call.value), '[FROM TO]');
      }
      return { ...common, input: call.value, output: end === undefined ? undefined : true };
    case 'txn':
      return { ...common, input: accessesOf(call), output: end === undefined ? undefined : accessesOf(end) };
    default:
      throw formatError(line, `:f :${call.call}`, CALLS);
  }
}

const CALLS = ':read, :write, :cas, :txn, :acquire, :release, :add, :remove, :enqueue or :dequeue';

type Access = readonly ['read' | 'write', string, unknown?];

/** What a transaction does, or did: then a read of `nil` is one whose value nobody noted. */
function accessesOf({ type, value, line }: HistoryEvent): readonly Access[] {
  if (!Array.isArray(value)) throw formatError(line, textOf(value), 'a list of [:read k v] and [:write k v]');
  return value.map((access: unknown): Access => {
    const [name, key, held] = Array.isArray(access) && access.length === 3 ? access : [];
    const call = nameOf(name);
    if ((call !== 'read' && call !== 'write') || key === null) {
      throw formatError(line, textOf(access), '[:read k v] or [:write k v]');
    }
    if (type === 'invoke' && call === 'read') return [call, keyOf(key)];
    return [call, keyOf(key), call === 'read' ? (held ?? ANY) : held];
  });
}
