import { layout } from '../../../src/mailbox/body-layout.ts';
import { vocabulary } from '../../../src/mailbox/vocabulary.ts';
import type { Vocabulary } from '../../../src/mailbox/vocabulary.ts';

/** One type: 32 bytes. */
export const FOUR_NUMBERS: Vocabulary = vocabulary([layout({ a: 'f64', b: 'f64', c: 'f64', d: 'f64' })]);

/** The control words beside the lane. */
export const MAILBOX_WORDS = {
  /** Messages to take in this pass, 0 between passes. */
  PASS: 0,
  /** The sum of all fields taken in the pass. */
  SUM: 1,
  ALL: 16,
} as const;
