/** Which bits of a configuration stand for reads, and which for operations that never return. */
export interface SlotKinds {
  reads: Int32Array;
  open: Int32Array;
}

const SCANNED_MAX = 12; // Fewer are compared one by one: cheaper than hashing them.
const DEAD = -1;

/**
 * Configurations of a just-in-time search, each a state and the set of open operations that took effect, as a bit
 * mask. Of two with the same state it keeps the one from which more is possible, where one of them is that: it took
 * effect with the same changes that must return, no more of those that never return, and no fewer reads.
 */
export class ConfigurationSet {
  readonly #kinds: SlotKinds;
  /** Words of the mask of one configuration, 32 operations each. */
  readonly words: number;
  readonly #stride: number;
  #rows: Int32Array;
  #next: Int32Array;
  #heads: Int32Array = new Int32Array(0);
  #isHashed = false;
  /** Configurations added, dead ones included: indices run from 0 to this, excluded. */
  count = 0;

  constructor(words: number, kinds: SlotKinds) {
    this.words = words;
    this.#kinds = kinds;
    this.#stride = words + 1;
    this.#rows = new Int32Array(8 * this.#stride);
    this.#next = new Int32Array(8);
  }

  clear(): void {
    this.count = 0;
    this.#isHashed = false;
  }

  /** Takes changes by {@link setBit} into account, which is due before the next {@link add}. */
  settle(): void {
    this.#isHashed = false;
  }

  /** The state of a configuration; negative when a better one took its place. */
  stateAt(index: number): number {
    return this.#rows[index * this.#stride]!;
  }

  setStateAt(index: number, state: number): void {
    this.#rows[index * this.#stride] = state;
  }

  has(index: number, slot: number): boolean {
    return ((this.#rows[index * this.#stride + 1 + (slot >>> 5)]! >>> (slot & 31)) & 1) === 1;
  }

  /** Sets (or clears) the bit of a slot. The order among configurations must not depend on it. */
  setBit(index: number, slot: number, isSet: boolean): void {
    const at = index * this.#stride + 1 + (slot >>> 5);
    if (isSet) this.#rows[at]! |= 1 << (slot & 31);
    else this.#rows[at]! &= ~(1 << (slot & 31));
  }

  /** Copies a configuration into `row`: its state, then the words of its mask. */
  copyTo(row: Int32Array, index: number): void {
    const from = index * this.#stride;
    for (let word = 0; word < this.#stride; word++) row[word] = this.#rows[from + word]!;
  }

  /** Adds a configuration, unless it holds a better one; replaces those that are worse. */
  add(row: Int32Array): boolean {
    if (!this.#isHashed && this.count >= SCANNED_MAX) this.#rehash();
    if (this.#isHashed) {
      if (this.count * 2 >= this.#heads.length) this.#rehash();
      const bucket = this.#hash(row, 0) & (this.#heads.length - 1);
      for (let index = this.#heads[bucket]!; index >= 0; index = this.#next[index]!) {
        if (this.#displaces(index, row)) return false;
      }
      this.#append(row);
      this.#next[this.count - 1] = this.#heads[bucket]!;
      this.#heads[bucket] = this.count - 1;
      return true;
    }
    for (let index = 0; index < this.count; index++) if (this.#displaces(index, row)) return false;
    this.#append(row);
    return true;
  }

  /** Whether the configuration at `index` makes `row` needless; kills it where it is the other way round. */
  #displaces(index: number, row: Int32Array): boolean {
    const rows = this.#rows;
    let at = index * this.#stride;
    if (rows[at] !== row[0]) return false;
    const { reads, open } = this.#kinds;
    let lacks = 0; // What speaks against the one that is there,
    let lacked = 0; // and what speaks against the new one.
    for (let word = 0; word < this.words; word++) {
      const held = rows[++at]!;
      const given = row[word + 1]!;
      const differing = held ^ given;
      if (differing === 0) continue;
      const read = reads[word]!;
      const free = open[word]!;
      if ((differing & ~(read | free)) !== 0) return false;
      lacks |= (held & ~given & free) | (given & ~held & read);
      lacked |= (given & ~held & free) | (held & ~given & read);
    }
    if (lacks === 0) return true;
    if (lacked === 0) rows[index * this.#stride] = DEAD;
    return false;
  }

  #append(row: Int32Array): void {
    const at = this.count * this.#stride;
    if (at + this.#stride > this.#rows.length) {
      const rows = new Int32Array(this.#rows.length * 2);
      rows.set(this.#rows);
      this.#rows = rows;
      const next = new Int32Array(this.#next.length * 2);
      next.set(this.#next);
      this.#next = next;
    }
    for (let word = 0; word < this.#stride; word++) this.#rows[at + word] = row[word]!;
    this.count += 1;
  }

  #rehash(): void {
    this.#isHashed = true;
    const size = Math.max(64, this.#heads.length);
    const grown = this.count * 2 >= size ? size * 2 : size;
    if (grown === this.#heads.length) this.#heads.fill(-1);
    else this.#heads = new Int32Array(grown).fill(-1);
    for (let index = 0; index < this.count; index++) {
      const at = index * this.#stride;
      if (this.#rows[at]! < 0) continue;
      const bucket = this.#hash(this.#rows, at) & (grown - 1);
      this.#next[index] = this.#heads[bucket]!;
      this.#heads[bucket] = index;
    }
  }

  /** Equal for all configurations that could take each other's place. */
  #hash(rows: Int32Array, at: number): number {
    const { reads, open } = this.#kinds;
    let hash = Math.imul(rows[at]! + 1, 0x9e37_79b1);
    for (let word = 0; word < this.words; word++) {
      hash = Math.imul(hash ^ (rows[at + 1 + word]! & ~(reads[word]! | open[word]!)), 0x85eb_ca6b);
      hash ^= hash >>> 15;
    }
    return hash ^ (hash >>> 13);
  }
}
