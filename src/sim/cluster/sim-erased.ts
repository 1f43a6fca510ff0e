// The floor of erased deletions of one simulated cluster: what the shared words do, without shared memory.
import { compareBallots, copyBallot, mutableBallot } from '../../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../../protocol/ballot.ts';
import type { ErasedFloor } from '../../replica/environment.ts';

/** See {@link ErasedFloor}. */
export class SimErased implements ErasedFloor {
  readonly #floor = mutableBallot();

  read(target: MutableBallot): void {
    copyBallot(target, this.#floor);
  }

  raise(floor: Ballot): void {
    if (compareBallots(this.#floor, floor) < 0) copyBallot(this.#floor, floor);
  }
}
