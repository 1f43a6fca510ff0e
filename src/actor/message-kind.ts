// What a receiver does with an envelope: the numbers of its `kind`.
import { vocabulary } from '../mailbox/vocabulary.ts';
import type { Vocabulary } from '../mailbox/vocabulary.ts';

export const KIND = {
  TELL: 0,
  ASK: 1,
  /** The body answers an ask. */
  ANSWER: 2,
  /** The body is what the handler threw. */
  FAILURE: 3,
  /** System messages: stop, after the messages that wait or at once. */
  STOP_DRAINED: 4,
  STOP_NOW: 5,
} as const;

/** What travels back: every answer is plain data, whatever was asked. */
export const ANSWERS: Vocabulary = vocabulary(['plain']);
export const ANSWER_TYPE = 0;
