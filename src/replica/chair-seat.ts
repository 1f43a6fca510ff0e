// The chair: one replica that does the housekeeping. Its seat is one word of shared memory, [ TERM | REPLICA + 1 ], the
// lower four bits for the replica, 0 while nobody sits there. One compare-and-exchange is an election between threads:
// of those that find the seat free one gets it, in a term that nobody had before. The supervisor frees the seat when it
// has seen the thread of the chair exit, so that of two threads never both believe to sit there.
import { assert } from '../base/assert.ts';
import { REPLICAS_MAX } from '../base/limits.ts';

const REPLICA_BITS = 4;
const REPLICA_MASK: number = (1 << REPLICA_BITS) - 1;

/** Who does the housekeeping. */
export interface Chair {
  readonly replica: number;
  /** Counts chairs, from 1: no two had the same. It starts again after 2^28 of them. */
  readonly term: number;
}

/** The word that all threads see. */
export interface SeatWord {
  load(): number;
  /** Writes `after` in place of `before`, in one step. @returns whether it did: else another word stood there. */
  exchange(before: number, after: number): boolean;
}

/** The seat of a cluster. Any thread. */
export class ChairSeat {
  readonly #word: SeatWord;

  constructor(word: SeatWord) {
    assert(REPLICAS_MAX <= REPLICA_MASK, 'Every replica has a number in the word of the chair');
    this.#word = word;
  }

  /** Who sits there; `undefined` while nobody does. */
  get chair(): Chair | undefined {
    const word = this.#word.load();
    const place = word & REPLICA_MASK;
    return place === 0 ? undefined : { replica: place - 1, term: word >>> REPLICA_BITS };
  }

  /** Takes the seat where it is free. @returns the term, or 0 where somebody sits there. */
  take(replica: number): number {
    const word = this.#word.load();
    if ((word & REPLICA_MASK) !== 0) return 0;
    const term = nextTerm(word >>> REPLICA_BITS);
    return this.#word.exchange(word, (term << REPLICA_BITS) | (replica + 1)) ? term : 0;
  }

  /** Whether a replica still sits there in a term. */
  isHeld({ replica, term }: Chair): boolean {
    return this.#word.load() === ((term << REPLICA_BITS) | (replica + 1));
  }

  /** Frees the seat of a replica whose thread has exited; the supervisor. @returns whether it sat there. */
  vacate(replica: number): boolean {
    const word = this.#word.load();
    return (word & REPLICA_MASK) === replica + 1 && this.#word.exchange(word, word & ~REPLICA_MASK);
  }
}

function nextTerm(term: number): number {
  const next = (term + 1) & (-1 >>> REPLICA_BITS);
  return next === 0 ? 1 : next;
}
