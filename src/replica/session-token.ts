// What a session has seen, as text that another thread, or another request of the same user, goes on from:
//
//     qs1.<base64url of the JSON below>.<FNV-1a of that, 8 hexadecimal digits>
//     [cluster, resets, floor, [[key, version, 1 where it is decided, else 0, restarts where it is not, 1 or 0
//     whether it is doubted], ...]]
import { typeError } from '../base/errors.ts';
import { KEY_BYTES_MAX, SESSION_KEYS_MAX } from '../base/limits.ts';
import { ballotOf, versionOf } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import { PERHAPS_LOST } from './operation.ts';
import { SessionState } from './session.ts';

const PREFIX = 'qs1';
/** Twelve characters for each byte of a key cover what JSON and base64 make of it. */
const TOKEN_LENGTH_MAX = SESSION_KEYS_MAX * (12 * KEY_BYTES_MAX + 64);
const SHOWN_MAX = 40;
/** No number of merges. */
const NEVER = -1;

/** The token of a session of the cluster of this name. */
export function encodeSession(cluster: string, state: SessionState, rules: Rules): string {
  const keys = [...state.keys].map(([key, { version, isDecided, heldSince, isDoubted }]) =>
    isDecided ? [key, versionOf(version), 1] : [key, versionOf(version), 0, heldSince, isDoubted ? 1 : 0],
  );
  const floor = versionOf(rules.keepsFloors ? state.floor : { high: 0, low: 0 });
  const text = JSON.stringify([cluster, state.resets, floor, keys]).replaceAll(/[\u007f-\uffff]/g, escaped);
  const body = btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return `${PREFIX}.${body}.${checksumOf(body)}`;
}

/**
 * What the session of a token has seen, all of it.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it is no token of a session of the cluster of this name.
 */
export function decodeSession(cluster: string, token: unknown, rules: Rules): SessionState {
  if (typeof token !== 'string') throw mistake(token, 'it must be a string that session.token gave');
  const [prefix, body = '', checksum, ...rest] = token.length > TOKEN_LENGTH_MAX ? [] : token.split('.');
  const isWhole = prefix === PREFIX && rest.length === 0 && checksum === checksumOf(body);
  const parts = isWhole ? parsed(body) : undefined;
  if (!Array.isArray(parts)) throw mistake(token, 'it must be what session.token gave, unaltered');
  const [of, resets, floor, keys]: readonly unknown[] = parts;
  if (typeof of === 'string' && of !== cluster) throw mistake(token, `it is of cluster ${of}, and this is ${cluster}`);
  const version = typeof floor === 'string' ? ballotOf(floor) : undefined;
  if (!isCount(resets) || version === undefined || !Array.isArray(keys) || keys.length > SESSION_KEYS_MAX) {
    throw mistake(token, 'it must be what session.token gave, unaltered');
  }
  const state = new SessionState({ resets, keysMax: SESSION_KEYS_MAX }, rules);
  state.raiseFloor(version);
  for (const entry of keys) noteEntry(state, entry, token);
  return state;
}

function noteEntry(state: SessionState, entry: unknown, token: string): void {
  const [key, version, isDecided, restarts, isDoubted]: readonly unknown[] = Array.isArray(entry) ? entry : [];
  const ballot = typeof version === 'string' ? ballotOf(version) : undefined;
  if (typeof key !== 'string' || ballot === undefined || (isDecided !== 0 && isDecided !== 1)) {
    throw mistake(token, 'it must be what session.token gave, unaltered');
  }
  const heldSince = isCount(restarts) ? restarts : PERHAPS_LOST;
  state.note(key, ballot, isDecided === 1, heldSince, isDoubted === 1 ? NEVER : state.merges);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return undefined; // Somebody made the checksum, too.
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Not against forgery: whoever has a token may alter it. It tells what was cut off or mistyped. */
function checksumOf(text: string): string {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function mistake(token: unknown, allowed: string): TypeError {
  const text =
    typeof token === 'string' ? `"${token.slice(0, SHOWN_MAX)}${token.length > SHOWN_MAX ? '...' : ''}"` : typeof token;
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use session token ${text}: ${allowed}`);
}
