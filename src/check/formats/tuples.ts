// Jepsen tests many objects at once and writes each value as a tuple `[key value]` (`jepsen.independent`): which
// history is written so, and its events with the keys apart.
import { textOf } from '../models/value.ts';
import { keyOf } from './events.ts';
import type { HistoryEvent } from './events.ts';
import { formatError } from './format-error.ts';

/** Calls that are made without a value, or with a key and no value. */
const ASKING: ReadonlySet<string> = new Set(['read', 'dequeue', 'acquire', 'release']);
/** The fault injector calls with values of its own. */
const INJECTOR = 'nemesis';

/**
 * The events, with the key of each where their values are tuples. `[0 3]` may as well be one value, so the calls that
 * ask decide: `:read nil` in a history of one object, `:read [0 nil]` in one of several. Where none asks, a
 * `:cas [0 [1 2]]` is of several. Lazy from the first call that asks.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` where some values are tuples and others are not.
 */
export function* splitTuples(events: Iterable<HistoryEvent>): Generator<HistoryEvent, void, undefined> {
  let seen: HistoryEvent[] | undefined = [];
  let witness: HistoryEvent | undefined;
  const reading = (event: HistoryEvent): HistoryEvent => {
    if (witness !== undefined) return withoutTuple(event, witness);
    if (isAskingKey(event)) throw mixed(event, 'a call without key, as all before it');
    return event;
  };
  for (const event of events) {
    if (seen === undefined) {
      yield reading(event);
      continue;
    }
    seen.push(event);
    if (!isDecisive(event)) continue;
    witness = isAskingKey(event) ? event : undefined;
    yield* seen.map(reading);
    seen = undefined;
  }
  witness = seen?.find(isCasOfKey);
  if (seen !== undefined) yield* seen.map(reading);
}

/** Whether a history of one object, or one of several, would not have this call. */
function isDecisive(event: HistoryEvent): boolean {
  return isCall(event) && (ASKING.has(event.call) || !isPair(event.value));
}

function isCall({ type, process: caller }: HistoryEvent): boolean {
  return type === 'invoke' && caller !== INJECTOR;
}

function isAskingKey(event: HistoryEvent): boolean {
  return isCall(event) && ASKING.has(event.call) && isPair(event.value) && event.value[1] === null;
}

function isCasOfKey(event: HistoryEvent): boolean {
  return isCall(event) && event.call === 'cas' && isPair(event.value) && Array.isArray(event.value[1]);
}

/** A completion without a tuple says no more than how the call ended, so one that is `ok` must have one. */
function withoutTuple(event: HistoryEvent, witness: HistoryEvent): HistoryEvent {
  const { value, type, process: caller } = event;
  if (isPair(value) && caller !== INJECTOR) return { ...event, key: keyOf(value[0]), value: value[1] };
  if (caller !== INJECTOR && (type === 'invoke' || type === 'ok')) {
    throw mixed(event, `a tuple [KEY VALUE], as at line ${witness.line}`);
  }
  return event;
}

function isPair(value: unknown): value is readonly [key: string | number, value: unknown] {
  return Array.isArray(value) && value.length === 2 && ['string', 'number'].includes(typeof value[0]);
}

function mixed({ line, type, call, value }: HistoryEvent, expected: string): Error {
  return formatError(line, `:${type} :${call} ${textOf(value)}`, expected);
}
