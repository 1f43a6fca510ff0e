// What a replica does for whoever deletes what has expired (collector.ts): it lists keys whose value has, at a moment
// that it is told. Whether it is the newest value, the change that deletes it finds out.
//
//   expired      question [ CURSOR | MOMENT ]      answer [ NEXT_CURSOR ] ITEM ..
//                           0        1..2        ITEM     [ KEY_BYTES ] key
//
// MOMENT is a double, as two words. NEXT_CURSOR is 0 at the end.
import { INQUIRY_BYTES_MAX } from '../base/limits.ts';
import { LARGE_HEADER_BYTES } from '../base/large-value.ts';
import { readExpiry, readExpiryInWords } from '../base/value-codec.ts';
import type { Holdings, Question } from './answerer.ts';
import { readKey } from './key-bytes.ts';
import type { Entry } from './key-table.ts';
import { sharedValue } from './large-lane.ts';
import { padded } from './wire.ts';
import type { FrameViews } from './wire.ts';

const WORDS_MAX = INQUIRY_BYTES_MAX >> 2;
/** Positions that one question looks at, so that requests do not wait long behind it. */
const LOOKS_MAX = 4096;

const MOMENT = new Float64Array(1);
const WORDS_OF_MOMENT = new Int32Array(MOMENT.buffer);

/** The words of a question for what has expired at `nowMs`. */
export function expiredQuestion(cursor: number, nowMs: number): number[] {
  MOMENT[0] = nowMs;
  return [cursor, WORDS_OF_MOMENT[0]!, WORDS_OF_MOMENT[1]!];
}

/** Answers it. */
export function answerExpired({ table }: Holdings, question: Question, { words }: FrameViews): number {
  const asked = question.frame.words;
  let cursor = asked[question.wordsStart]!;
  WORDS_OF_MOMENT[0] = asked[question.wordsStart + 1]!;
  WORDS_OF_MOMENT[1] = asked[question.wordsStart + 2]!;
  const nowMs = MOMENT[0]!;
  let end = 1;
  const limit = Math.min(table.positions, cursor + LOOKS_MAX);
  for (; cursor < limit; cursor++) {
    const entry = table.at(cursor);
    if (entry === undefined || expiryOfEntry(entry) > nowMs) continue;
    const { key, keyBytes } = entry;
    if (end + 1 + key.length > WORDS_MAX) break;
    words[end] = keyBytes;
    words.set(key, end + 1);
    end += 1 + key.length;
  }
  words[0] = cursor < table.positions ? cursor : 0;
  return 4 * end;
}

/** What an answer lists, and where to go on; `next` is 0 at the end. */
export function readExpired(payload: FrameViews, payloadBytes: number): { next: number; keys: string[] } {
  const keys: string[] = [];
  for (let at = 1; at < payloadBytes >> 2;) {
    const keyBytes = payload.words[at]!;
    keys.push(readKey(payload, 4 * (at + 1), keyBytes));
    at += 1 + (padded(keyBytes) >> 2);
  }
  return { next: payload.words[0]!, keys };
}

function expiryOfEntry({ value, valueBytes, large }: Entry): number {
  if (large === undefined) return readExpiryInWords(value, valueBytes);
  return readExpiry(new Uint8Array(sharedValue(large).buffer), LARGE_HEADER_BYTES);
}
