// The word of the chair: one replica at a time, one term each.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { ChairSeat } from '../../src/replica/chair-seat.ts';
import { seatWord } from '../../src/cluster/seat-word.ts';
import { sharedMemory } from '../../src/ring/memory.ts';
import type { SharedMemory } from '../../src/ring/memory.ts';
import { between } from '../../src/sim/engine/chance.ts';
import { testSeed } from '../support/seed.ts';

function memory(): SharedMemory {
  return sharedMemory(new SharedArrayBuffer(8));
}

describe('A seat', () => {
  it('is free at first, goes to the first who takes it, and to nobody else while that one sits there', () => {
    const seat = new ChairSeat(seatWord(memory(), 1));
    expect(seat.chair).toBeUndefined();
    expect(seat.take(2)).toBe(1);
    expect(seat.take(0)).toBe(0);
    expect(seat.take(2)).toBe(0);
    expect(seat.chair).toEqual({ replica: 2, term: 1 });
  });

  it('is freed of the replica whose thread has exited, and of no other', () => {
    const seat = new ChairSeat(seatWord(memory(), 0));
    seat.take(1);
    expect(seat.vacate(0)).toBe(false);
    expect(seat.isHeld({ replica: 1, term: 1 })).toBe(true);
    expect(seat.vacate(1)).toBe(true);
    expect([seat.chair, seat.isHeld({ replica: 1, term: 1 })]).toEqual([undefined, false]);
    expect(seat.take(1)).toBe(2);
    expect(seat.isHeld({ replica: 1, term: 1 }), 'its first term is over').toBe(false);
  });

  it('never has two chairs of one term, whoever takes and leaves it', () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const seat = new ChairSeat(seatWord(memory(), 0));
    let last = 0;
    for (let step = 0; step < 5000; step++) {
      const replica = between(random, 0, 14);
      if (between(random, 0, 1) === 0) seat.vacate(replica);
      const term = seat.take(replica);
      if (term === 0) continue;
      expect(term, `seed ${seed}`).toBe(last + 1);
      expect(seat.chair, `seed ${seed}`).toEqual({ replica, term });
      last = term;
    }
  });

  it('begins again where terms have run out, and skips 0', () => {
    const shared = memory();
    shared.words[0] = -1 & ~15; // The last term, and nobody there.
    const seat = new ChairSeat(seatWord(shared, 0));
    expect(seat.chair).toBeUndefined();
    expect(seat.take(3)).toBe(1);
  });
});
