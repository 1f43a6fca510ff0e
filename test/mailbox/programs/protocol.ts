// What the test of many messages and its two programs share.
import type { MessagePort } from 'node:worker_threads';
import { layout } from '../../../src/mailbox/body-layout.ts';
import type { RingLaneMemory } from '../../../src/mailbox/ring-lane.ts';
import { vocabulary } from '../../../src/mailbox/vocabulary.ts';

/** Type 0: a number; type 1: the same as plain data. */
export const NUMBERS = vocabulary([layout({ n: 'u32' }), 'plain']);

/** Words of the shared notebook. */
export const NOTES = {
  RECEIVED: 0,
  INCARNATION: 1,
  LAST: 2,
  GAPS: 3,
  REPEATS: 4,
  RETURNS: 5,
  SENT: 6,
  WORDS: 8,
} as const;

/** What each program is started with. */
export interface Start {
  readonly memory: RingLaneMemory;
  readonly port: MessagePort;
  readonly owner: number;
  /** Sender: its incarnation. */
  readonly incarnation: number;
  /** Sender: how many messages it sends. */
  readonly count: number;
  readonly notes: SharedArrayBuffer;
}
