// Votes that follow from their generation and voter, so that a torn pair of words shows.
import { GRANTED, REFUSED } from '../../src/ring/tally-board.ts';
import type { Vote } from '../../src/ring/tally-board.ts';

export function voteFor(generation: number): Vote {
  return (generation & 1) === 0 ? GRANTED : REFUSED;
}

/** From 1 to 2^29 - 1. */
export function epochFor(generation: number, voter: number): number {
  return 1 + ((Math.imul(generation, 31) + voter) % 0x1fff_fff0);
}
