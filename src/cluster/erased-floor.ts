// Up to which tag deletions may have been erased, as a 64-bit word of shared memory.
import { assert } from '../base/assert.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import type { ErasedFloor } from '../replica/environment.ts';

/** The floor at a word (a multiple of 2) of shared memory. Any thread. */
export class SharedErasedFloor implements ErasedFloor {
  readonly #floor: BigUint64Array;

  constructor(buffer: SharedArrayBuffer, word: number) {
    assert(word % 2 === 0, 'A floor of 64 bits lies on an even word');
    this.#floor = new BigUint64Array(buffer, word * 4, 1);
  }

  read(target: MutableBallot): void {
    const floor = Atomics.load(this.#floor, 0);
    target.high = Number(floor >> 32n) | 0;
    target.low = Number(floor & 0xffff_ffffn) | 0;
  }

  raise({ high, low }: Ballot): void {
    const wanted = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    for (let floor = Atomics.load(this.#floor, 0); floor < wanted;) {
      const met = Atomics.compareExchange(this.#floor, 0, floor, wanted);
      if (met === floor) return;
      floor = met; // Somebody else has raised it: to more, or to less.
    }
  }
}
