// Reads EDN (Extensible Data Notation), the notation of Clojure in which Jepsen, Knossos and Elle write histories.
// Source: the format's description at edn-format.org. Why it is our own: docs/decisions/edn.md.
import { formatError } from './format-error.ts';

/**
 * What EDN says, as JavaScript: `nil` is null; a keyword or symbol is a string, the keyword's with its colon; a vector,
 * list or set is an array; a map is a Map; a tagged element is what its tag stands before. An integer that a number
 * cannot hold exactly is the string of its digits.
 */
export type Edn = null | boolean | number | string | readonly Edn[] | ReadonlyMap<Edn, Edn>;

/** One element, and the line that it starts on, from 1. */
export interface EdnRecord {
  readonly value: Edn;
  readonly line: number;
}

/** Deepest nesting that is read; a history needs about four. */
export const DEPTH_MAX = 64;

/**
 * The records of a history: what stands at the top of the text, or inside of one vector or list there. Lazy, in one
 * pass; a million short lines take about a second.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` where the text is no EDN, also where it ends too early.
 */
export function readEdn(text: string): Iterable<EdnRecord> {
  return new EdnReader(text).records();
}

/**
 * The one element that a text holds.
 *
 * @param line of the text's first line in what it is a part of, for errors.
 * @throws {QuorateError} `ERR_QUORATE_TRACE` when the text holds no element, or more than one.
 */
export function parseEdn(text: string, line = 1): Edn {
  return new EdnReader(text, line).only();
}

const CHARACTER_NAMES: Readonly<Record<string, string>> = {
  newline: '\n',
  return: '\r',
  space: ' ',
  tab: '\t',
};
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };
const WORDS: ReadonlyMap<string, Edn> = new Map<string, Edn>([
  ['nil', null],
  ['true', true],
  ['false', false],
]);
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };
/** White space (commas included), what opens and closes, and what begins a comment or a string. */
const ENDS_TOKEN: ReadonlySet<number> = codesOf(' ,\t\n\r\f\v()[]{}";\u2028\u2029\uFEFF');
const WHITE: ReadonlySet<number> = codesOf(' ,\t\n\r\f\v\u2028\u2029\uFEFF');

class EdnReader {
  readonly #text: string;
  #at = 0;
  readonly #firstLine: number;
  /** The line of {@link #lineAt}, so that lines are counted once. */
  #line: number;
  #lineAt = 0;
  #depth = 0;

  constructor(text: string, firstLine = 1) {
    this.#text = text;
    this.#firstLine = firstLine;
    this.#line = firstLine;
  }

  only(): Edn {
    this.#skip();
    const value = this.#element();
    this.#skip();
    if (this.#at < this.#text.length) throw this.#error(this.#at, this.#text.slice(this.#at), 'nothing more');
    return value;
  }

  *records(): Generator<EdnRecord, void, undefined> {
    for (this.#skip(); this.#at < this.#text.length; this.#skip()) {
      const opening = this.#text[this.#at];
      if (opening === '[' || opening === '(') yield* this.#elements(opening);
      else yield this.#record();
    }
  }

  /** The elements of a vector or list at the top, one by one. */
  *#elements(opening: string): Generator<EdnRecord, void, undefined> {
    const opened = this.#at;
    this.#at += 1;
    const closing = CLOSING[opening]!;
    for (this.#skip(); this.#text[this.#at] !== closing; this.#skip()) {
      if (this.#at >= this.#text.length) throw this.#isOpen(opened);
      yield this.#record();
    }
    this.#at += 1;
  }

  #record(): EdnRecord {
    const line = this.#lineOf(this.#at);
    return { line, value: this.#element() };
  }

  /** Reads one element; no white space stands before it. */
  #element(): Edn {
    this.#deeper();
    const value = this.#elementHere();
    this.#depth -= 1;
    return value;
  }

