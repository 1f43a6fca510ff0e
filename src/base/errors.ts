// Every operational failure that crosses the public API is a QuorateError with a stable code.
import { errorText } from './error-text.ts';

/** Stable codes of the failures that Quorate reports; documented in docs/ERRORS.md. */
export type ErrorCode =
  | 'ERR_QUORATE_ABORTED' // the caller's AbortSignal fired first
  | 'ERR_QUORATE_ACTOR_DEAD' // the actor stopped, crashed or never started
  | 'ERR_QUORATE_CHANGING' // another change of members is under way
  | 'ERR_QUORATE_CLOSED' // the cluster, system or handle was closed
  | 'ERR_QUORATE_CONFIGURATION' // options that contradict each other, such as R + W <= N
  | 'ERR_QUORATE_CONTROL' // a call on the control plane is not allowed
  | 'ERR_QUORATE_FRAME' // a frame in shared memory does not decode
  | 'ERR_QUORATE_FRAME_TOO_LARGE' // a frame does not fit the ring, whatever its fill
  | 'ERR_QUORATE_HUNG' // a thread stopped making progress and was ended
  | 'ERR_QUORATE_INVALID_ARGUMENT' // a caller's mistake: says what was given and what is allowed
  | 'ERR_QUORATE_KEY' // a key is empty, too long or not well-formed
  | 'ERR_QUORATE_MAILBOX_FULL' // the mailbox is bounded, and full
  | 'ERR_QUORATE_MEMORY' // a stated memory bound would be exceeded
  | 'ERR_QUORATE_OVERLOADED' // too many operations are pending
  | 'ERR_QUORATE_RESTART_LIMIT' // a child failed more often than its policy allows
  | 'ERR_QUORATE_RING_OWNED' // a second producer or consumer tried to attach to a ring
  | 'ERR_QUORATE_START_FAILED' // a thread or actor did not start
  | 'ERR_QUORATE_STATE_LOST' // more replicas lost their memory at once than the quorums survive
  | 'ERR_QUORATE_SYNC_ON_MAIN' // synchronous calls are for worker threads
  | 'ERR_QUORATE_TIMEOUT' // the deadline passed
  | 'ERR_QUORATE_TRACE' // a recorded workload does not parse
  | 'ERR_QUORATE_TS_WORKER' // this runtime cannot start a TypeScript worker
  | 'ERR_QUORATE_UNKNOWN_MESSAGE' // the actor has no handler of that name
  | 'ERR_QUORATE_UNSENDABLE' // a value cannot be carried to another thread
  | 'ERR_QUORATE_WATCH_GAP' // a watch cannot go on from a position
  | 'ERR_QUORATE_WATCH_OVERFLOW' // the reader of a watch is too slow
  | 'ERR_QUORATE_VALUE_TOO_LARGE'; // a value is longer than the limit

/** Fields that a failure carries for programs; the message repeats them for people. */
export type ErrorFields = Readonly<Record<string, unknown>>;

/** Options of {@link QuorateError}. */
export interface QuorateErrorOptions {
  readonly cause?: unknown;
  readonly fields?: ErrorFields;
}

/**
 * An operational failure of Quorate: `code` is stable, `fields` are its data, `cause` is kept.
 *
 * @example
 * ```ts
 * import { QuorateError } from 'quorate';
 *
 * const error = new QuorateError('ERR_QUORATE_TIMEOUT', 'Cannot finish within 5 ms', { fields: { timeoutMs: 5 } });
 * console.log(error.code, error.fields['timeoutMs']); // ERR_QUORATE_TIMEOUT 5
 * ```
 */
export class QuorateError extends Error {
  override readonly name: string = 'QuorateError';
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, message: string, options: QuorateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? {};
  }
}

/**
 * Whether `value` is a failure reported by Quorate, also one that came from another realm or thread.
 *
 * @example
 * ```ts
 * import { isQuorateError, openCluster } from 'quorate';
 *
 * const error: unknown = await openCluster({ replicas: 0 }).catch((reason: unknown) => reason);
 * console.log(isQuorateError(error) && error.code); // ERR_QUORATE_INVALID_ARGUMENT
 * ```
 */
export function isQuorateError(value: unknown): value is QuorateError {
  if (value instanceof QuorateError) return true;
  const code = typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined;
  return typeof code === 'string' && code.startsWith('ERR_QUORATE_') && value instanceof Error;
}

/** A `RangeError` with a code: the argument has the right type and a value that is not allowed. */
export function rangeError(code: ErrorCode, message: string): RangeError & { readonly code: ErrorCode } {
  return Object.assign(new RangeError(message), { code });
}

/** A `TypeError` with a code: the argument has the wrong type. */
export function typeError(code: ErrorCode, message: string): TypeError & { readonly code: ErrorCode } {
  return Object.assign(new TypeError(message), { code });
}

/**
 * Checks an integer option.
 *
 * @returns `value`.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when it is no integer from `min` to `max`.
 */
export function integerOption(
  name: string,
  value: number,
  range: { readonly min: number; readonly max: number },
): number {
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  const allowed = `an integer from ${range.min} to ${range.max}`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${name} ${errorText(value)}: it must be ${allowed}`);
}
