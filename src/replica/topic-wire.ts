// What travels between a proposer and a voter: the words of an inquiry and of its answer.
//
//   question   [ PLACE | BALLOT high, low | VALUE_BYTES | EPOCH ] value
//   answer     [ STANCE | PLACE | BALLOT high, low | REASON_BYTES ] reason
//
// The value of a question is what is judged or told (see Proposed and Told); the text beside it is the topic's name.
// EPOCH is the incarnation that is asked, 0 where any is: what one died of is not asked of the next by itself.
// PLACE in an answer is how many decisions the voter has applied, or, where it knows the proposal's id, its place.
import { rangeError } from '../base/errors.ts';
import { INQUIRY_BYTES_MAX, REASON_LENGTH_MAX } from '../base/limits.ts';
import { ValueEncoder, decodeValue } from '../base/value-codec.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Stance } from '../protocol/poll.ts';
import { readKey } from './key-bytes.ts';
import type { Question } from './answerer.ts';
import type { InquiryAnswer } from './inquiry.ts';
import type { FrameViews } from './wire.ts';

/** Subjects of inquiries, beside those of inquiry.ts: judge a proposal; take note of a decision. */
export const JUDGE = 32;
export const TELL = 33;

/** What is judged. */
export interface Proposed {
  readonly id: string;
  readonly payload: unknown;
  readonly proposer: number;
}

/** What is told of a decision: all that voters apply. */
export interface Told extends Proposed {
  readonly place: number;
  readonly outcome: 'commit' | 'abort';
}

/**
 * What a voter answers: its vote; or that it cannot judge, because it lacks decisions before that place, has one at it,
 * knows one of this proposal, or is not the incarnation that was asked; or, to a decision that it was told, that it has
 * applied it.
 */
export type Answered = Stance | 'behind' | 'ahead' | 'decided' | 'applied' | 'unknown-topic' | 'successor';

const ANSWERS: readonly Answered[] = [
  'yes',
  'no',
  'abstain',
  'behind',
  'ahead',
  'decided',
  'applied',
  'unknown-topic',
  'successor',
];

/** An answer of a voter. */
export interface VoterAnswer {
  readonly stance: Answered;
  readonly place: number;
  readonly reason?: string | undefined;
}

const QUESTION_WORDS = 5;
const EPOCH_WORD = 4;
const ANSWER_WORDS = 5;

const encoder = new ValueEncoder();

/**
 * The words of a question.
 *
 * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE`, or {RangeError} `ERR_QUORATE_VALUE_TOO_LARGE` where `value` is
 *   longer than `bytesMax` (default: than an inquiry holds).
 */
export function questionWords(
  { place, ballot }: { readonly place: number; readonly ballot: Ballot },
  value: Proposed | Told,
  bytesMax: number = INQUIRY_BYTES_MAX - 4 * QUESTION_WORDS,
): Int32Array {
  const byteLength = encoder.encode(value);
  if (byteLength > bytesMax) {
    const message = `Cannot propose ${byteLength} bytes: payload and id may have ${bytesMax}`;
    throw rangeError('ERR_QUORATE_VALUE_TOO_LARGE', message);
  }
  const words = new Int32Array(QUESTION_WORDS + Math.ceil(byteLength / 4));
  words.set([place, ballot.high, ballot.low, byteLength]);
  new Uint8Array(words.buffer).set(encoder.bytes.subarray(0, byteLength), 4 * QUESTION_WORDS);
  return words;
}

/** Addresses the words of a question to one incarnation. */
export function addressTo(words: Int32Array, epoch: number): void {
  words[EPOCH_WORD] = epoch;
}

/** A question as the voter reads it. */
export interface TopicQuestion {
  readonly topic: string;
  readonly place: number;
  readonly ballot: Ballot;
  readonly epoch: number;
  readonly value: unknown;
}

export function readQuestion({ frame, textStart, textBytes, wordsStart }: Question): TopicQuestion {
  const { words } = frame;
  return {
    topic: readKey(frame, textStart, textBytes),
    place: words[wordsStart]!,
    ballot: { high: words[wordsStart + 1]!, low: words[wordsStart + 2]! },
    epoch: words[wordsStart + EPOCH_WORD]!,
    value: decodeValue(frame.bytes, 4 * (wordsStart + QUESTION_WORDS), words[wordsStart + 3]!),
  };
}

/** Writes an answer. @returns its length in bytes. */
export function writeAnswer(to: FrameViews, ballot: Ballot, { stance, place, reason = '' }: VoterAnswer): number {
  const reasonBytes = encoder.encode(reason.slice(0, REASON_LENGTH_MAX).toWellFormed());
  to.words.set([ANSWERS.indexOf(stance), place, ballot.high, ballot.low, reasonBytes]);
  to.bytes.set(encoder.bytes.subarray(0, reasonBytes), 4 * ANSWER_WORDS);
  return 4 * ANSWER_WORDS + reasonBytes;
}

/** An answer as the proposer reads it. */
export interface HeardAnswer extends VoterAnswer {
  readonly epoch: number;
  readonly ballot: Ballot;
}

export function readAnswer({ epoch, payload: { words, bytes } }: InquiryAnswer): HeardAnswer {
  const reason = decodeValue(bytes, 4 * ANSWER_WORDS, words[4]!);
  return {
    epoch,
    stance: ANSWERS[words[0]!]!,
    place: words[1]!,
    ballot: { high: words[2]!, low: words[3]! },
    reason: typeof reason === 'string' && reason !== '' ? reason : undefined,
  };
}
