// What a request asks of the store: the key, the level, the value. Everything a stranger sends is checked here.
import { HTTP_OPERATION_MS_MAX, KEY_BYTES_MAX, TTL_MS_MAX } from '../base/limits.ts';
import type { Level, OperationOptions, ReadOptions, Value } from '../store/store.ts';
import { parseJson } from './json.ts';
import { failure } from './reply.ts';
import type { Reply } from './reply.ts';

/** Either what was read from a request, or the reply that refuses it. */
export type Parsed<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  | { readonly kind: 'refused'; readonly reply: Reply };

/** The part of {@link OperationOptions} that a client chooses. */
export type ChosenOptions = Pick<OperationOptions, 'level' | 'timeoutMs'>;

/** The body of `PUT /data/:key`. */
export interface ValueBody {
  readonly value: Value;
  /** After which time the value expires; `undefined` where it does not. */
  readonly ttlMs: number | undefined;
}

/** The same of {@link ReadOptions}. */
export type ChosenReadOptions = ChosenOptions & Pick<ReadOptions, (typeof STALE_LIMITS)[number]>;

/** The body of `POST /data`. */
export interface KeyValue extends ValueBody {
  readonly key: string;
}

/** How stale a read may be. */
const STALE_LIMITS = ['maxStaleMs', 'maxStaleVersions'] as const;
const NO_CHOICE: Parsed<ChosenOptions> = { kind: 'parsed', value: {} };
const LONE_SURROGATE = /\p{Surrogate}/u;
/** A URL is visible ASCII; node:http lets other bytes pass and reads them as Latin-1. */
const URL_TEXT = /^[\x21-\x7e]*$/;
const LEVELS: readonly string[] = ['one', 'two', 'quorum', 'all'];
const JSON_MEDIA_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/** The key that a path segment spells: percent-decoded strictly, then taken as it is (no Unicode normalization). */
export function keyOfSegment(segment: string): Parsed<string> {
  const key = URL_TEXT.test(segment) ? decode(segment) : undefined;
  return key === undefined ? refusedKey('The key is not percent-encoded UTF-8') : checkKey(key);
}

/**
 * Refuses what is no key: empty, longer than {@link KEY_BYTES_MAX}, not well-formed. Also `.` and `..`, since every
 * client resolves them away, however they are encoded, before the request leaves: no URL can name them.
 */
export function checkKey(key: string): Parsed<string> {
  if (key === '') return refusedKey('The key is empty');
  if (key === '.' || key === '..') return refusedKey('The keys "." and ".." cannot be named by a URL');
  if (LONE_SURROGATE.test(key)) return refusedKey('The key holds half of a surrogate pair, which is no character');
  if (key.length > KEY_BYTES_MAX || Buffer.byteLength(key) > KEY_BYTES_MAX) {
    return refusedKey(`The key is longer than ${KEY_BYTES_MAX} bytes of UTF-8`);
  }
  return { kind: 'parsed', value: key };
}

/** Reads `level` and `timeoutMs` from a query string without its question mark. */
export function optionsOfQuery(query: string): Parsed<ChosenOptions> {
  if (query === '') return NO_CHOICE;
  const options: { level?: Level; timeoutMs?: number } = {};
  for (const [name, text] of new URLSearchParams(query)) {
    if (name === 'level' && options.level === undefined) {
      if (!isLevel(text)) return refusedQuery(`The level must be one of ${LEVELS.join(', ')}`);
      options.level = text;
    } else if (name === 'timeoutMs' && options.timeoutMs === undefined) {
      const timeoutMs = /^\d{1,9}$/.test(text) ? Number(text) : 0;
      if (timeoutMs < 1 || timeoutMs > HTTP_OPERATION_MS_MAX) {
        return refusedQuery(`The timeoutMs must be an integer from 1 to ${HTTP_OPERATION_MS_MAX}`);
      }
      options.timeoutMs = timeoutMs;
    } else {
      return refusedQuery('The query may hold level and timeoutMs, each once');
    }
  }
  return { kind: 'parsed', value: options };
}

