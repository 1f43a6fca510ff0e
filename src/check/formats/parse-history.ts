// Which format a history is written in, and its operations.
import { typeError } from '../../base/errors.ts';
import type { Operation } from '../history.ts';
import { textOf } from '../models/value.ts';
import type { Edn } from './edn.ts';
import { parseElle } from './elle.ts';
import { fieldOf, nameOf } from './events.ts';
import { formatError } from './format-error.ts';
import { parseJepsen } from './jepsen.ts';
import { parseKnossos } from './knossos.ts';
import { parseKv } from './kv.ts';
import { parseQuorate } from './quorate.ts';
import { isJson, readRecords } from './records.ts';

/** How histories may be written: see docs/CHECKING.md. */
export type HistoryFormat = 'jepsen' | 'knossos' | 'kv' | 'elle' | 'quorate';

const PARSERS: Readonly<Record<HistoryFormat, (text: string) => Operation[]>> = {
  jepsen: parseJepsen,
  knossos: parseKnossos,
  kv: parseKv,
  elle: parseElle,
  quorate: parseQuorate,
};

/** Every format that {@link parseHistory} reads. */
export const HISTORY_FORMATS: readonly string[] = Object.keys(PARSERS);

/** Whether a name is one of {@link HISTORY_FORMATS}. */
export function isHistoryFormat(name: string): name is HistoryFormat {
  return Object.hasOwn(PARSERS, name);
}

/**
 * The operations of a history, in the order of their calls. Positions count its events from 0, or are what it says.
 *
 * @param format as {@link detectFormat} finds it when it is left out.
 * @throws {QuorateError} `ERR_QUORATE_TRACE` with the fields `line`, `found` and `expected` when it does not parse.
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when there is no such format.
 * @example
 * import { checkLinearizable, parseHistory, registerModel } from 'quorate/check';
 *
 * const history = parseHistory(`
 *   {"type": "invoke", "process": 1, "call": "write", "input": 3}
 *   {"type": "ok", "process": 1}
 *   {"type": "invoke", "process": 2, "call": "read"}
 *   {"type": "ok", "process": 2, "output": 4}
 * `);
 * console.log(checkLinearizable(history, registerModel(0)).verdict); // illegal
 */
export function parseHistory(text: string, format: HistoryFormat = detectFormat(text)): Operation[] {
  if (isHistoryFormat(format)) return PARSERS[format](text.startsWith('\uFEFF') ? text.slice(1) : text);
  const allowed = HISTORY_FORMATS.join(', ');
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use format ${String(format)}: it must be one of ${allowed}`);
}

/**
 * The format of a history, by its first events.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` when it is empty, or like none.
 * @example
 * import { detectFormat } from 'quorate/check';
 *
 * console.log(detectFormat('INFO  jepsen.util - 0 :invoke :read nil')); // jepsen
 * console.log(detectFormat('{:process 0, :type :invoke, :f :txn, :value [[:append 8 1]]}')); // elle
 */
export function detectFormat(text: string): HistoryFormat {
  const [first = ''] = /\S.*/.exec(text) ?? [];
  if (first === '') throw formatError(1, 'no event', 'at least one, or a format that is named');
  if (/^(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\s/.test(first)) return 'jepsen';
  let isOfEvents = false;
  for (const { line, value } of readRecords(text)) {
    if (!(value instanceof Map)) throw formatError(line, textOf(value), 'a map, or a line of a Jepsen log');
    const format = formatOf(value);
    if (format !== undefined) return format;
    isOfEvents ||= fieldOf(value, 'type') !== null;
  }
  if (isOfEvents) return isJson(text) ? 'elle' : 'knossos'; // Nothing but a fault injector's events.
  throw formatError(1, first, 'a history in one of the formats');
}

const KV_CALLS: ReadonlySet<unknown> = new Set(['get', 'put', 'append', 'delete']);
const STEPS_OF_ELLE: ReadonlySet<unknown> = new Set(['append', 'r', 'w']);

/** The format of an event; undefined where it may be of several. */
function formatOf(fields: ReadonlyMap<Edn, Edn>): HistoryFormat | undefined {
  if (fields.has('call')) return 'quorate';
  if (nameOf(fieldOf(fields, 'type')) !== 'invoke') return undefined;
  if (nameOf(fieldOf(fields, 'process')) === 'nemesis') return undefined; // The fault injector's name in Jepsen.
  const value = fieldOf(fields, 'value');
  if (Array.isArray(value) && value.length === 0) return undefined;
  const step: unknown = Array.isArray(value) ? value[0] : undefined;
  if (Array.isArray(step)) return STEPS_OF_ELLE.has(nameOf(step[0])) ? 'elle' : 'knossos';
  if (KV_CALLS.has(nameOf(fieldOf(fields, 'f')))) return 'kv';
  return 'knossos';
}
