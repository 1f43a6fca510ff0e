// What a cache holds of one read: encoded bytes, copied in, and decoded for each caller anew.
import { LARGE_HEADER_BYTES } from '../base/large-value.ts';
import { decodeValue } from '../base/value-codec.ts';
import { versionOf } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { ReadResult } from '../store/store.ts';
import { NEVER, msLeft } from './expiry.ts';
import { sharedValue } from './large-lane.ts';
import type { Candidate } from './operation.ts';
import { NO_VALUE } from './wire.ts';

/** What a read has found of a key. */
export interface CachedRead {
  readonly version: Ballot;
  /** The encoded value; `undefined` where the key has none. */
  readonly bytes: Uint8Array | undefined;
  /** When the read that found it began: at some instant since then it was the newest state of its key. */
  readonly beganMs: number;
  /**
   * How many tags had been taken when the key was fenced: whatever is decided of it since has a later tag. Minus
   * infinity where it was not fenced.
   */
  readonly fence: number;
  /** When the value expires; infinite where it does not, or there is none. */
  readonly expiresAtMs: number;
}

/** The outcome of a read that the cache has answered; the value is its caller's own. */
export function cachedResult({ version, bytes, beganMs, expiresAtMs }: CachedRead, nowMs: number): ReadResult {
  const ageMs = nowMs - beganMs;
  if (bytes === undefined) return { outcome: 'absent', ageMs };
  const value = decodeValue(bytes, 0, bytes.byteLength);
  const read = { outcome: 'ok', value, version: versionOf(version), ageMs } as const;
  return expiresAtMs === NEVER ? read : { ...read, expiresInMs: msLeft(expiresAtMs, nowMs) };
}

/** A copy of the encoded value of an entry, unless it is longer than `bytesMax`; `undefined` where it has none. */
export function heldBytes(
  { valueBytes, value, large }: Candidate,
  bytesMax: number,
): Uint8Array | 'too-long' | undefined {
  if (valueBytes === NO_VALUE) return undefined;
  if ((large?.byteLength ?? valueBytes) > bytesMax) return 'too-long';
  if (large === undefined) return value.bytes.slice(0, valueBytes);
  const { buffer, byteLength } = sharedValue(large);
  return new Uint8Array(new Uint8Array(buffer, LARGE_HEADER_BYTES, byteLength)); // In memory of its own, not shared.
}
