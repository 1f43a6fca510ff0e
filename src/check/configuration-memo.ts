import type { Budget } from './search.ts';

const CHUNK_WORDS: number = 1 << 16;
const FIRST_CHUNK_WORDS = 256; // Most searches are small, so that the first chunk grows as it is used.
const HEAD_WORDS = 4; // hash, state, first word of the mask that is kept, words kept

/**
 * The configurations that a depth-first search has seen: a state and the set of operations that took effect. V8's Set
 * holds 2^24 entries at most and takes a string for each; this one holds words in chunks, as many as the budget allows.
 */
export class ConfigurationMemo {
  readonly #budget: Budget;
  readonly #chunks: Int32Array[] = [];
  #chunkUsed = 0;
  #table: Int32Array = new Int32Array(64);
  #count = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /**
   * Adds a configuration.
   *
   * @param mask a bit for each operation; it is kept from word `low` to `high`, excluded: words below are all ones,
   *   words above all zeros.
   * @returns whether it is new; `undefined` when the budget is used up.
   */
  add(
    state: number,
    mask: Int32Array,
    { low, high }: { readonly low: number; readonly high: number },
  ): boolean | undefined {
    const hash = hashOf(state, mask, low, high);
    let bucket = hash & (this.#table.length - 1);
    for (let record = this.#table[bucket]!; record !== 0; record = this.#table[bucket]!) {
      if (this.#isAt(record - 1, hash, state, mask, low, high)) return false;
      bucket = (bucket + 1) & (this.#table.length - 1);
    }
    const words = HEAD_WORDS + high - low;
    if (!this.#reserve(words)) return undefined;
    const chunk = this.#chunks.at(-1)!;
    const at = this.#chunkUsed;
    chunk[at] = hash;
    chunk[at + 1] = state;
    chunk[at + 2] = low;
    chunk[at + 3] = high - low;
    for (let word = low; word < high; word++) chunk[at + HEAD_WORDS + word - low] = mask[word]!;
    this.#table[bucket] = (this.#chunks.length - 1) * CHUNK_WORDS + at + 1;
    this.#chunkUsed += words;
    this.#count += 1;
    if (this.#count * 2 > this.#table.length) return this.#grow() ? true : undefined;
    return true;
  }

  #isAt(record: number, hash: number, state: number, mask: Int32Array, low: number, high: number): boolean {
    const chunk = this.#chunks[Math.floor(record / CHUNK_WORDS)]!;
    const at = record % CHUNK_WORDS;
    if (chunk[at] !== hash || chunk[at + 1] !== state || chunk[at + 2] !== low || chunk[at + 3] !== high - low)
      return false;
    for (let word = low; word < high; word++) if (chunk[at + HEAD_WORDS + word - low] !== mask[word]) return false;
    return true;
  }

  #reserve(words: number): boolean {
    const last = this.#chunks.length - 1;
    const used = this.#chunkUsed + words;
    if (last >= 0 && used <= this.#chunks[last]!.length) return true;
    if (words > CHUNK_WORDS) return false;
    const isFull = last < 0 || used > CHUNK_WORDS;
    const size = isFull && last >= 0 ? CHUNK_WORDS : Math.min(CHUNK_WORDS, Math.max(FIRST_CHUNK_WORDS, used * 2));
    this.#budget.memoBytes -= size * 4;
    // Places of words are numbered in 31 bits.
    if (this.#budget.memoBytes < 0 || last >= 0x7fff_ffff / CHUNK_WORDS - 2) return false;
    const chunk = new Int32Array(size);
    if (isFull) {
      this.#chunks.push(chunk);
      this.#chunkUsed = 0;
    } else {
      chunk.set(this.#chunks[last]!);
      this.#chunks[last] = chunk;
    }
    return true;
  }

  #grow(): boolean {
    const size = this.#table.length * 2;
    this.#budget.memoBytes -= size * 2; // The bytes that the table has more than before.
    if (this.#budget.memoBytes < 0) return false;
    const table = new Int32Array(size);
    for (const record of this.#table) {
      if (record === 0) continue;
      const chunk = this.#chunks[Math.floor((record - 1) / CHUNK_WORDS)]!;
      let bucket = chunk[(record - 1) % CHUNK_WORDS]! & (size - 1);
      while (table[bucket] !== 0) bucket = (bucket + 1) & (size - 1);
      table[bucket] = record;
    }
    this.#table = table;
    return true;
  }
}

function hashOf(state: number, mask: Int32Array, low: number, high: number): number {
  let hash = Math.imul(state + 1, 0x9e37_79b1) ^ Math.imul(low, 0x85eb_ca6b);
  for (let word = low; word < high; word++) {
    hash = Math.imul(hash ^ mask[word]!, 0xc2b2_ae35);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x27d4_eb2f);
  return hash ^ (hash >>> 14);
}
