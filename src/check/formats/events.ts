// Events of a history, calls and returns in the order of real time, and how they pair up into operations.
import type { Operation } from '../history.ts';
import { textOf } from '../models/value.ts';
import type { Edn, EdnRecord } from './edn.ts';
import { formatError } from './format-error.ts';

/** `fail` is a return that says no; `info` one that does not say whether the call took effect. */
export type EventType = 'invoke' | 'ok' | 'fail' | 'info';

/** One event of one process. */
export interface HistoryEvent {
  /** Line of the text, from 1. */
  readonly line: number;
  /** Position among all events of the history, from 0. */
  readonly index: number;
  readonly process: string | number;
  readonly type: EventType;
  /** What is called, such as `read`. */
  readonly call: string;
  readonly key: string | undefined;
  /** What was given or returned, in the words of the format. */
  readonly value: unknown;
}

/** The operation of a call, or undefined when it certainly did not happen. A call without return stays open. */
export type ToOperation = (call: HistoryEvent, end: HistoryEvent | undefined) => Operation | undefined;

const TYPES: ReadonlyMap<unknown, EventType> = new Map([
  ['invoke', 'invoke'],
  ['ok', 'ok'],
  ['fail', 'fail'],
  ['info', 'info'],
]);

/**
 * The events that records hold: maps with `type`, `f`, `value` and perhaps `process` and `key`, as Jepsen writes them.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` where a record is no such map.
 */
export function* eventsOf(records: Iterable<EdnRecord>): Generator<HistoryEvent, void, undefined> {
  let index = 0;
  for (const { line, value } of records) {
    if (!isMap(value)) throw formatError(line, textOf(value), 'a map with :type, :f and :value');
    const fields = value;
    const type = TYPES.get(nameOf(fieldOf(fields, 'type')));
    if (type === undefined) {
      throw formatError(line, `:type ${textOf(fieldOf(fields, 'type'))}`, ':invoke, :ok, :fail or :info');
    }
    const key = fieldOf(fields, 'key');
    yield {
      line,
      index,
      process: processOf(fieldOf(fields, 'process')),
      type,
      call: nameOf(fieldOf(fields, 'f')) ?? '',
      key: key === null ? undefined : keyOf(key),
      value: fieldOf(fields, 'value'),
    };
    index += 1;
  }
}

/**
 * Pairs calls with their returns: a return belongs to the open call of its process. Operations come in the order of
 * their calls; positions are those of the events. `info` leaves its call open, and frees its process; an `info` of a
 * process that has called nothing is the fault injector's, and is skipped.
 *
 * @param isForeign tells more events to skip, of processes without an open call.
 * @throws {QuorateError} `ERR_QUORATE_TRACE` where a return has no call, or a process calls twice at once.
 */
export function operationsOf(
  events: Iterable<HistoryEvent>,
  toOperation: ToOperation,
  isForeign: (event: HistoryEvent) => boolean = () => false,
): Operation[] {
  const operations: (Operation | undefined)[] = [];
  const openOf = new Map<string | number, { readonly call: HistoryEvent; readonly slot: number }>();
  const close = (caller: string | number, end?: HistoryEvent): void => {
    const { call, slot } = openOf.get(caller)!;
    openOf.delete(caller);
    operations[slot] = toOperation(call, end);
  };
  for (const event of events) {
    const { process: caller, type, line } = event;
    const open = openOf.get(caller);
    if (open === undefined && isForeign(event)) continue;
    if (type === 'invoke') {
      if (open !== undefined) {
        const found = `a call of process ${caller}, whose call of line ${open.call.line} is open`;
        throw formatError(line, found, 'its return, or an :info');
      }
      openOf.set(caller, { call: event, slot: operations.length });
      operations.push(undefined);
    } else if (open === undefined) {
      if (type === 'info') continue;
      throw formatError(line, `a return of process ${caller}, which has no open call`, 'its call before');
    } else {
      requireSame(open.call, event);
      close(caller, type === 'info' ? undefined : event);
    }
  }
  for (const caller of openOf.keys()) close(caller);
  return operations.filter((operation) => operation !== undefined);
}

/** A return need not repeat what it is the return of. */
function requireSame(call: HistoryEvent, end: HistoryEvent): void {
  const isSameCall = end.call === '' || call.call === end.call;
  if (isSameCall && (end.key === undefined || call.key === end.key)) return;
  const shown = ({ call: name, key }: HistoryEvent): string => (key === undefined ? name : `${name} of key ${key}`);
  throw formatError(end.line, `a return of ${shown(end)}`, `that of ${shown(call)}, called at line ${call.line}`);
}

function isMap(value: Edn): value is ReadonlyMap<Edn, Edn> {
  return value instanceof Map;
}

/** A field of a map, written as a keyword or as a string; null when it is missing. */
export function fieldOf(fields: ReadonlyMap<Edn, Edn>, name: string): Edn {
  return fields.get(`:${name}`) ?? fields.get(name) ?? null;
}

/** A keyword or string as a name, without the keyword's colon; undefined for anything else. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.startsWith(':') ? value.slice(1) : value;
}

/** The name of an object: keywords and strings without colon, numbers as they are written. */
export function keyOf(value: unknown): string {
  return nameOf(value) ?? textOf(value);
}

/** Fault injectors have names; histories of one client may leave the process out. */
function processOf(value: Edn): string | number {
  return typeof value === 'number' ? value : value === null ? 0 : keyOf(value);
}
