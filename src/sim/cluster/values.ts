// The values that simulated clients write: each follows from its number, so that every byte of what is read can be held
// against what was written. Some are text, since production encodes that in its own way.
import { INLINE_BYTES_MAX } from '../../base/limits.ts';
import { decodeValue } from '../../base/value-codec.ts';

/** The value of a number that a change has made of another: text that tells both. */
export function changedValue(number: number, before: number): string {
  return `${number}<${before}`;
}

/** What a change found, by the value that it has written. */
export function numberBefore(value: unknown): number {
  return typeof value === 'string' ? Number.parseInt(value.slice(value.indexOf('<') + 1), 10) : 0;
}

/** What was read: its number, and what is wrong with the rest of it. */
export interface SeenValue {
  readonly number: number;
  readonly corruption: string | undefined;
}

const CHANGED = /^\d+<\d+$/;

/** Most parts of a value besides its number. */
const PARTS_MAX = 15;

/** The value of a number: text or bytes, up to 64 of them; a large one is bytes that travel by reference. */
export function valueOf(number: number, isLarge: boolean): Uint8Array | string {
  const parts = Math.imul(number, 0x9e37) & PARTS_MAX;
  if (isLarge) return bytesOf(number, INLINE_BYTES_MAX + 4 * parts);
  return (number & 3) === 0 ? `${number}${'.'.repeat(4 * parts)}` : bytesOf(number, 4 + 4 * parts);
}

/** The number of a value that was read, and whether all of it is as it was written. */
export function seenValue(value: unknown): SeenValue {
  const number = numberOf(value);
  if (typeof value === 'string' && CHANGED.test(value)) return { number, corruption: undefined };
  const isLarge = value instanceof Uint8Array && value.length >= INLINE_BYTES_MAX;
  return { number, corruption: differenceOf(value, valueOf(number, isLarge), `v${number}`) };
}

/** The number of a value as a frame or an entry holds it, for those who look into them. */
export function encodedNumber(bytes: Uint8Array, start: number, byteLength: number): number {
  return numberOf(decodeValue(bytes, start, byteLength));
}

function bytesOf(number: number, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  for (let index = 0; index < 4; index++) bytes[index] = number >>> (8 * index);
  for (let index = 4; index < byteLength; index++) bytes[index] = number + index;
  return bytes;
}

/** 0, which nobody writes, for what is no value of ours. */
function numberOf(value: unknown): number {
  if (typeof value === 'string') return Number.parseInt(value, 10) || 0;
  if (!(value instanceof Uint8Array) || value.length < 4) return 0;
  return value[0]! | (value[1]! << 8) | (value[2]! << 16) | (value[3]! << 24);
}

function differenceOf(value: unknown, written: Uint8Array | string, name: string): string | undefined {
  if (typeof written === 'string' || !(value instanceof Uint8Array)) {
    return value === written ? undefined : `${name} is ${String(value)}, which nobody wrote`;
  }
  if (value.length !== written.length) return `${name} has ${value.length} bytes, written were ${written.length}`;
  for (let index = 4; index < written.length; index++) {
    if (value[index] !== written[index]) return `Byte ${index} of ${name} is not what was written`;
  }
  return undefined;
}
