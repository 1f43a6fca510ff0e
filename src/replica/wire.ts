// All frames of the register on one page: 32-bit words, then bytes. A frame starts on a multiple of 8.
//
//   request      0       1       2             3       4            5              6..7      8..9    10
//            [ KIND  | SLOT  | GENERATION  | HASH  | KEY_BYTES | VALUE_BYTES | BALLOT  | ROOT  | TAIL_WORDS ]
//            key, value, tail
//   reply        0       1       2             3       4            5              6..7      8..9    10
//            [ KIND  | SLOT  | GENERATION  | EPOCH | VOTED     | VALUE_BYTES | ACCEPTED | ROOT | TAIL_WORDS ]
//            value, tail
//   recover      0       1       2             3                4
//            [ KIND  | EPOCH | CURSOR     | ANSWERER_EPOCH | ROUND ]
//   entry        0       1       2             3       4            5              6..7      8..9      10..11    12
//            [ KIND  | EPOCH | NEXT_CURSOR | HASH  | KEY_BYTES | VALUE_BYTES | ACCEPTED | ROOT | PROMISED | ANSWERER
//              13           14
//              TAIL_WORDS | FROM ] key, value, tail
//   chunk end    0       1       2             3                4       5         6
//            [ KIND  | EPOCH | NEXT_CURSOR | ANSWERER_EPOCH | ROUND | IS_LAST | FROM ]
//
// The KIND of a request, a recover, an entry and a chunk end carries the number of the configuration under which it was
// sent, above its lowest 8 bits: under another one it is void.
//
// FROM is the cursor of the frame before: between the two, entries were removed.
//
// VALUE_BYTES is the length of the value that follows; NO_VALUE is a tombstone or an empty register; BY_REFERENCE says
// that the value lies in shared memory of its own, whose reference number and length follow as two words.
// Keys and values are padded to a multiple of 4, so that what follows starts on a word.
//
// The tail of a reply or entry is the lineage of its value (protocol/lineage.ts), nothing where a blind write made it.
// That of an accept has two words before it: NEXT, the ballot that is to be promised with it, or none. A blind write
// has no tail at all.
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';

/** Lowest bits of a KIND word of a request or of catching up; the others are the number of the configuration. */
export const KIND_BITS = 8;
export const KIND_MASK = 0xff;
/** As much of the number of a configuration as a frame says. */
export const CONFIGURATION_MASK = 0xff_ffff;

export const ACCEPT = 1;
export const READ = 2;
export const PREPARE = 3;
export const RECOVER = 4;
export const READ_REPLY = 5;
export const PROMISE = 6;
export const ENTRY = 7;
export const CHUNK_END = 8;
/** See inquiry.ts. */
export const INQUIRE = 9;
export const INQUIRY_REPLY = 10;
/** See topic-frames.ts. */
export const TOPICS_ASK = 20;
export const TOPICS_NEWS = 21;
export const TOPICS_END = 22;

export const NO_VALUE = -1;
export const BY_REFERENCE = -2;
/** Bytes that a reference takes in a frame: its number and the length of what it names. */
export const REFERENCE_BYTES = 8;
/** Words before the lineage in the tail of an accept: the ballot that is to be promised. */
export const NEXT_WORDS = 2;

export const REQUEST = {
  KIND: 0,
  SLOT: 1,
  GENERATION: 2,
  HASH: 3,
  KEY_BYTES: 4,
  VALUE_BYTES: 5,
  BALLOT: 6,
  ROOT: 8,
  TAIL_WORDS: 10,
  BYTES: 44,
} as const;

export const REPLY = {
  KIND: 0,
  SLOT: 1,
  GENERATION: 2,
  EPOCH: 3,
  VOTED: 4,
  VALUE_BYTES: 5,
  ACCEPTED: 6,
  ROOT: 8,
  TAIL_WORDS: 10,
  BYTES: 44,
} as const;

export const CATCH_UP = {
  KIND: 0,
  EPOCH: 1,
  CURSOR: 2,
  ANSWERER_EPOCH: 3,
  ROUND: 4,
  IS_LAST: 5,
  HASH: 3,
  KEY_BYTES: 4,
  VALUE_BYTES: 5,
  ACCEPTED: 6,
  ROOT: 8,
  PROMISED: 10,
  ENTRY_ANSWERER_EPOCH: 12,
  TAIL_WORDS: 13,
  ENTRY_FROM: 14,
  CHUNK_FROM: 6,
  REQUEST_BYTES: 20,
  CHUNK_END_BYTES: 28,
  ENTRY_BYTES: 60,
} as const;

export const TOPIC_FRAME = { KIND: 0, EPOCH: 1, VALUE_BYTES: 2, BYTES: 12 } as const;

/** Where a frame is written or read: both views of one buffer. */
export interface FrameViews {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/** Bytes that a value takes in a frame, by its VALUE_BYTES word. */
export function valueBytesInFrame(valueBytes: number): number {
  if (valueBytes === BY_REFERENCE) return REFERENCE_BYTES;
  return valueBytes === NO_VALUE ? 0 : valueBytes;
}

/** The next multiple of 4: where a value starts behind a key. */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** Writes a ballot at a word. */
export function writeBallot(words: Int32Array, at: number, ballot: Ballot): void {
  words[at] = ballot.high;
  words[at + 1] = ballot.low;
}

/** Reads a ballot from a word into `target`. */
export function readBallot(words: Int32Array, at: number, target: MutableBallot): void {
  target.high = words[at]!;
  target.low = words[at + 1]!;
}

/**
 * Copies bytes between views; both offsets are multiples of 4. The tail of the last word is copied too, which is
 * padding. Short frames are copied word by word: below about 64 words that beats a call into the runtime.
 */
export function copyWords(
  from: FrameViews,
  fromByte: number,
  to: FrameViews,
  toByte: number,
  byteLength: number,
): void {
  const count = (byteLength + 3) >> 2;
  const source = from.words;
  const target = to.words;
  const start = fromByte >> 2;
  const end = toByte >> 2;
  if (count > 64) {
    target.set(source.subarray(start, start + count), end);
    return;
  }
  for (let index = 0; index < count; index++) target[end + index] = source[start + index]!;
}
