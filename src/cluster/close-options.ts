// How long closing waits for what is pending, and for writes that are still hinted.
import { integerOption } from '../base/errors.ts';
import { optionsOf } from '../base/given.ts';
import { TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';

/** Options of `close`. */
export interface CloseOptions {
  /** An integer from 0 to 2^31 - 1; default 5000. */
  readonly timeoutMs?: number;
}

/** @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT`: nothing is closed then. */
export function closeTimeout(options: CloseOptions | undefined): number {
  const { timeoutMs = TIMEOUT_MS_DEFAULT } = optionsOf(options);
  return integerOption('timeoutMs', timeoutMs, { min: 0, max: TIMEOUT_MS_MAX });
}
