// Reads JSON objects that follow each other, one a line or in one array, and knows the line of each.
import type { Edn, EdnRecord } from './edn.ts';
import { DEPTH_MAX } from './edn.ts';
import { formatError } from './format-error.ts';

/**
 * The objects of a text: JSON lines, or one array of objects, with nothing but white space and commas between them.
 * Objects become Maps, so that no key means anything to JavaScript. Lazy.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` with the line of the object that is no JSON, or is cut.
 */
export function* readJson(text: string): Generator<EdnRecord, void, undefined> {
  let line = 1;
  let isInArray = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '\n') line += 1;
    if (' \t\r\n,\uFEFF'.includes(character)) continue;
    if (character === (isInArray ? ']' : '[')) {
      isInArray = !isInArray;
      continue;
    }
    if (character !== '{') throw formatError(line, restOfLine(text, at), 'an object');
    const end = endOfObject(text, at);
    if (end === undefined) throw formatError(line, restOfLine(text, at), 'an object that is closed');
    const json = text.slice(at, end);
    yield { line, value: parse(json, line) };
    for (let index = json.indexOf('\n'); index !== -1; index = json.indexOf('\n', index + 1)) line += 1;
    at = end - 1;
  }
  if (isInArray) throw formatError(line, 'the end of the text', ']');
}

function parse(json: string, line: number): Edn {
  try {
    return toEdn(JSON.parse(json), 1);
  } catch (cause) {
    throw formatError(line, cause instanceof SyntaxError ? `${json} (${cause.message})` : json, 'JSON');
  }
}

/** Where the object ends that begins at `start`: behind its last brace; undefined when nothing closes it. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      for (at += 1; text[at] !== '"'; at++) {
        if (at >= text.length) return undefined;
        if (text[at] === '\\') at += 1;
      }
    } else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/** Plain JSON, with Maps for objects. */
function toEdn(value: unknown, depth: number): Edn {
  if (depth > DEPTH_MAX) throw new SyntaxError(`deeper than ${DEPTH_MAX}`);
  if (Array.isArray(value)) return value.map((element) => toEdn(element, depth + 1));
  if (typeof value === 'object' && value !== null) {
    return new Map(Object.entries(value).map(([key, inner]) => [key, toEdn(inner, depth + 1)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function restOfLine(text: string, at: number): string {
  return text.slice(at, at + 100).split('\n', 1)[0] ?? '';
}
