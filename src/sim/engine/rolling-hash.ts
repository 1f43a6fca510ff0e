// One number for a whole run: two runs of one seed must agree in it, on every machine and version of Node.

/** A hash that words are added to; 64 bits in two lanes. */
export class RollingHash {
  #a = 0x243f_6a88 | 0;
  #b = 0x85a3_08d3 | 0;

  /** Adds a word; fractions are cut off, and only the lowest 32 bits count. */
  add(word: number): void {
    const a = Math.imul(this.#a ^ word, 0x9e37_79b1);
    const b = Math.imul(this.#b + word, 0x85eb_ca77);
    this.#a = (a ^ (b >>> 15)) | 0;
    this.#b = (b ^ (a >>> 13)) + 0x1656_67b1;
    this.#b |= 0;
  }

  /** The hash so far: 16 hexadecimal digits. */
  get text(): string {
    return hex(this.#a) + hex(this.#b);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
