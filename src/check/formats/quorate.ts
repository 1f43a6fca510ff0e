// Our own format: JSON lines, each an operation or, while they are recorded, each a call or a return.
import { typeError } from '../../base/errors.ts';
import type { Operation } from '../history.ts';
import { ANY } from '../model.ts';
import { textOf } from '../models/value.ts';
import { FAILED, TXN } from '../transactions/transaction.ts';
import { operationsOf } from './events.ts';
import type { EventType, HistoryEvent } from './events.ts';
import { formatError } from './format-error.ts';

type Line = Readonly<Record<string, unknown>>;

const FIELDS = {
  operation: 'process, key, call, input, output, outputUnknown, start, end',
  invoke: 'type, process, key, call, input',
  ok: 'type, process, output, outputUnknown',
  fail: 'type, process',
  info: 'type, process',
} as const;

/**
 * The operations of a history in our own format: see docs/CHECKING.md.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` with the line that does not fit.
 */
export function parseQuorate(text: string): Operation[] {
  const lines = linesOf(text);
  const first = lines[0];
  if (first === undefined) return [];
  if (!('type' in first.fields)) return lines.map(({ fields, line }) => operationOf(fields, line));
  return operationsOf(
    lines.map(({ fields, line }, index) => eventOf(fields, { line, index })),
    pairOf,
  );
}

/**
 * A history in our own format, one operation a line, by the start of their calls: what {@link parseHistory} reads.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when JSON cannot hold an input or output.
 * @example
 * import { parseHistory, writeHistory } from 'quorate/check';
 *
 * const text = writeHistory([{ process: 1, call: 'read', input: undefined, output: 4, start: 0, end: 3 }]);
 * console.log(text.trimEnd()); // {"process":1,"call":"read","output":4,"start":0,"end":3}
 * console.log(parseHistory(text)[0]?.output); // 4
 */
export function writeHistory(history: readonly Operation[]): string {
  const sorted = history.toSorted((a, b) => a.start - b.start);
  return sorted.map((operation) => `${JSON.stringify(lineOf(operation))}\n`).join('');
}

function lineOf({ process: caller, key, call, input, output, start, end }: Operation): Line {
  const returned = output === ANY ? { outputUnknown: true } : { output: jsonOf(output) };
  const times = end === Infinity ? { start } : { ...returned, start, end };
  return { process: caller, key, call, input: jsonOf(input), ...times };
}

/** Plain data as JSON holds it. A value of a transaction that nobody noted is left out. */
function jsonOf(value: unknown): unknown {
  if (value === null || ['undefined', 'string', 'boolean'].includes(typeof value)) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value instanceof Set) return [...value].map(jsonOf);
  if (Array.isArray(value)) return (value.at(-1) === ANY ? value.slice(0, -1) : value).map(jsonOf);
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonOf(inner)]));
  }
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot write ${textOf(value)}: it must be plain data`);
}

function linesOf(text: string): { readonly fields: Line; readonly line: number }[] {
  return text.split('\n').flatMap((content, at) => {
    if (content.trim() === '') return [];
    const line = at + 1;
    const value = parse(content, line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw formatError(line, content, 'a JSON object');
    }
    return [{ line, fields: { ...value } }];
  });
}

function parse(content: string, line: number): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw formatError(line, content, 'a JSON object');
  }
}

function operationOf(fields: Line, line: number): Operation {
  requireFields(fields, FIELDS.operation, line);
  const { input, start } = fields;
  const end = fields['end'] ?? Infinity;
  if (typeof start !== 'number') throw formatError(line, `"start" ${JSON.stringify(start)}`, 'a number');
  if (typeof end !== 'number' || end < start) {
    throw formatError(line, `"end" ${JSON.stringify(end)}`, `a number from ${start}, or none for an open call`);
  }
  const common = { ...namesOf(fields, line), input, start, end };
  return { ...common, output: end === Infinity ? undefined : outputOf(fields, common.call) };
}

function eventOf(fields: Line, { line, index }: { readonly line: number; readonly index: number }): HistoryEvent {
  const type = typeOf(fields['type'], line);
  requireFields(fields, FIELDS[type], line);
  if (type === 'invoke') {
    const { process: caller, call, key } = namesOf(fields, line);
    return { line, index, type, process: caller, call, key, value: fields['input'] };
  }
  const value = type === 'ok' ? fields : undefined;
  return { line, index, type, process: processOf(fields, line), call: '', key: undefined, value };
}

function pairOf(call: HistoryEvent, end: HistoryEvent | undefined): Operation | undefined {
  const { process: caller, key, value: input, index: start } = call;
  const common = { process: caller, ...(key === undefined ? {} : { key }), call: call.call, input, start };
  if (end === undefined) return { ...common, output: undefined, end: Infinity };
  if (end.type === 'ok') {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- eventOf puts the fields there.
    return { ...common, output: outputOf(end.value as Line, call.call), end: end.index };
  }
  return call.call === TXN && !isOfRegisters(input) ? { ...common, output: FAILED, end: end.index } : undefined;
}

/** Transactions of registers that failed did not happen; what those of lists wrote must not be read by others. */
function isOfRegisters(input: unknown): boolean {
  return Array.isArray(input) && input.some((step) => Array.isArray(step) && ['read', 'write'].includes(step[0]));
}

function outputOf(fields: Line, call: string): unknown {
  const { output } = fields;
  if (fields['outputUnknown'] === true) return ANY;
  if (call !== TXN || !Array.isArray(output)) return output;
  return output.map((step: unknown) => {
    return Array.isArray(step) && step[0] === 'read' && step.length === 2 ? step.concat(ANY) : step;
  });
}

function namesOf(fields: Line, line: number): Pick<Operation, 'process' | 'key' | 'call'> {
  const { key, call } = fields;
  if (typeof call !== 'string' || call === '') throw formatError(line, `"call" ${JSON.stringify(call)}`, 'a name');
  if (key !== undefined && typeof key !== 'string') throw formatError(line, `"key" ${JSON.stringify(key)}`, 'a string');
  return { process: processOf(fields, line), ...(key === undefined ? {} : { key }), call };
}

function processOf({ process: caller }: Line, line: number): string | number {
  if (typeof caller === 'string' || typeof caller === 'number') return caller;
  throw formatError(line, `"process" ${JSON.stringify(caller)}`, 'a string or number');
}

function typeOf(value: unknown, line: number): EventType {
  if (value === 'invoke' || value === 'ok' || value === 'fail' || value === 'info') return value;
  throw formatError(line, `"type" ${JSON.stringify(value)}`, 'invoke, ok, fail or info, as on the first line');
}

/** A misspelt field would be an output that nobody noted: a history that passes. */
function requireFields(fields: Line, allowed: string, line: number): void {
  const known = allowed.split(', ');
  const extra = Object.keys(fields).find((name) => !known.includes(name));
  if (extra !== undefined) throw formatError(line, `the field "${extra}"`, `only ${allowed}`);
}
