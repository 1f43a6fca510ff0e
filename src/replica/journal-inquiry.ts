// The inquiry JOURNAL: what a replica has stored of late. Who asks from a position that has been overwritten is told
// that there is a gap, and lists the keys anew.
//
//   question words  [ FROM (2) | PREFIX_BYTES | FLAGS ]       text: the prefix; FROM is -1, -1 for "from now on"
//   answer          [ STATE | COUNT | NEXT (2) ], then for each key [ KEY_BYTES | VERSION (2) ] key, padded
//
// An entry is reported as it is when it is asked for: what it was before has been overwritten.
import { INQUIRY_BYTES_MAX, JOURNAL_ENTRIES_PER_ANSWER } from '../base/limits.ts';
import { mutableBallot } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import { readVersion } from '../protocol/lineage.ts';
import type { Holdings, Question } from './answerer.ts';
import { JOURNAL } from './inquiry.ts';
import type { Inquiry } from './inquiry.ts';
import { Journal } from './journal.ts';
import { readKey } from './key-bytes.ts';
import { beginsWith, isOfBucket } from './key-list.ts';
import type { KeyRange } from './key-list.ts';
import type { Entry } from './key-table.ts';
import { padded, readBallot, writeBallot } from './wire.ts';
import type { FrameViews } from './wire.ts';

const STATE = { GAP: 0, MORE: 1, END: 2 } as const;
const HEADER_WORDS = 4;
const ENTRY_WORDS = 3;
const NOW = -1;
const LEAVES_BUCKETS_OUT = 1;
const HALF = 2 ** 32;

/** What a replica tells of its journal. */
export interface JournalPage {
  /** Whether something before `next` was overwritten before it could be told. */
  readonly isGap: boolean;
  readonly keys: readonly { readonly key: string; readonly version: Ballot }[];
  /** Where to go on. */
  readonly next: number;
  /** Whether there is nothing more now. */
  readonly isEnd: boolean;
}

const encoder = new TextEncoder();
const scratch = mutableBallot();

/** Asks what a replica has stored from a position on; `undefined`: from now on. */
export function journalInquiry(replica: number, range: KeyRange, from: number | undefined): Inquiry {
  const { prefix, leavesBucketsOut } = range;
  const high = from === undefined ? NOW : Math.floor(from / HALF);
  const low = from === undefined ? NOW : (from % HALF) | 0;
  const words = [high, low, encoder.encode(prefix).length, leavesBucketsOut ? LEAVES_BUCKETS_OUT : 0];
  return { replica, subject: JOURNAL, text: prefix, words };
}

/** What a replica has answered. */
export function readJournalPage(payload: FrameViews): JournalPage {
  const { words } = payload;
  const next = words[2]! * HALF + (words[3]! >>> 0);
  const keys: { key: string; version: Ballot }[] = [];
  let at = HEADER_WORDS;
  for (let count = words[1]!; count > 0; count--) {
    const keyBytes = words[at]!;
    const version = mutableBallot();
    readBallot(words, at + 1, version);
    keys.push({ key: readKey(payload, 4 * (at + ENTRY_WORDS), keyBytes), version });
    at += ENTRY_WORDS + (padded(keyBytes) >> 2);
  }
  return { isGap: words[0] === STATE.GAP, keys, next, isEnd: words[0] === STATE.END };
}

/** Answers JOURNAL. */
export function answerJournal({ table }: Holdings, question: Question, answer: FrameViews): number {
  const journal = (table.journal ??= new Journal());
  const { frame, wordsStart, textStart } = question;
  const [high, low, prefixBytes, flags] = frame.words.subarray(wordsStart, wordsStart + 4);
  const from = high === NOW ? journal.count : high! * HALF + (low! >>> 0);
  const isGap = !journal.reaches(from);
  const prefix = frame.bytes.subarray(textStart, textStart + prefixBytes!);
  const { words } = answer;
  let end = HEADER_WORDS;
  let next = isGap ? journal.count : from;
  words[1] = 0;
  const limit = Math.min(journal.count, next + JOURNAL_ENTRIES_PER_ANSWER);
  for (; next < limit; next++) {
    const entry = journal.at(next);
    if (!beginsWith(entry, prefix) || (flags === LEAVES_BUCKETS_OUT && isOfBucket(entry))) continue;
    if (4 * (end + ENTRY_WORDS + entry.key.length) > INQUIRY_BYTES_MAX) break;
    end = writeEntry(entry, words, end);
    words[1]++;
  }
  words[0] = isGap ? STATE.GAP : next === journal.count ? STATE.END : STATE.MORE;
  words[2] = Math.floor(next / HALF);
  words[3] = (next % HALF) | 0;
  return 4 * end;
}

function writeEntry(entry: Entry, words: Int32Array, at: number): number {
  words[at] = entry.keyBytes;
  const { lineage, register } = entry;
  readVersion({ words: lineage, length: lineage.length }, register.root, scratch);
  writeBallot(words, at + 1, scratch);
  words.set(entry.key, at + ENTRY_WORDS);
  return at + ENTRY_WORDS + entry.key.length;
}
