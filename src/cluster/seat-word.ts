// The word of the chair in shared memory: one compare-and-exchange is an election between threads.
import type { SeatWord } from '../replica/chair-seat.ts';
import type { SharedMemory } from '../ring/memory.ts';

/** The word at an index of shared memory. Any thread. */
export function seatWord({ atomics, words }: SharedMemory, index: number): SeatWord {
  return {
    load: () => atomics.load(words, index),
    exchange: (before, after) => atomics.compareExchange(words, index, before, after) === before,
  };
}
