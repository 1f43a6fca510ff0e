// Checks what a scan is asked with. Nothing has left when it throws.
import { compareCodePoints } from '../base/code-points.ts';
import { integerOption, rangeError, typeError } from '../base/errors.ts';
import {
  KEY_BYTES_MAX,
  SCAN_LIMIT_DEFAULT,
  SCAN_LIMIT_MAX,
  TIMEOUT_MS_DEFAULT,
  TIMEOUT_MS_MAX,
} from '../base/limits.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { ScanOptions } from '../store/store.ts';
import type { Bucket } from './bucket.ts';
import type { KeyRange } from './key-list.ts';

/** A scan as it was asked for, checked. Keys are as replicas know them. */
export interface ScanRequest {
  readonly range: KeyRange;
  readonly limit: number;
  readonly level: NonNullable<ScanOptions['level']>;
  /** Replicas that its level asks for their keys. */
  readonly listsNeeded: number;
  /** The sizes in force when it was asked. */
  readonly sizes: RegisterQuorums;
  readonly timeoutMs: number;
  readonly bucket: Bucket | undefined;
}

const encoder = new TextEncoder();

/**
 * The keys that a scan or watch goes through.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_KEY` where the prefix, or the key to begin after, is none.
 */
export function rangeOf(prefix: string, after: string | undefined, bucket: Bucket | undefined): KeyRange {
  const whole = placeIn(bucket, 'prefix', prefix);
  const range = { prefix: whole, after: undefined, leavesBucketsOut: bucket === undefined && prefix === '' };
  if (after === undefined) return range;
  const from = placeIn(bucket, 'key to begin after', after);
  return compareCodePoints(from, whole) < 0 ? range : { ...range, after: from };
}

/** @throws {TypeError | RangeError} `ERR_QUORATE_KEY` or `_INVALID_ARGUMENT`: what is wrong, and what is allowed. */
export function checkedScan(
  prefix: string,
  options: ScanOptions,
  { bucket, listsNeeded, sizes }: Pick<ScanRequest, 'bucket' | 'listsNeeded' | 'sizes'>,
): ScanRequest {
  const { after, limit = SCAN_LIMIT_DEFAULT, level = 'quorum', timeoutMs = TIMEOUT_MS_DEFAULT } = options;
  return {
    range: rangeOf(prefix, after, bucket),
    limit: integerOption('limit', limit, { min: 1, max: SCAN_LIMIT_MAX }),
    level,
    listsNeeded,
    sizes,
    timeoutMs: integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX }),
    bucket,
  };
}

/** A beginning of keys as replicas know it. */
function placeIn(bucket: Bucket | undefined, what: string, text: string): string {
  if (typeof text !== 'string') {
    throw typeError('ERR_QUORATE_KEY', `Cannot use a ${typeof text} as ${what}: it must be a string`);
  }
  if (bucket === undefined && (text.startsWith('\u0001') || text.startsWith('\u0002'))) {
    const allowed = 'only keys of buckets and topics begin with U+0001, U+0002';
    throw rangeError('ERR_QUORATE_KEY', `Cannot use the ${what}: ${allowed}`);
  }
  if (!text.isWellFormed()) {
    throw rangeError('ERR_QUORATE_KEY', `Cannot use the ${what}: it must not hold lone surrogates`);
  }
  const whole = (bucket?.prefix ?? '') + text;
  const byteLength = encoder.encode(whole).length;
  if (byteLength <= KEY_BYTES_MAX) return whole;
  const allowed = `it must have at most ${KEY_BYTES_MAX}, the name of its bucket included`;
  throw rangeError('ERR_QUORATE_KEY', `Cannot use a ${what} of ${byteLength} bytes: ${allowed}`);
}