/** The same, and how stale it may be: what a read takes. */
export function readOptionsOfQuery(query: string): Parsed<ChosenReadOptions> {
  const rest = new URLSearchParams(query);
  const limits: { maxStaleMs?: number; maxStaleVersions?: number } = {};
  for (const name of STALE_LIMITS) {
    const texts = rest.getAll(name);
    const [text] = texts;
    if (text === undefined) continue;
    if (texts.length > 1 || !/^\d{1,9}$/.test(text)) {
      return refusedQuery(`The query may hold ${name}, an integer from 0 to 999999999, once`);
    }
    limits[name] = Number(text);
    rest.delete(name);
  }
  const chosen = optionsOfQuery(rest.toString());
  const [limit] = Object.keys(limits);
  if (chosen.kind === 'refused' || limit === undefined) return chosen;
  const { level } = chosen.value;
  if (level !== undefined && level !== 'quorum') return refusedQuery(`With ${limit} the level can only be quorum`);
  return { kind: 'parsed', value: { ...chosen.value, ...limits } };
}

/** Refuses a body that is not declared as plain JSON; `undefined` when it is. */
export function refuseMediaType(type: string | undefined, encoding: string | undefined): Reply | undefined {
  const isPlain = encoding === undefined || encoding.toLowerCase() === 'identity';
  if (isPlain && type !== undefined && (type === 'application/json' || JSON_MEDIA_TYPE.test(type))) return undefined;
  const sentence = 'The body must be application/json in UTF-8, without a content encoding';
  return failure(415, 'ERR_QUORATE_HTTP_MEDIA_TYPE', sentence);
}

/** Reads the body of `POST /data`: an object with a `key`, a `value`, perhaps a `ttlMs`, and nothing else. */
export function keyValueOf(body: Uint8Array): Parsed<KeyValue> {
  const members = membersOf(body, ['key', 'value']);
  if (members.kind === 'refused') return members;
  const { key: given } = members.value;
  if (typeof given !== 'string') return refusedBody('The body has no "key" that is a string');
  const key = checkKey(given);
  if (key.kind === 'refused') return key;
  const value = checkValue(members.value);
  return value.kind === 'refused' ? value : { kind: 'parsed', value: { key: key.value, ...value.value } };
}

/** Reads the body of `PUT /data/:key`: an object with a `value`, perhaps a `ttlMs`, and nothing else. */
export function valueOf(body: Uint8Array): Parsed<ValueBody> {
  const members = membersOf(body, ['value']);
  return members.kind === 'refused' ? members : checkValue(members.value);
}

function checkValue({ value, ttlMs }: Readonly<Record<string, unknown>>): Parsed<ValueBody> {
  if (ttlMs === undefined) return { kind: 'parsed', value: { value, ttlMs } };
  const isTtl = typeof ttlMs === 'number' && Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= TTL_MS_MAX;
  if (!isTtl) return refusedBody(`The "ttlMs" must be an integer from 1 to ${TTL_MS_MAX}`);
  return { kind: 'parsed', value: { value, ttlMs } };
}

function membersOf(body: Uint8Array, names: readonly string[]): Parsed<Readonly<Record<string, unknown>>> {
  const document = parseJson(body);
  if (document.kind === 'refused') return refusedBody(document.reason);
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refusedBody('The body is no object');
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return refusedBody(`The body has no "${missing}"`);
  const allowed = [...names, 'ttlMs'];
  const only = allowed.map((name) => `"${name}"`).join(', ');
  const hasOthers = Object.keys(value).some((name) => !allowed.includes(name));
  if (hasOthers) return refusedBody(`The body has members other than ${only}`);
  return { kind: 'parsed', value: { ...value } };
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function isLevel(text: string): text is 'one' | 'two' | 'quorum' | 'all' {
  return LEVELS.includes(text);
}

function refusedKey(sentence: string): { readonly kind: 'refused'; readonly reply: Reply } {
  return { kind: 'refused', reply: failure(400, 'ERR_QUORATE_KEY', sentence) };
}

function refusedQuery(sentence: string): { readonly kind: 'refused'; readonly reply: Reply } {
  return { kind: 'refused', reply: failure(400, 'ERR_QUORATE_HTTP_QUERY', sentence) };
}

function refusedBody(sentence: string): { readonly kind: 'refused'; readonly reply: Reply } {
  return { kind: 'refused', reply: failure(400, 'ERR_QUORATE_HTTP_BODY', sentence) };
}
