// The set of states that a search has met, as 64-bit fingerprints in typed arrays: 16 bytes a state at most, where a
// JavaScript Set of texts takes hundreds and ends at 2^24 members.
//
// Two states with one fingerprint are taken for one, so that the second is not searched. Among n states that happens
// with a probability below n^2 / 2^65: 1 in 131,000 for 2^24 states. Source: Stern and Dill, "Improved probabilistic
// verification by hash compaction" (CHARME 1995).
import { assert } from '../../base/assert.ts';

const FIRST_SLOTS = 1 << 12;
/** A set of 2^28 slots takes 2 GiB; a search that needs more wants another model. */
const SLOTS_MAX = 1 << 28;

/** A set of 64-bit fingerprints: open addressing, linear probing, at most half full. */
export class Fingerprints {
  /** Two words a slot; both 0 where it is free. */
  #slots = new Int32Array(2 * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  /** Members. */
  size = 0;

  /** Adds the fingerprint of a text. @returns `false` when it was there. */
  add(text: string): boolean {
    // Two independent lanes over the same units. Source: the 32-bit finaliser of MurmurHash3, Austin Appleby (2011).
    let high = 0x9e37_79b9;
    let low = 0x85eb_ca6b;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      high = Math.imul(high ^ unit, 0x9e37_79b1);
      high ^= high >>> 15;
      low = Math.imul(low ^ unit, 0x5f35_6495);
      low = (low << 13) | (low >>> 19);
    }
    return this.#addWords(finish(high ^ text.length), finish(low ^ high) || 1);
  }

  #addWords(high: number, low: number): boolean {
    if (2 * (this.size + 1) > this.#mask) this.#grow();
    const slots = this.#slots;
    let slot = low & this.#mask;
    for (;;) {
      const at = 2 * slot;
      if (slots[at] === 0 && slots[at + 1] === 0) break;
      if (slots[at] === high && slots[at + 1] === low) return false;
      slot = (slot + 1) & this.#mask;
    }
    slots[2 * slot] = high;
    slots[2 * slot + 1] = low;
    this.size++;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    assert(old.length < 2 * SLOTS_MAX, 'A search meets fewer than 2^27 states');
    this.#slots = new Int32Array(2 * old.length);
    this.#mask = old.length - 1;
    this.size = 0;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0 || old[at + 1] !== 0) this.#addWords(old[at]!, old[at + 1]!);
    }
  }
}

function finish(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
