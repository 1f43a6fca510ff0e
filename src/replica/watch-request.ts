// Checks what a watch is asked with, and writes and reads positions. Nothing has left when it throws.
import { errorText } from '../base/error-text.ts';
import { QuorateError, integerOption, rangeError, typeError } from '../base/errors.ts';
import { REPLICAS_MAX, WATCH_BUFFER_DEFAULT, WATCH_BUFFER_MAX } from '../base/limits.ts';
import type { WatchOptions } from '../store/watch.ts';
import type { Bucket } from './bucket.ts';
import type { KeyRange } from './key-list.ts';
import { rangeOf } from './scan-request.ts';
import type { JournalPlace } from './watch-source.ts';

/** A watch as it was asked for, checked. Keys are as replicas know them. */
export interface WatchRequest {
  readonly range: KeyRange;
  readonly bucket: Bucket | undefined;
  readonly bufferMax: number;
  readonly overflow: 'latest' | 'error';
  /** By replica, where to go on. */
  readonly from: ReadonlyMap<number, JournalPlace> | undefined;
}

/** The cluster, as positions know it. */
export interface WatchedCluster {
  readonly resets: number;
}

/** @throws {TypeError | RangeError} `ERR_QUORATE_KEY` or `_INVALID_ARGUMENT`. */
export function checkedWatch(
  prefix: string,
  options: WatchOptions,
  { bucket, ...cluster }: WatchedCluster & { readonly bucket: Bucket | undefined },
): WatchRequest {
  const { from, bufferMax = WATCH_BUFFER_DEFAULT, overflow = 'latest' } = options;
  if (overflow !== 'latest' && overflow !== 'error') {
    const given = `Cannot use overflow ${errorText(overflow)}`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `${given}: it must be latest or error`);
  }
  const range = rangeOf(prefix, undefined, bucket);
  return {
    range,
    bucket,
    bufferMax: integerOption('bufferMax', bufferMax, { min: 1, max: WATCH_BUFFER_MAX }),
    overflow,
    from: from === undefined ? undefined : placesOf(from, range.prefix, cluster),
  };
}

/** A position as text; `undefined` where no replica is that far. */
export function positionOf(
  places: ReadonlyMap<number, JournalPlace>,
  { prefix }: Pick<KeyRange, 'prefix'>,
  { resets }: WatchedCluster,
): string | undefined {
  if (places.size === 0) return undefined;
  const list = [...places].map(([replica, { epoch, position }]) => [replica, epoch, position]);
  return JSON.stringify([resets, prefix, list]);
}

function placesOf(text: string, prefix: string, { resets }: WatchedCluster): ReadonlyMap<number, JournalPlace> {
  const [ofResets, ofPrefix, list] = parsed(text);
  if (!Array.isArray(list) || typeof ofPrefix !== 'string') throw mistake('it must be what watch.position gave');
  if (ofPrefix !== prefix) throw mistake('it is of a watch of another prefix');
  if (ofResets !== resets || list.length === 0) throw gapError();
  const places = new Map<number, JournalPlace>();
  for (const each of list) {
    const [replica, epoch, position]: readonly unknown[] = Array.isArray(each) ? each : [];
    if (!isCount(replica) || replica >= REPLICAS_MAX || !isCount(epoch) || !isCount(position)) {
      throw mistake('it must be what watch.position gave');
    }
    places.set(replica, { epoch, position });
  }
  return places;
}

function parsed(text: unknown): readonly unknown[] {
  try {
    const document: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return Array.isArray(document) ? document : [];
  } catch {
    return [];
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function mistake(allowed: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot watch from the position: ${allowed}`);
}

/** The error of a watch that cannot go on from where it was, or another. */
export function gapError(): QuorateError {
  const why = 'no replica remembers all that it has stored since';
  const what = 'begin without a position, and forget the keys that do not come';
  return new QuorateError('ERR_QUORATE_WATCH_GAP', `Cannot go on with the watch: ${why}; ${what}`);
}

/** The error of a watch whose reader is too slow. */
export function overflowError(bufferMax: number): QuorateError {
  const message = `Cannot hold another event of the watch: its reader is ${bufferMax} behind`;
  return new QuorateError('ERR_QUORATE_WATCH_OVERFLOW', message, { fields: { bufferMax } });
}
