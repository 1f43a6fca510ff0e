// The shared tag counter as one coordinator uses it: it knows which of the tags it took itself.
import type { MutableBallot } from '../protocol/ballot.ts';
import type { TagCounter } from './environment.ts';

/** A tag counter with a count of what was taken through it. */
export class CountedTags {
  readonly #tags: TagCounter;
  #own = 0;

  constructor(tags: TagCounter) {
    this.#tags = tags;
  }

  /** See {@link TagCounter.take}. */
  take(count: number, first: MutableBallot): void {
    this.#own += count;
    this.#tags.take(count, first);
  }

  /** How many were taken otherwise: while it stays the same, no other coordinator has begun to write. */
  get ofOthers(): number {
    return this.#tags.taken() - this.#own;
  }
}
