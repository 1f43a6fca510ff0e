// What a replica does for the collector of deletions (collector.ts): it lists what may be erased, and erases. Why that
// is sound is said in protocol/erased.ts.
//
//   deletions    question [ CURSOR | FLOOR ]       answer [ NEXT_CURSOR ] ITEM ..
//   erase        question [ FLOOR ] ITEM ..        answer [ ERASED ]
//   ITEM         0           1      2..3
//              [ KEY_BYTES | HASH | DELETION ] key
//
// DELETION is the ballot of the entry without a value; none is that of a register that holds nothing but a promise.
// NEXT_CURSOR is 0 at the end.
import { INQUIRY_BYTES_MAX } from '../base/limits.ts';
import { NO_BALLOT, compareBallots, copyBallot, isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import { mayErase } from '../protocol/register.ts';
import type { Holdings, Question } from './answerer.ts';
import type { Entry } from './key-table.ts';
import { NO_VALUE, padded, readBallot } from './wire.ts';
import type { FrameViews } from './wire.ts';

const ITEM_WORDS = 4;
const ITEM = { KEY_BYTES: 0, HASH: 1, DELETION: 2, KEY: ITEM_WORDS } as const;
const WORDS_MAX = INQUIRY_BYTES_MAX >> 2;
const FLOOR_WORDS = 2;
/** Positions that one question looks at: about 100 microseconds, so that requests do not wait long behind it. */
const LOOKS_MAX = 4096;

/** A key that may be erased, as its replica lists it. */
export interface Erasable {
  readonly hash: number;
  readonly keyBytes: number;
  readonly key: Int32Array;
  /** None where the replica holds nothing of it but a promise. */
  readonly deletion: Ballot;
}

/** The words of a question for deletions. */
export function listQuestion(cursor: number, floor: Ballot): number[] {
  return [cursor, floor.high, floor.low];
}

/** Answers it. */
export function answerDeletions({ table }: Holdings, question: Question, { words }: FrameViews): number {
  const asked = question.frame.words;
  let cursor = asked[question.wordsStart]!;
  readBallot(asked, question.wordsStart + 1, floor);
  let end = 1;
  const limit = Math.min(table.positions, cursor + LOOKS_MAX);
  for (; cursor < limit; cursor++) {
    const entry = table.at(cursor);
    if (entry === undefined || !isErasable(entry)) continue;
    if (end + itemWords(entry.keyBytes) > WORDS_MAX) break;
    end = writeItem(words, end, { ...entry, deletion: entry.register.accepted });
  }
  words[0] = cursor < table.positions ? cursor : 0;
  return 4 * end;
}

/** What an answer lists, and where to go on; `next` is 0 at the end. */
export function readDeletions(payload: FrameViews, payloadBytes: number): { next: number; items: Erasable[] } {
  const items: Erasable[] = [];
  for (let at = 1; at < payloadBytes >> 2;) {
    const item = readItem(payload.words, at);
    items.push(item);
    at += itemWords(item.keyBytes);
  }
  return { next: payload.words[0]!, items };
}

/** As many of `items` as fit into one question to erase them; the others are left. */
export function eraseQuestion(bound: Ballot, items: Erasable[]): number[] {
  const words = [bound.high, bound.low];
  for (let item = items[0]; item !== undefined; item = items[0]) {
    if (words.length + itemWords(item.keyBytes) > WORDS_MAX) break;
    writeItem(words, words.length, item);
    items.shift();
  }
  return words;
}

/**
 * Answers it. The floor rises first: of a key that is gone, only the floor knows what it had promised. While members
 * change it erases nothing: a newcomer may have taken over what the deletion had overwritten.
 */
export function answerErase(holdings: Holdings, question: Question, answer: FrameViews): number {
  const { table, rules, quorums } = holdings;
  if (!quorums.electorate.isStable && rules.erasesWhenStable) return -1;
  const { words } = question.frame;
  readBallot(words, question.wordsStart, floor);
  if (compareBallots(holdings.floor, floor) < 0) copyBallot(holdings.floor, floor);
  const end = question.wordsStart + question.wordCount;
  let erased = 0;
  for (let at = question.wordsStart + FLOOR_WORDS; at < end;) {
    const keyBytes = words[at + ITEM.KEY_BYTES]!;
    const entry = table.find(words[at + ITEM.HASH]!, question.frame, 4 * (at + ITEM.KEY), keyBytes);
    readBallot(words, at + ITEM.DELETION, deletion);
    if (entry !== undefined && mayErase(entry.register, deletion, floor, rules)) {
      table.remove(entry);
      erased++;
    }
    at += itemWords(keyBytes);
  }
  answer.words[0] = erased;
  return 4;
}

const floor = mutableBallot();
const deletion = mutableBallot();

function isErasable({ valueBytes, register }: Entry): boolean {
  if (valueBytes !== NO_VALUE) return false;
  return compareBallots(register.accepted, floor) <= 0 && compareBallots(register.promised, floor) <= 0;
}

function itemWords(keyBytes: number): number {
  return ITEM_WORDS + (padded(keyBytes) >> 2);
}

function writeItem(words: Int32Array | number[], at: number, item: Erasable): number {
  words[at + ITEM.KEY_BYTES] = item.keyBytes;
  words[at + ITEM.HASH] = item.hash;
  words[at + ITEM.DELETION] = item.deletion.high;
  words[at + ITEM.DELETION + 1] = item.deletion.low;
  for (let index = 0; index < item.key.length; index++) words[at + ITEM.KEY + index] = item.key[index]!;
  return at + itemWords(item.keyBytes);
}

function readItem(words: Int32Array, at: number): Erasable {
  const keyBytes = words[at + ITEM.KEY_BYTES]!;
  const ballot = mutableBallot();
  readBallot(words, at + ITEM.DELETION, ballot);
  return {
    hash: words[at + ITEM.HASH]!,
    keyBytes,
    key: words.slice(at + ITEM.KEY, at + itemWords(keyBytes)),
    deletion: isNone(ballot) ? NO_BALLOT : ballot,
  };
}
