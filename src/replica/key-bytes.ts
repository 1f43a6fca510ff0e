// Keys as bytes: the UTF-8 of a well-formed string, hashed while it is written.
import { rangeError, typeError } from '../base/errors.ts';
import { KEY_BYTES_MAX } from '../base/limits.ts';
import { padded } from './wire.ts';
import type { FrameViews } from './wire.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true }); // A key may begin with U+FEFF.

/** Length and hash of the key that was written last; overwritten by each call of {@link writeKey}. */
export const writtenKey: { byteLength: number; hash: number } = { byteLength: 0, hash: 0 };

const scratch: FrameViews = viewsOf(new ArrayBuffer(padded(KEY_BYTES_MAX) + 4));

/**
 * Writes a key at a byte offset that is a multiple of 4, padded with zeros, and notes its length and hash in
 * {@link writtenKey}. `to` has room for KEY_BYTES_MAX and padding behind `start`.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_KEY` when it is no string, empty, too long, or not well-formed.
 */
export function writeKey(key: string, to: FrameViews, start: number): void {
  if (typeof key !== 'string')
    throw typeError('ERR_QUORATE_KEY', `Cannot use a ${typeof key} as key: it must be a string`);
  const length = key.length;
  if (length === 0 || length > KEY_BYTES_MAX) throw lengthError(length);
  const { bytes } = to;
  let hash = 0x811c_9dc5; // FNV-1a, 32 bits.
  let index = 0;
  for (; index < length; index++) {
    const code = key.charCodeAt(index);
    if (code > 0x7f) return writeWide(key, to, start);
    bytes[start + index] = code;
    hash = Math.imul(hash ^ code, 0x0100_0193);
  }
  finish(bytes, start, length, hash);
}

/** The hash that {@link writeKey} notes of a key. */
export function hashOf(key: string): number {
  writeKey(key, scratch, 0);
  return writtenKey.hash;
}

/** The key that {@link writeKey} wrote. */
export function readKey({ bytes }: FrameViews, start: number, byteLength: number): string {
  return decoder.decode(bytes.subarray(start, start + byteLength));
}

function writeWide(key: string, { bytes }: FrameViews, start: number): void {
  if (!key.isWellFormed()) throw rangeError('ERR_QUORATE_KEY', 'Cannot use the key: it must not hold lone surrogates');
  const { read, written } = encoder.encodeInto(key, bytes.subarray(start, start + KEY_BYTES_MAX));
  if (read < key.length) throw lengthError(encoder.encode(key).length);
  let hash = 0x811c_9dc5;
  for (let index = 0; index < written; index++) hash = Math.imul(hash ^ bytes[start + index]!, 0x0100_0193);
  finish(bytes, start, written, hash);
}

function finish(bytes: Uint8Array, start: number, length: number, hash: number): void {
  for (let index = length; index < padded(length); index++) bytes[start + index] = 0;
  writtenKey.byteLength = length;
  // 30 bits, so that it is a small integer everywhere; the low bits choose the shard, so the high ones are mixed in.
  writtenKey.hash = (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}

function viewsOf(buffer: ArrayBuffer): FrameViews {
  return { words: new Int32Array(buffer), bytes: new Uint8Array(buffer) };
}

function lengthError(length: number): RangeError {
  return rangeError('ERR_QUORATE_KEY', `Cannot use a key of ${length} bytes: it must have 1 to ${KEY_BYTES_MAX}`);
}
