// How stale a read may be, as its caller says.
import { givenText } from '../base/error-text.ts';
import { integerOption, rangeError } from '../base/errors.ts';
import { TIMEOUT_MS_MAX } from '../base/limits.ts';
import type { ReadOptions } from '../store/store.ts';
import { checkedTimeout } from './request-maker.ts';

/** How stale a read may be: in time, and in versions; infinite where it may be as stale as it likes. */
export interface StaleLimits {
  readonly maxStaleMs: number;
  readonly maxStaleVersions: number;
}

/** Whether a read may be stale: then it may be answered by the cache. */
export function mayBeStale(options: ReadOptions | undefined): boolean {
  return options?.maxStaleMs !== undefined || options?.maxStaleVersions !== undefined;
}

/**
 * How stale a read may be, and its other options, checked as if it were to ask the replicas.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT`.
 */
export function checkedStaleLimits(options: ReadOptions): StaleLimits {
  checkedTimeout(options);
  const { level, maxStaleMs, maxStaleVersions } = options;
  if (level !== undefined && level !== 'quorum') {
    const name = maxStaleMs === undefined ? 'maxStaleVersions' : 'maxStaleMs';
    const message = `Cannot use ${name} with level ${givenText(level)}: it must be quorum, or left out`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
  }
  return {
    maxStaleMs: limitOf('maxStaleMs', maxStaleMs),
    maxStaleVersions: limitOf('maxStaleVersions', maxStaleVersions),
  };
}

function limitOf(name: string, limit: number | undefined): number {
  return limit === undefined ? Number.POSITIVE_INFINITY : integerOption(name, limit, { min: 0, max: TIMEOUT_MS_MAX });
}
