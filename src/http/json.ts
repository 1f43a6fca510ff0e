// JSON from strangers: checked before it is parsed, without recursion; and JSON for them, only where it is exact.
import { JSON_DEPTH_MAX } from '../base/limits.ts';

/** The document, or the sentence that says what is wrong with it. */
export type ParsedJson =
  | { readonly kind: 'parsed'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly reason: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** Names that reach an object's prototype when a careless program copies them. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const LONE_SURROGATE = /\p{Surrogate}/u;
const NUMBER = /-?[\d.eE+-]+/y;

/**
 * Parses UTF-8 JSON, strictly: no byte order mark, no repeated or prototype-reaching member names, no lone
 * surrogates, no number beyond a double's range, nested at most {@link JSON_DEPTH_MAX} deep. Linear time.
 */
export function parseJson(bytes: Uint8Array): ParsedJson {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refused('The body is not UTF-8');
  }
  if (text.length === 0) return refused('The body is empty');
  if (text.charCodeAt(0) === 0xfeff) return refused('The body starts with a byte order mark');
  const reason = findFault(text);
  if (reason !== undefined) return refused(reason);
  try {
    return { kind: 'parsed', value: JSON.parse(text) as unknown };
  } catch {
    return refused('The body is not JSON');
  }
}

/** The text of `value`, or `undefined` when JSON would change or lose a part of it (dates, maps, NaN, cycles...). */
export function jsonOf(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    return undefined; // A cycle, a bigint, or deeper than the stack.
  }
  return isExact(value) ? text : undefined;
}

function refused(reason: string): ParsedJson {
  return { kind: 'refused', reason };
}

/**
 * Looks for what `JSON.parse` would let pass. On text that is not JSON it may find nothing: the parser follows.
 * One loop and a stack of our own, because the depth of a stranger's document must not become ours.
 */
function findFault(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // The names met in each open object; undefined for an array.
  let isName = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    switch (code) {
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (open.length === JSON_DEPTH_MAX) return `The body is nested deeper than ${JSON_DEPTH_MAX}`;
        open.push(code === OPEN_OBJECT ? new Set() : undefined);
        isName = code === OPEN_OBJECT;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        open.pop();
        isName = false;
        break;
      case COMMA:
        isName = open.at(-1) !== undefined;
        break;
      case COLON:
        isName = false;
        break;
      case QUOTE: {
        const end = endOfString(text, at);
        if (end === undefined) return undefined;
        const string = stringAt(text, at, end);
        if (string === undefined) return undefined;
        if (LONE_SURROGATE.test(string)) return 'The body holds half of a surrogate pair, which is no character';
        const fault = isName ? faultOfName(string, open.at(-1)) : undefined;
        if (fault !== undefined) return fault;
        at = end;
        break;
      }
      default:
        if (code !== MINUS && (code < ZERO || code > NINE)) break;
        NUMBER.lastIndex = at;
        const number = NUMBER.exec(text)?.[0] ?? '';
        if (Math.abs(Number(number)) === Infinity) return 'The body holds a number beyond the range of a double';
        at += Math.max(number.length - 1, 0);
    }
  }
  return undefined;
}

/** Index of the closing quote of the string that opens at `from`. */
function endOfString(text: string, from: number): number | undefined {
  let end = text.indexOf('"', from + 1);
  while (end !== -1) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return undefined;
}

/** The string between two quotes with its escapes undone: a name may be spelt in many ways. */
function stringAt(text: string, from: number, end: number): string | undefined {
  const raw = text.slice(from + 1, end);
  if (!raw.includes('\\')) return raw;
  try {
    const string: unknown = JSON.parse(text.slice(from, end + 1));
    return typeof string === 'string' ? string : undefined;
  } catch {
    return undefined;
  }
}

function faultOfName(name: string, met: Set<string> | undefined): string | undefined {
  if (FORBIDDEN_NAMES.has(name)) return 'The body has a member named __proto__, constructor or prototype';
  if (met?.has(name)) return 'The body has two members of one name';
  met?.add(name);
  return undefined;
}

/** Whether JSON carries all of a value that `JSON.stringify` has accepted, which has therefore no cycle. */
function isExact(value: unknown): boolean {
  const rest: unknown[] = [value];
  while (rest.length > 0) {
    const part = rest.pop();
    if (part === null || typeof part === 'string' || typeof part === 'boolean') continue;
    if (typeof part === 'number' && Number.isFinite(part)) continue;
    if (typeof part !== 'object') return false;
    if (Array.isArray(part)) {
      for (const item of part as readonly unknown[]) rest.push(item);
      continue;
    }
    const prototype: unknown = Object.getPrototypeOf(part);
    if (prototype !== null && prototype !== Object.prototype) return false;
    for (const item of Object.values(part)) if (item !== undefined) rest.push(item);
  }
  return true;
}
