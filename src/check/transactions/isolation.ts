// The isolation levels by name: which base they have, and which order of transactions they respect besides.
import { rangeError } from '../../base/errors.ts';

/** Levels that say nothing of the order in which transactions were called, from weak to strong but for the middle. */
const BASE_ISOLATIONS = [
  'read-uncommitted',
  'read-committed',
  'repeatable-read',
  'snapshot-isolation',
  'serializable',
] as const;

export type BaseIsolation = (typeof BASE_ISOLATIONS)[number];

/**
 * An isolation level. `strong-session-` levels respect the order of each process too, `strong-` levels and
 * `strict-serializable` real time. `repeatable-read` is Adya's PL-2.99, stronger than what SQL databases call so.
 */
export type Isolation =
  | BaseIsolation
  | `strong-session-${BaseIsolation}`
  | `strong-${Exclude<BaseIsolation, 'serializable'>}`
  | 'strict-serializable';

/** An isolation level, taken apart. */
export interface Level {
  readonly base: BaseIsolation;
  readonly order: 'none' | 'process' | 'real-time';
}

const SESSION = 'strong-session-';
const STRONG = 'strong-';

/**
 * Takes the name of an isolation level apart.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when no level has this name.
 */
export function levelOf(isolation: string): Level {
  const strong = isolation === 'strict-serializable' ? `${STRONG}serializable` : isolation;
  const order = strong.startsWith(SESSION) ? 'process' : strong.startsWith(STRONG) ? 'real-time' : 'none';
  const prefix = { none: '', process: SESSION, 'real-time': STRONG }[order];
  const base = BASE_ISOLATIONS.find((name) => `${prefix}${name}` === strong);
  if (base !== undefined && isolation !== `${STRONG}serializable`) return { base, order };
  const known = BASE_ISOLATIONS.join(', ');
  const allowed = `${known}, strict-serializable, or one with "${SESSION}" or "${STRONG}" before it`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot check isolation "${isolation}": it must be ${allowed}`);
}
