// What a reader of siblings has seen, as text that is handed back with a write. It may go through a form or a cookie:
//
//     qc1.<actor>_<events>.<actor>_<events>...
import { typeError } from '../base/errors.ts';
import { CONTEXT_LENGTH_MAX } from '../base/limits.ts';
import type { VersionVector } from './dotted-version-set.ts';

const PREFIX = 'qc1';
const CONTEXT = /^qc1(?:\.[0-9a-z-]+_[1-9]\d{0,14})*$/;
const SHOWN_MAX = 40;

/** The text of what was seen. Actors are named by digits, small letters and hyphens. */
export function encodeContext(seen: VersionVector): string {
  return [PREFIX, ...[...seen].map(([actor, events]) => `${actor}_${events}`)].join('.');
}

/** @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` for what no result has given as its `context`. */
export function decodeContext(context: unknown): VersionVector {
  if (typeof context !== 'string' || context.length > CONTEXT_LENGTH_MAX || !CONTEXT.test(context)) {
    const given = typeof context === 'string' ? `'${context.slice(0, SHOWN_MAX)}'` : typeof context;
    const message = `Cannot use context ${given}: it must be one that a result of the key has given`;
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', message);
  }
  const entries = context.split('.').slice(1);
  return new Map(entries.map((entry) => entry.split('_')).map(([actor = '', events]) => [actor, Number(events)]));
}
