import { DOORBELL } from '../../../src/ring/layout.ts';

/** The control words beside the ring: the consumer's doorbell, the producer's, and the pass. */
export const RING_WORDS = {
  /** Frames to take in this pass, 0 between passes. */
  PASS: 2 * DOORBELL.WORDS,
  /** The sum of all words taken in the pass. */
  SUM: 2 * DOORBELL.WORDS + 1,
  ALL: 2 * DOORBELL.WORDS + 16,
} as const;
