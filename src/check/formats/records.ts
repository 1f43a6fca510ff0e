// Which of two notations a history is written in: EDN or JSON.
import { readEdn } from './edn.ts';
import type { EdnRecord } from './edn.ts';
import { readJson } from './json-records.ts';

/** Whether a text is JSON: the key of its first map is a string, which a keyword of EDN is not. */
export function isJson(text: string): boolean {
  const from = text.search(/\S/); // A byte order mark is white space to JavaScript.
  return from !== -1 && /^\[?\s*(\{\s*["}]|$)/.test(text.slice(from));
}

/** The records of a text in either notation, lazily. @throws {QuorateError} `ERR_QUORATE_TRACE` with the line. */
export function readRecords(text: string): Iterable<EdnRecord> {
  return isJson(text) ? readJson(text) : readEdn(text);
}
