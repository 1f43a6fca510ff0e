// What the rings have in common: the header of a frame, who owns an end, and who waits for room.
import { assert } from '../base/assert.ts';
import { QuorateError, integerOption, rangeError } from '../base/errors.ts';
import { RING_BYTES_MAX, RING_BYTES_MIN } from '../base/limits.ts';
import { FRAME_HEADER_BYTES, FRAME_SEAL, RING } from './layout.ts';
import type { SharedMemory } from './memory.ts';

// Copies of imports for the path of a frame: see frame-producer.ts.
const HEADER_BYTES = FRAME_HEADER_BYTES;
const SEAL = FRAME_SEAL;

/** Bytes that a frame takes in a ring. */
export function frameTotal(payloadBytes: number): number {
  return (payloadBytes + HEADER_BYTES + 7) & ~7;
}

/**
 * Length of the payload of the frame whose header is at word `index`, in a ring of which `unread` bytes are unread; -1
 * when it is damaged.
 */
export function readHeader(words: Int32Array, index: number, unread: number): number {
  const length = words[index]!;
  const isSealed = words[index + 1] === (length ^ SEAL);
  // Unsigned, so that a negative length is a huge one. `unread` is a multiple of 8: what fits unpadded fits padded.
  return isSealed && length >>> 0 <= unread - HEADER_BYTES ? length : -1;
}

/** Whether a ring can have this many bytes between two of its indices. */
export function isSpan(bytes: number, capacity: number): boolean {
  return bytes >>> 0 <= capacity && (bytes & 7) === 0;
}

/** Writes the words that all rings have into memory that nobody uses; indices start at `start`. */
export function initialiseWords({ words }: SharedMemory, magic: number, capacityBytes: number, start: number): void {
  assert((start & 7) === 0, 'Indices are multiples of 8');
  words[RING.CAPACITY] = capacityBytes;
  words[RING.FRAME_BYTES_MAX] = capacityBytes - FRAME_HEADER_BYTES;
  words[RING.TAIL] = words[RING.HEAD] = words[RING.IN_HAND] = start | 0;
  words[RING.MAGIC] = magic;
}

/** @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` unless the capacity is a power of two from 64 to 2^28. */
export function checkCapacity(capacityBytes: number): void {
  integerOption('ring capacity', capacityBytes, { min: RING_BYTES_MIN, max: RING_BYTES_MAX });
  if ((capacityBytes & (capacityBytes - 1)) === 0) return;
  throw rangeError(
    'ERR_QUORATE_INVALID_ARGUMENT',
    `Cannot use ring capacity ${capacityBytes}: it must be a power of 2`,
  );
}

/** Asserts that the memory holds a ring of this kind, whose data begin at `dataByte`. */
export function assertRing({ words, bytes }: SharedMemory, magic: number, dataByte: number): void {
  const capacity = words[RING.CAPACITY]!;
  assert(words[RING.MAGIC] === magic, 'The memory holds a ring of this kind');
  assert(capacity > 0 && (capacity & (capacity - 1)) === 0, 'A capacity is a power of 2');
  assert(bytes.byteLength >= dataByte + 2 * capacity, 'The memory holds all of the ring');
}

/** One end of a ring, and who takes it. */
export interface OwnerClaim {
  readonly word: number;
  readonly owner: number;
  readonly side: string;
}

/** @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when somebody else holds the end. */
export function claimOwner({ words, atomics }: SharedMemory, { word, owner, side }: OwnerClaim): void {
  assert(owner !== 0, 'An owner is a number other than 0');
  const present = atomics.compareExchange(words, word, 0, owner);
  if (present === 0) return;
  throw new QuorateError('ERR_QUORATE_RING_OWNED', `Cannot attach ${side} ${owner}: ${present} is attached`, {
    fields: { side, owner, present },
  });
}

/**
 * Whether a ring whose reader is at `gate` now has the room that its producer waits for: then that is to be woken.
 * Call it after the store that freed the room, so that either this sees the wish or the producer sees the room.
 */
export function takeWantRoom({ words, atomics }: SharedMemory, gate: number): boolean {
  const wanted = atomics.load(words, RING.WANT_ROOM);
  if (wanted === 0) return false;
  const used = (atomics.load(words, RING.TAIL) - gate) | 0;
  if (words[RING.CAPACITY]! - used < wanted) return false;
  return atomics.exchange(words, RING.WANT_ROOM, 0) !== 0;
}

/** Marks the ring as damaged. @returns the error to throw. */
export function quarantine({ words, atomics }: SharedMemory, cursor: number): QuorateError {
  atomics.store(words, RING.QUARANTINED, 1);
  const fields = { cursor, tail: atomics.load(words, RING.TAIL) };
  return new QuorateError('ERR_QUORATE_FRAME', `Cannot read the frame at ${cursor}: the ring is damaged`, { fields });
}