  #elementHere(): Edn {
    const character = this.#text[this.#at];
    switch (character) {
      case '[':
      case '(':
        return this.#sequence(CLOSING[character]!);
      case '{':
        return this.#map();
      case '"':
        return this.#string();
      case '\\':
        return this.#character();
      case '#':
        return this.#tagged();
      case undefined:
        throw this.#error(this.#at, 'the end of the text', 'an element');
      default:
        return this.#atom();
    }
  }

  #sequence(closing: string): Edn[] {
    const opened = this.#at;
    const elements: Edn[] = [];
    this.#at += 1;
    for (this.#skip(); this.#text[this.#at] !== closing; this.#skip()) {
      if (this.#at >= this.#text.length) throw this.#isOpen(opened);
      elements.push(this.#element());
    }
    this.#at += 1;
    return elements;
  }

  #map(): ReadonlyMap<Edn, Edn> {
    const opened = this.#at;
    const flat = this.#sequence('}');
    if (flat.length % 2 !== 0) throw this.#error(opened, 'a map whose last key has no value', 'pairs');
    const map = new Map<Edn, Edn>();
    for (let index = 0; index < flat.length; index += 2) map.set(flat[index]!, flat[index + 1]!);
    return map;
  }

  #string(): string {
    const opened = this.#at;
    const text = this.#text;
    let from = opened + 1;
    let read = '';
    for (let at = from; at < text.length; at++) {
      const character = text[at];
      if (character === '"') {
        this.#at = at + 1;
        return read + text.slice(from, at);
      }
      if (character !== '\\') continue;
      read += text.slice(from, at);
      const code = /^u[\dA-Fa-f]{4}/.exec(text.slice(at + 1, at + 6))?.[0];
      const escaped =
        code === undefined ? ESCAPES[text[at + 1] ?? ''] : String.fromCharCode(parseInt(code.slice(1), 16));
      if (escaped === undefined) throw this.#error(at, text.slice(at, at + 2), 'one of \\n \\r \\t \\" \\\\ \\uNNNN');
      at += code?.length ?? 1;
      read += escaped;
      from = at + 1;
    }
    throw this.#isOpen(opened);
  }

  #character(): string {
    const start = this.#at;
    this.#at += 2; // The first one may be anything, also what ends a token.
    const name = this.#token(start + 1);
    if (/^.$/su.test(name)) return name;
    const named = CHARACTER_NAMES[name];
    if (named !== undefined) return named;
    if (/^u[\dA-Fa-f]{4}$/.test(name)) return String.fromCharCode(parseInt(name.slice(1), 16));
    throw this.#error(start, `\\${name}`, 'one character, its name or \\uNNNN');
  }

  /** `#{a b}`, or a tag and what it stands before; discards are white space. */
  #tagged(): Edn {
    const start = this.#at;
    this.#at += 1;
    if (this.#text[this.#at] === '{') return this.#sequence('}');
    const tag = this.#token(this.#at);
    if (!/^[A-Za-z]/.test(tag)) throw this.#error(start, `#${tag}`, 'a set, a tag or #_');
    this.#skip();
    return this.#element();
  }

  #atom(): Edn {
    const start = this.#at;
    const token = this.#token(start);
    const first = token.charCodeAt(0);
    const isNumber = isDigit(first) || (token.length > 1 && isSign(first) && isDigit(token.charCodeAt(1)));
    if (isNumber) return this.#number(token, start);
    if (token === '' || token === ':') {
      throw this.#error(start, token === '' ? this.#text[start]! : token, 'an element');
    }
    const word = WORDS.get(token);
    return word === undefined ? token : word;
  }

  #number(token: string, start: number): number | string {
    if (/^[-+]?\d+N?$/.test(token)) {
      const digits = token.endsWith('N') ? token.slice(0, -1) : token;
      const value = Number(digits);
      return Number.isSafeInteger(value) ? value : String(BigInt(digits.replace('+', '')));
    }
    if (/^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?M?$/.test(token)) return Number(token.replace('M', ''));
    throw this.#error(start, token, 'a number');
  }

  #token(from: number): string {
    const text = this.#text;
    let at = Math.max(from, this.#at);
    while (at < text.length && !ENDS_TOKEN.has(text.charCodeAt(at))) at++;
    this.#at = at;
    return text.slice(from, at);
  }

  /** Passes white space, comments and what `#_` discards. */
  #skip(): void {
    const text = this.#text;
    for (;;) {
      while (this.#at < text.length && WHITE.has(text.charCodeAt(this.#at))) this.#at++;
      if (text[this.#at] === ';') {
        const end = text.indexOf('\n', this.#at);
        this.#at = end === -1 ? text.length : end;
      } else if (text.startsWith('#_', this.#at)) {
        this.#at += 2;
        this.#deeper(); // A discard may begin with another one.
        this.#skip();
        this.#element();
        this.#depth -= 1;
      } else return;
    }
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw this.#error(this.#at, `deeper nesting than ${DEPTH_MAX}`, 'less');
  }

  #isOpen(opened: number): Error {
    const opening = this.#text[opened]!;
    return this.#error(opened, `${opening} that nothing closes`, `${CLOSING[opening] ?? opening} before the end`);
  }

  #error(at: number, found: string, expected: string): Error {
    return formatError(this.#lineOf(at), found, expected);
  }

  /** The line of a position; positions mostly come in ascending order. */
  #lineOf(at: number): number {
    if (at < this.#lineAt) {
      this.#line = this.#firstLine;
      this.#lineAt = 0;
    }
    for (let end = this.#text.indexOf('\n', this.#lineAt); end !== -1 && end < at;) {
      this.#line += 1;
      this.#lineAt = end + 1;
      end = this.#text.indexOf('\n', this.#lineAt);
    }
    return this.#line;
  }
}

function codesOf(characters: string): ReadonlySet<number> {
  return new Set(Array.from(characters, (character) => character.charCodeAt(0)));
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isSign(code: number): boolean {
  return code === 43 || code === 45;
}
