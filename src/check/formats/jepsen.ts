// The format of the logs that Jepsen wrote of etcd: one event of a register a line, in the order of real time.
import { parseEdn } from './edn.ts';
import { nameOf, operationsOf } from './events.ts';
import type { EventType, HistoryEvent } from './events.ts';
import { formatError } from './format-error.ts';
import type { Operation } from '../history.ts';
import { textOf } from '../models/value.ts';
import { splitTuples } from './tuples.ts';

const EVENT = /^\S+\s+jepsen\.util - (\S+)\s+:(invoke|ok|fail|info)\s+:(\S+)\s+(\S.*)$/;
const OTHER_MESSAGE = /^(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\s+(?!\s|jepsen\.util - )/;

/**
 * The operations of a register in a Jepsen log: `read`, `write`, `cas`. A `nil` that was read is a value, of a key that
 * does not exist; a `:fail` of a cas says that the register did not hold what was compared. Other messages of the log
 * are skipped. Values may be tuples of a key and a value, as those of independent keys.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` with the line that is neither an event nor a message of a log.
 */
export function parseJepsen(text: string): Operation[] {
  return operationsOf(splitTuples(eventsOfLog(text)), operationOf);
}

function* eventsOfLog(text: string): Generator<HistoryEvent, void, undefined> {
  let index = 0;
  for (const [at, content] of text.split('\n').entries()) {
    const line = at + 1;
    if (content.trim() === '' || OTHER_MESSAGE.test(content)) continue;
    const [, caller = '', type, call = '', value = ''] = EVENT.exec(content.trimEnd()) ?? [];
    if (type === undefined) throw formatError(line, content, 'INFO  jepsen.util - PROCESS :TYPE :CALL VALUE');
    yield {
      line,
      index,
      process: /^\d{1,15}$/.test(caller) ? Number(caller) : caller,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The expression names exactly these four.
      type: type as EventType,
      call,
      key: undefined,
      value: parseEdn(value, line),
    };
    index += 1;
  }
}

function operationOf(call: HistoryEvent, end: HistoryEvent | undefined): Operation | undefined {
  const { key } = call;
  const times = { process: call.process, call: call.call, start: call.index, end: end?.index ?? Infinity };
  const common = key === undefined ? times : { ...times, key };
  // A compare that did not hold repeats the two values; any other failure gives a reason, and nothing happened.
  const isChecked = call.call === 'cas' && Array.isArray(end?.value);
  if (end?.type === 'fail' && !isChecked) return undefined;
  switch (call.call) {
    case 'read':
      return { ...common, input: undefined, output: end?.value };
    case 'write':
      return { ...common, input: valueOf(call), output: undefined };
    case 'cas':
      return { ...common, input: pairOf(call), output: end === undefined ? undefined : end.type === 'ok' };
    default:
      throw formatError(call.line, `:${call.call}`, ':read, :write or :cas');
  }
}

function valueOf({ value, line }: HistoryEvent): unknown {
  if (nameOf(value) !== undefined) throw formatError(line, textOf(value), 'the number that is written');
  return value;
}

function pairOf({ value, line }: HistoryEvent): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== 2) throw formatError(line, textOf(value), '[FROM TO]');
  return value;
}
