// When values expire: what is asked for, and what that comes to. A moment lies in front of the bytes of its value
// (value-codec.ts), is of one clock that all clients share, and is compared with that by clients only: replicas know
// neither. What follows from an expired value is said in expired-reads.ts.
import { integerOption } from '../base/errors.ts';
import { TTL_MS_MAX } from '../base/limits.ts';
import type { Value } from '../store/store.ts';

/** The moment of a value that does not expire. */
export const NEVER: number = Number.POSITIVE_INFINITY;

/** When what a change writes expires. */
export interface Expiry {
  /** So long after the change was made; `undefined` for never. */
  readonly ttlMs: number | undefined;
  /** Instead when what it has changed would have, where that was anything. */
  readonly isKept: boolean;
}

/** Never. */
export const NO_EXPIRY: Expiry = Object.freeze({ ttlMs: undefined, isKept: false });

/** What is asked for, or the bucket says. @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT`. */
export function ttlOf(
  options: { readonly ttlMs?: number } | undefined,
  bucket: { readonly rules: { readonly ttlMs: number | undefined } } | undefined,
): number | undefined {
  const ttlMs = options?.ttlMs;
  if (ttlMs === undefined) return bucket?.rules.ttlMs;
  return requireTtl(ttlMs);
}

/** @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where it is no time to live. */
export function requireTtl(ttlMs: number): number {
  return integerOption('ttlMs', ttlMs, { min: 1, max: TTL_MS_MAX });
}

/** When a change of a value that expires at `expiresAtMs` lets what it writes expire. */
export function expiryAfter(
  { ttlMs, isKept }: Expiry,
  { value, expiresAtMs }: { readonly value: Value; readonly expiresAtMs: number },
  clock: LateClock,
): number {
  if (isKept && value !== undefined) return expiresAtMs;
  return ttlMs === undefined ? NEVER : clock.nowMs + ttlMs;
}

/** Time that a value has left, in whole milliseconds from 1. */
export function msLeft(expiresAtMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil(expiresAtMs - nowMs));
}

/** One look at a clock, made when somebody first asks: most values do not expire. */
export class LateClock {
  readonly #read: () => number;
  #nowMs: number | undefined;

  constructor(read: () => number) {
    this.#read = read;
  }

  get nowMs(): number {
    return (this.#nowMs ??= this.#read());
  }

  hasPassed(atMs: number): boolean {
    return atMs !== NEVER && this.nowMs >= atMs;
  }
}
