// Inquiries: what a client asks one replica that is no operation on a register, such as which keys it holds. One has
// all that operations have: a slot, a vote, room kept for its answer, asking again, a deadline.
//
//   question     0       1       2             3          4             5              6..10
//            [ KIND  | SLOT  | GENERATION  | SUBJECT | TEXT_BYTES | WORDS_BYTES | unused ] text, words
//   answer       0       1       2             3       4     5                6..10
//            [ KIND  | SLOT  | GENERATION  | EPOCH | 1   | PAYLOAD_BYTES | 0 ] payload
//
// Both are laid out as requests and replies are (wire.ts), so that what carries those carries these. What the words of
// a question and the payload of its answer mean, its subject says. A vote that grants comes with the answer; one that
// refuses says that the replica does not know the subject.
import { assert } from '../base/assert.ts';
import { lowestBitIndex } from '../base/bits.ts';
import { INQUIRY_BYTES_MAX, KEY_BYTES_MAX } from '../base/limits.ts';
import { REFUSED, unpackVote } from './environment.ts';
import type { Epochs, VoteBoard } from './environment.ts';
import type { Operation } from './operation.ts';
import { REPLY, REQUEST, padded } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** How many keys the replica holds. Answer: [ KEYS ]. */
export const SIZE = 1;
/** Which keys it holds: see key-list.ts. */
export const LIST = 2;
/** What it has stored of late: see journal-inquiry.ts. */
export const JOURNAL = 3;
/** What the replica holds, in digests and in detail: see digest-inquiries.ts. */
export const NODE_DIGESTS = 16;
export const LEAF_DIGESTS = 17;
export const LEAF_ENTRIES = 18;
/** Which deletions may be erased, and to erase them: see erasing.ts. */
export const DELETIONS = 10;
export const ERASE = 11;
/** Which values have expired: see expired-keys.ts. */
export const EXPIRED = 12;

/** What is asked, and of whom. */
export interface Inquiry {
  readonly replica: number;
  /** One of the above. */
  readonly subject: number;
  /** A key, or the beginning of one, of at most KEY_BYTES_MAX in UTF-8; default empty. */
  readonly text?: string;
  /** Numbers, each a signed 32-bit word; default none. */
  readonly words?: ArrayLike<number>;
}

/** Room for the answer of an inquiry in a reply ring: its frame, and what the ring adds to that. */
export const INQUIRY_REPLY_BYTES: number = REPLY.BYTES + INQUIRY_BYTES_MAX + 24;

const encoder = new TextEncoder();

/** Makes a fresh operation an inquiry. */
export function writeInquiry(operation: Operation, { replica, subject, text = '', words = [] }: Inquiry): void {
  const { request } = operation;
  const wordsBytes = 4 * words.length;
  assert(wordsBytes <= INQUIRY_BYTES_MAX, 'A question is no longer than an answer');
  request.reserve(REQUEST.BYTES + padded(KEY_BYTES_MAX) + wordsBytes, 0);
  const { read, written } = encoder.encodeInto(
    text,
    request.bytes.subarray(REQUEST.BYTES, REQUEST.BYTES + KEY_BYTES_MAX),
  );
  assert(read === text.length, 'The text of a question is no longer than a key');
  request.bytes.fill(0, REQUEST.BYTES + written, REQUEST.BYTES + padded(written)); // As keys are padded.
  request.words[REQUEST.HASH] = subject;
  request.words[REQUEST.KEY_BYTES] = written;
  const start = (REQUEST.BYTES + padded(written)) >> 2;
  for (let index = 0; index < words.length; index++) request.words[start + index] = words[index]!;
  operation.kind = 'inquiry';
  operation.keyBytes = written;
  operation.valueBytes = wordsBytes;
  operation.asked = 1 << replica;
}

/** What an inquiry has come to, once the answers of the dead are dropped; `undefined` while there is none. */
export function judgeInquiry(
  { answers, asked, slot }: Operation,
  board: VoteBoard,
  epochs: Epochs,
): 'ok' | 'unavailable' | undefined {
  if (answers > 0) return 'ok';
  const replica = lowestBitIndex(asked);
  const { vote, epoch } = unpackVote(board.voteOf(slot, replica));
  // A successor may know what its predecessor did not.
  return vote === REFUSED && epoch === epochs.epochOf(replica) ? 'unavailable' : undefined;
}

/** What has been answered, valid until the operation is released. */
export interface InquiryAnswer {
  /** The replica's, when it answered. */
  readonly epoch: number;
  readonly payload: FrameViews;
  readonly payloadBytes: number;
}

/** The answer to an inquiry that ended as `ok`. */
export function inquiryAnswer({ asked, epochs, newest }: Operation): InquiryAnswer {
  return { epoch: epochs[lowestBitIndex(asked)]!, payload: newest.value, payloadBytes: newest.valueBytes };
}
