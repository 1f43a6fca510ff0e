// Whether a store with siblings kept what it must, and let go of what it must.
import { typeError } from '../base/errors.ts';
import type { Operation, Verdict } from './history.ts';
import { identityOf, textOf } from './models/value.ts';
import type { Identity } from './models/value.ts';

/** A value that somebody has put. */
interface Sibling {
  readonly value: unknown;
  readonly put: Operation;
  /** The writes that covered it. */
  readonly coveredBy: Operation[];
}

/** Who is to blame for what, in words. */
interface Fault {
  readonly what: string;
  readonly among: readonly Operation[];
}

/**
 * Checks a store whose keys keep siblings: no value vanishes unless a write covered it, and none that was covered comes
 * back.
 *
 * The calls are `get`; `put`, whose `input` is `{ value, covers }`; and `delete`, whose `input` is `{ covers }`. Of a
 * key, no value is put twice; `covers` are the values that the writer had seen. The `output` is the list of values that
 * the key holds by it; `undefined` for a write whose caller was not told. What certainly did not happen is left out; a
 * write that never returned (`end` is `Infinity`) may have happened. Each operation that returned must hold
 * - nothing but what was put before it ended;
 * - every value whose put had returned before it was called, and its own, unless a write that was called before its end
 *   covers it;
 * - no value that is covered by a write that had returned before it was called.
 *
 * It takes time in the square of the operations of a key.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an operation is none of these.
 *
 * @example
 * import { checkSiblings } from 'quorate/check';
 *
 * const history = [
 *   { process: 'a', call: 'put', input: { value: 'tea', covers: [] }, output: ['tea'], start: 0, end: 1 },
 *   { process: 'b', call: 'put', input: { value: 'milk', covers: [] }, output: ['milk'], start: 2, end: 3 },
 * ];
 * console.log(checkSiblings(history).verdict); // illegal: nobody who had seen the tea took it away
 */
export function checkSiblings(history: readonly Operation[]): Verdict {
  const operations = history.length;
  for (const [key, ofKey] of byKey(history)) {
    const siblings = siblingsOf(ofKey);
    if (typeof siblings === 'string') return { verdict: 'unknown', operations, reason: siblings };
    for (const operation of ofKey.toSorted((a, b) => a.start - b.start)) {
      const isTold = operation.end !== Infinity && (operation.call === 'get' || operation.output !== undefined);
      const fault = !isTold ? undefined : faultOf(operation, siblings);
      if (fault === undefined) continue;
      const among = [...new Set([...fault.among, operation])];
      const text = [fault.what, ...among.map((each) => `  ${inWords(each)}`)].join('\n');
      const explanation = { key, impossible: operation, operations: among, order: among.slice(0, -1), text };
      return { verdict: 'illegal', operations, explanation };
    }
  }
  return { verdict: 'ok', operations };
}

/** What was put, by its identity, or why it cannot be told apart. */
function siblingsOf(history: readonly Operation[]): ReadonlyMap<Identity, Sibling> | string {
  const siblings = new Map<Identity, Sibling>();
  for (const operation of history) {
    if (operation.call !== 'put') continue;
    const { value } = inputOf(operation);
    if (siblings.has(identityOf(value))) return `${textOf(value)} was put twice to one key: reads of it tell nothing`;
    siblings.set(identityOf(value), { value, put: operation, coveredBy: [] });
  }
  for (const operation of history) {
    if (operation.call === 'get') continue;
    for (const value of inputOf(operation).covers) siblings.get(identityOf(value))?.coveredBy.push(operation);
  }
  return siblings;
}

function faultOf(operation: Operation, siblings: ReadonlyMap<Identity, Sibling>): Fault | undefined {
  const { start, end } = operation;
  const held = new Set(outputOf(operation).map((value) => identityOf(value)));
  for (const value of outputOf(operation)) {
    const put = siblings.get(identityOf(value))?.put;
    if (put === undefined || put.start > end) return { what: `Nobody had put ${textOf(value)} by then`, among: [] };
  }
  for (const [identity, { value, put, coveredBy }] of siblings) {
    const isOwed = put === operation || put.end < start;
    if (isOwed && !held.has(identity) && !coveredBy.some((write) => write.start < end)) {
      return { what: `${textOf(value)} has vanished, and nobody who had seen it took it away`, among: [put] };
    }
    const taken = coveredBy.find((write) => write.end < start || write === operation);
    if (taken !== undefined && held.has(identity)) {
      return { what: `${textOf(value)} was taken away, and is there`, among: [put, taken] };
    }
  }
  return undefined;
}

function byKey(history: readonly Operation[]): ReadonlyMap<string | undefined, readonly Operation[]> {
  const keys = new Map<string | undefined, Operation[]>();
  for (const operation of history) {
    const ofKey = keys.get(operation.key);
    if (ofKey === undefined) keys.set(operation.key, [operation]);
    else ofKey.push(operation);
  }
  return keys;
}

function inputOf(operation: Operation): { readonly value: unknown; readonly covers: readonly unknown[] } {
  const { call, input } = operation;
  const isWrite = call === 'put' || call === 'delete';
  if (isWrite && typeof input === 'object' && input !== null && 'covers' in input && Array.isArray(input.covers)) {
    return { value: 'value' in input ? input.value : undefined, covers: input.covers };
  }
  throw mistake(operation, 'it must be get, put of { value, covers } or delete of { covers }');
}

function outputOf(operation: Operation): readonly unknown[] {
  const { output } = operation;
  if (Array.isArray(output)) return output;
  throw mistake(operation, 'its output must be the list of values that the key holds');
}

function inWords({ process: who, call, input, output, start, end }: Operation): string {
  const time = end === Infinity ? `from ${start}` : `${start} to ${end}`;
  const given = call === 'get' ? '' : ` ${textOf(input)}`;
  return `process ${who}, ${time}: ${call}${given} -> ${textOf(output)}`;
}

function mistake({ call, process: who, start }: Operation, allowed: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use "${call}" of process ${who} at ${start}: ${allowed}`);
}
