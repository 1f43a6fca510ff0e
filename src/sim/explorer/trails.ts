// How each state of a search was reached: its predecessor and which of its actions was taken, six bytes a state. The
// states themselves are not kept; a path is played again from its beginning.
import { assert } from '../../base/assert.ts';

const ACTIONS_MAX = 0xffff;

/** Predecessors of states, by number in the order of discovery. */
export class Trails {
  #parents = new Int32Array(1 << 12);
  #ordinals = new Uint16Array(1 << 12);
  #size = 0;

  /** Notes a state. `parent` is -1 for an initial state, whose place among them is `ordinal`. @returns its number. */
  add(parent: number, ordinal: number): number {
    assert(ordinal <= ACTIONS_MAX, 'A state has fewer than 65,536 actions');
    if (this.#size === this.#parents.length) {
      const parents = new Int32Array(2 * this.#size);
      const ordinals = new Uint16Array(2 * this.#size);
      parents.set(this.#parents);
      ordinals.set(this.#ordinals);
      this.#parents = parents;
      this.#ordinals = ordinals;
    }
    this.#parents[this.#size] = parent;
    this.#ordinals[this.#size] = ordinal;
    return this.#size++;
  }

  /** The ordinals that lead to a state: the first is of the initial state. */
  to(state: number): number[] {
    const ordinals: number[] = [];
    for (let at = state; at >= 0; at = this.#parents[at]!) ordinals.push(this.#ordinals[at]!);
    return ordinals.toReversed();
  }
}
