// Votes for whatever generation of the slots is announced, for ever; `isTorn` votes as no voter may.
import { workerData } from 'node:worker_threads';
import { TALLY } from '../../../src/ring/layout.ts';
import { sharedMemory } from '../../../src/ring/memory.ts';
import { TallyBoard } from '../../../src/ring/tally-board.ts';
import { epochFor, voteFor } from '../votes.ts';

interface Work {
  readonly buffer: SharedArrayBuffer;
  /** The generation that each slot is open for. */
  readonly announced: Int32Array;
  readonly voter: number;
  readonly isTorn: boolean;
}
const { buffer, announced, voter, isTorn }: Work = workerData;
const memory = sharedMemory(buffer);
const board = new TallyBoard(memory);
const stride = memory.words[TALLY.STRIDE]!;
const records = memory.words.length - board.slots * stride;
for (let slot = 0; ; slot = (slot + 1) % announced.length) {
  const generation = Atomics.load(announced, slot);
  if (generation === 0) continue;
  if (isTorn) Atomics.store(memory.words, records + slot * stride + TALLY.RECORD.VOTES + 2 * voter, generation);
  board.vote(slot, generation, voter, voteFor(generation), epochFor(generation, voter));
}
