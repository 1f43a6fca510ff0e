// The cluster's one source of ballots: a 64-bit counter in shared memory. One atomic add takes the tags of a batch, so
// tags are unique and respect real time across threads. Source: why messages alone cannot do this, Huang, Huang, Wei,
// "Fine-grained Analysis on Fast Implementations of Distributed Multi-writer Atomic Registers" (PODC 2020).
import { assert } from '../base/assert.ts';
import type { MutableBallot } from '../protocol/ballot.ts';
import type { LastTag, TagCounter } from '../replica/environment.ts';

const LOW_WORD = 0xffff_ffffn;

/** The counter at a word (a multiple of 2) of shared memory. Any thread. */
export class SharedTagCounter implements TagCounter, LastTag {
  readonly #counter: BigInt64Array;

  constructor(buffer: SharedArrayBuffer, word: number) {
    assert(word % 2 === 0, 'A 64-bit counter lies on an even word');
    this.#counter = new BigInt64Array(buffer, word * 4, 1);
  }

  take(count: number, first: MutableBallot): void {
    copyTag(Atomics.add(this.#counter, 0, BigInt(count)) + 1n, first); // 0 is no ballot.
  }

  last(target: MutableBallot): void {
    copyTag(Atomics.load(this.#counter, 0), target);
  }

  taken(): number {
    return Number(Atomics.load(this.#counter, 0));
  }

  /** Moves the counter to `next`: for a new cluster, and for tests that start before a wrap. */
  startAt(next: bigint): void {
    Atomics.store(this.#counter, 0, next - 1n);
  }
}

function copyTag(tag: bigint, target: MutableBallot): void {
  target.high = Number(tag >> 32n) | 0;
  target.low = Number(tag & LOW_WORD) | 0;
}
