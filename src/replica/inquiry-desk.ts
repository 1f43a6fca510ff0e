// How a replica answers inquiries: each subject is a function from the question to the words of the answer. An answer
// is made apart and copied into the ring once its length is known, because a claim cannot shrink.
import { INQUIRY_BYTES_MAX } from '../base/limits.ts';
import type { Answerer, Holdings, Question } from './answerer.ts';
import { answerEntries, answerLeaves, answerNodes } from './digest-inquiries.ts';
import { GRANTED, REFUSED } from './environment.ts';
import type { Link, Vote } from './environment.ts';
import { answerDeletions, answerErase } from './erasing.ts';
import { DELETIONS, ERASE, EXPIRED, JOURNAL, LEAF_DIGESTS, LEAF_ENTRIES, LIST, NODE_DIGESTS, SIZE } from './inquiry.ts';
import { answerJournal } from './journal-inquiry.ts';
import { answerExpired } from './expired-keys.ts';
import { answerList } from './key-list.ts';
import { FrameBuffer } from './operation.ts';
import { INQUIRY_REPLY, REPLY, REQUEST, copyWords, padded } from './wire.ts';
import { JUDGE, TELL } from './topic-wire.ts';
import type { FrameViews } from './wire.ts';

/** By subject. */
const ANSWERERS: ReadonlyMap<number, Answerer> = new Map<number, Answerer>([
  [SIZE, answerSize],
  [LIST, answerList],
  [DELETIONS, answerDeletions],
  [ERASE, answerErase],
  [EXPIRED, answerExpired],
  [JOURNAL, answerJournal],
  [NODE_DIGESTS, answerNodes],
  [LEAF_DIGESTS, answerLeaves],
  [LEAF_ENTRIES, answerEntries],
  [JUDGE, ({ topics }, question, answer) => topics?.judge(question, answer) ?? -1],
  [TELL, ({ topics }, question, answer) => topics?.tell(question, answer) ?? -1],
]);

/** Where answers and votes go: a `ClientLane`. */
export interface InquiryLane {
  readonly doors: { readonly link: Link };
  note(slot: number, generation: number, vote: Vote): void;
}

/** The inquiries to one replica. */
export class InquiryDesk {
  readonly #holdings: Holdings;
  readonly #epoch: number;
  /** Scratch; made when somebody asks. */
  #answer: FrameBuffer | undefined;
  #question: Question | undefined;

  constructor(holdings: Holdings, epoch: number) {
    this.#holdings = holdings;
    this.#epoch = epoch;
  }

  /** Answers a question, and grants it. Without room for the answer there is no vote either: it is asked again. */
  receive(lane: InquiryLane, frame: FrameViews, start: number): void {
    const { words } = frame;
    const at = start >> 2;
    const slot = words[at + REQUEST.SLOT]!;
    const generation = words[at + REQUEST.GENERATION]!;
    const answerer = ANSWERERS.get(words[at + REQUEST.HASH]!);
    if (answerer === undefined) return lane.note(slot, generation, REFUSED);
    this.#answer ??= new FrameBuffer(INQUIRY_BYTES_MAX);
    const byteLength = answerer(this.#holdings, this.#questionAt(frame, start), this.#answer);
    const { link } = lane.doors;
    const claimed = byteLength < 0 ? -1 : link.claim(REPLY.BYTES + byteLength);
    if (claimed < 0) return;
    const reply = claimed >> 2;
    link.words.fill(0, reply, reply + REPLY.TAIL_WORDS + 1);
    link.words[reply + REPLY.KIND] = INQUIRY_REPLY;
    link.words[reply + REPLY.SLOT] = slot;
    link.words[reply + REPLY.GENERATION] = generation;
    link.words[reply + REPLY.EPOCH] = this.#epoch;
    link.words[reply + REPLY.VOTED] = 1;
    link.words[reply + REPLY.VALUE_BYTES] = byteLength;
    copyWords(this.#answer, 0, link, claimed + REPLY.BYTES, byteLength);
    link.commit();
    lane.note(slot, generation, GRANTED);
  }

  #questionAt(frame: FrameViews, start: number): Question {
    const { words } = frame;
    const textBytes = words[(start >> 2) + REQUEST.KEY_BYTES]!;
    const textStart = start + REQUEST.BYTES;
    const question = (this.#question ??= { frame, textStart, textBytes, wordsStart: 0, wordCount: 0 });
    question.frame = frame;
    question.textStart = textStart;
    question.textBytes = textBytes;
    question.wordsStart = (textStart + padded(textBytes)) >> 2;
    question.wordCount = words[(start >> 2) + REQUEST.VALUE_BYTES]! >> 2;
    return question;
  }
}

function answerSize({ table }: Holdings, _question: Question, { words }: FrameViews): number {
  words[0] = table.size;
  return 4;
}
