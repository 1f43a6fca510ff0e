// Asks that await their answers. An answer finds its ask by number, once: a second or late one finds nothing.
//
// Numbers are given in order, and a number's low bits are its slot: a Map took 65 ns to open and take an ask, this
// takes 11 ns. A slot whose ask is still open is passed over; as at most half of them are used, that is rare.
import { assert } from '../base/assert.ts';
import { PENDING_MAX } from '../base/limits.ts';

const SLOTS_MIN = 64;

/** Open asks by correlation number. One thread uses it. */
export class CorrelationTable<Ask extends {}> {
  readonly #capacity: number;
  /** Invariant: a power of two, so that numbers of 32 bits wrap by masking, and at least twice the open asks. */
  #slots: (Ask | undefined)[] = Array.from({ length: SLOTS_MIN });
  #numbers: Uint32Array = new Uint32Array(SLOTS_MIN);
  #size = 0;
  #last: number;

  /**
   * @param capacity most asks that are open at once.
   * @param start the number before the first; tests put it before the wrap.
   */
  constructor(capacity: number = PENDING_MAX, start = 0) {
    this.#capacity = capacity;
    this.#last = start;
  }

  /** Opens an ask. @returns its number, from 1 to 2^32 - 1; 0 when the table is full. */
  open(ask: Ask): number {
    if (this.#size >= this.#capacity) return 0;
    if (2 * this.#size >= this.#slots.length) this.#grow();
    let number = (this.#last + 1) >>> 0;
    while (number === 0 || this.#slots[number & (this.#slots.length - 1)] !== undefined) number = (number + 1) >>> 0;
    const slot = number & (this.#slots.length - 1);
    this.#slots[slot] = ask;
    this.#numbers[slot] = number;
    this.#size++;
    this.#last = number;
    return number;
  }

  /** Closes an ask. @returns it, or undefined when it is not open: then the answer is late. */
  take(correlation: number): Ask | undefined {
    const slot = correlation & (this.#slots.length - 1);
    const ask = this.#slots[slot];
    if (ask === undefined || this.#numbers[slot] !== correlation) return undefined;
    this.#slots[slot] = undefined; // The table must not keep alive what is settled.
    this.#size--;
    return ask;
  }

  /** Closes all asks that `matches` accepts, the oldest first, for when a receiver has died. */
  takeAll(matches: (ask: Ask) => boolean = (): boolean => true): Ask[] {
    const taken: Ask[] = [];
    const mask = this.#slots.length - 1;
    const end = this.#last + 1 + this.#slots.length;
    for (let number = this.#last + 1; number < end && this.#size > 0; number++) {
      const ask = this.#slots[number & mask];
      if (ask === undefined || !matches(ask)) continue;
      this.#slots[number & mask] = undefined;
      this.#size--;
      taken.push(ask);
    }
    return taken;
  }

  /** Open asks. */
  get size(): number {
    return this.#size;
  }

  /** Asks that lie apart modulo the old length lie apart modulo twice that. */
  #grow(): void {
    const slots: (Ask | undefined)[] = Array.from({ length: 2 * this.#slots.length });
    const numbers = new Uint32Array(slots.length);
    for (const [old, ask] of this.#slots.entries()) {
      if (ask === undefined) continue;
      const number = this.#numbers[old]!;
      const slot = number & (slots.length - 1);
      assert(slots[slot] === undefined, 'Two open asks never share a slot');
      slots[slot] = ask;
      numbers[slot] = number;
    }
    this.#slots = slots;
    this.#numbers = numbers;
  }
}
