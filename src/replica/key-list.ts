// The inquiry LIST: which keys a replica holds, in order, a few at a time.
//
//   question words  [ PREFIX_BYTES | FLAGS | LIMIT ]    text: the key to begin at, whose first bytes are the prefix
//   answer          [ STATE | COUNT ], then for each key [ KEY_BYTES | FLAGS | ACCEPTED (2) | VERSION (2) ] key, padded
//
// Deleted keys are listed too, and say so: a deletion that only this replica has may not have happened yet, and then
// the key has a value still. So are those of which it has only promised something, with no ballot: that is rare, and
// nothing has to be passed over.
import { INQUIRY_BYTES_MAX } from '../base/limits.ts';
import { mutableBallot } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import { readVersion } from '../protocol/lineage.ts';
import type { Holdings, Question } from './answerer.ts';
import { LIST } from './inquiry.ts';
import type { Inquiry } from './inquiry.ts';
import { readKey } from './key-bytes.ts';
import type { Place } from './key-order.ts';
import type { Entry } from './key-table.ts';
import { NO_VALUE, padded, readBallot, writeBallot } from './wire.ts';
import type { FrameViews } from './wire.ts';

const STATE = { UNREADY: 0, CUT: 1, END: 2 } as const;
const HEADER_WORDS = 2;
const ENTRY_WORDS = 6;
const IS_DELETED = 1;
const IS_VOTED = 2;
const IS_AFTER = 1;
const LEAVES_BUCKETS_OUT = 2;
/** Keys of buckets begin with the first byte, those of topics with the second; what is behind both. See bucket.ts. */
const BUCKET_MARK = 1;
const TOPIC_MARK = 2;
const BEHIND_BUCKETS: Place = { words: Int32Array.of(3), start: 0, byteLength: 1, isAfter: false };

/** Which keys are asked for. */
export interface KeyRange {
  /** What they begin with. */
  readonly prefix: string;
  /** The key that they come after, which begins with the prefix; `undefined` for all. */
  readonly after: string | undefined;
  /** Whether keys of buckets and topics are left out, although they begin so. */
  readonly leavesBucketsOut: boolean;
}

/** A key as a replica lists it. */
export interface ListedKey {
  readonly key: string;
  /** None where the replica has accepted nothing. */
  readonly accepted: Ballot;
  /** Under which readers see it, once it is decided. */
  readonly version: Ballot;
  readonly isDeleted: boolean;
  /** Whether this incarnation voted for the entry. */
  readonly isVoted: boolean;
}

/** What a replica lists. */
export interface KeyList {
  readonly keys: readonly ListedKey[];
  /** Whether there are no more. */
  readonly isEnd: boolean;
}

const encoder = new TextEncoder();
const scratch = mutableBallot();

/** Asks a replica for at most `limit` keys of a range. */
export function listInquiry(replica: number, { prefix, after, leavesBucketsOut }: KeyRange, limit: number): Inquiry {
  const flags = (after === undefined ? 0 : IS_AFTER) | (leavesBucketsOut ? LEAVES_BUCKETS_OUT : 0);
  const words = [encoder.encode(prefix).length, flags, limit];
  return { replica, subject: LIST, text: after ?? prefix, words };
}

/** What a replica has answered; `undefined` while its keys are not in order yet: then ask again. */
export function readKeyList(payload: FrameViews): KeyList | undefined {
  const { words } = payload;
  if (words[0] === STATE.UNREADY) return undefined;
  const keys: ListedKey[] = [];
  let at = HEADER_WORDS;
  for (let count = words[1]!; count > 0; count--) {
    const keyBytes = words[at]!;
    const flags = words[at + 1]!;
    const accepted = { high: 0, low: 0 };
    readBallot(words, at + 2, accepted);
    const version = mutableBallot();
    readBallot(words, at + 4, version);
    const key = readKey(payload, 4 * (at + ENTRY_WORDS), keyBytes);
    keys.push({ key, accepted, version, isDeleted: (flags & IS_DELETED) !== 0, isVoted: (flags & IS_VOTED) !== 0 });
    at += ENTRY_WORDS + (padded(keyBytes) >> 2);
  }
  return { keys, isEnd: words[0] === STATE.END };
}

/** Answers LIST. */
export function answerList({ table, rules }: Holdings, question: Question, answer: FrameViews): number {
  const { words } = answer;
  const order = table.inOrder();
  words[0] = STATE.UNREADY;
  words[1] = 0;
  if (order === undefined) return 4 * HEADER_WORDS;
  const { frame, wordsStart, textStart, textBytes } = question;
  const [prefixBytes, flags, limit] = frame.words.subarray(wordsStart, wordsStart + 3);
  const prefix = frame.bytes.subarray(textStart, textStart + prefixBytes!);
  const leavesBucketsOut = (flags! & LEAVES_BUCKETS_OUT) !== 0;
  let end = HEADER_WORDS;
  words[0] = STATE.END;
  let place: Place = {
    words: frame.words,
    start: textStart >> 2,
    byteLength: textBytes,
    isAfter: (flags! & IS_AFTER) !== 0,
  };
  for (let isThrough = false; !isThrough;) {
    isThrough = true;
    for (const entry of order.from(place)) {
      if (!beginsWith(entry, prefix)) break;
      if (leavesBucketsOut && isOfBucket(entry)) {
        place = BEHIND_BUCKETS;
        isThrough = false;
        break;
      }
      if (entry.valueBytes === NO_VALUE && !rules.listsDeleted) continue;
      const next = end + ENTRY_WORDS + entry.key.length;
      if (words[1] === limit || 4 * next > INQUIRY_BYTES_MAX) {
        words[0] = STATE.CUT;
        break;
      }
      writeEntry(entry, words, end);
      words[1]++;
      end = next;
    }
  }
  return 4 * end;
}

function writeEntry(entry: Entry, words: Int32Array, at: number): void {
  const { key, keyBytes, register, lineage, valueBytes } = entry;
  words[at] = keyBytes;
  words[at + 1] = (valueBytes === NO_VALUE ? IS_DELETED : 0) | (register.isVoted ? IS_VOTED : 0);
  writeBallot(words, at + 2, register.accepted);
  readVersion({ words: lineage, length: lineage.length }, register.root, scratch);
  writeBallot(words, at + 4, scratch);
  words.set(key, at + ENTRY_WORDS);
}

/** Whether a key is one of a bucket, or of a topic. */
export function isOfBucket(entry: Entry): boolean {
  const [first] = bytesOf(entry);
  return first === BUCKET_MARK || first === TOPIC_MARK;
}

/** Whether a key begins with these bytes. */
export function beginsWith(entry: Entry, prefix: Uint8Array): boolean {
  if (entry.keyBytes < prefix.length) return false;
  const bytes = bytesOf(entry);
  return prefix.every((byte, index) => bytes[index] === byte);
}

function bytesOf({ key, keyBytes }: Entry): Uint8Array {
  return new Uint8Array(key.buffer, key.byteOffset, keyBytes);
}
