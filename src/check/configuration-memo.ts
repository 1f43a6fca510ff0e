import type { Budget } from './search.ts';

const CHUNK_WORDS: number = 1 << 16;
const FIRST_CHUNK_WORDS = 256; // Most searches are small, so that the first chunk grows as it is used.
const HEAD_WORDS = 4; // hash, state, low, high

/** Which words of a mask say something, see {@link ConfigurationMemo.add}. */
export interface KeptWords {
  readonly fixed: number;
  readonly low: number;
  readonly high: number;
}

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
   * @param mask a bit for each operation. Its first `fixed` words are kept, and those from `low` to `high`, excluded:
   *   words between are all ones, words behind all zeros.
   * @returns whether it is new; `undefined` when the budget is used up.
   */
  add(state: number, mask: Int32Array, kept: KeptWords): boolean | undefined {
    const { fixed, low, high } = kept;
    const hash = hashOf(state, mask, kept);
    let bucket = hash & (this.#table.length - 1);
    for (let record = this.#table[bucket]!; record !== 0; record = this.#table[bucket]!) {
      if (this.#isAt(record - 1, hash, state) && this.#isMask(record - 1, mask, kept)) return false;
      bucket = (bucket + 1) & (this.#table.length - 1);
    }
    const words = HEAD_WORDS + fixed + high - low;
    if (!this.#reserve(words)) return undefined;
    const chunk = this.#chunks.at(-1)!;
    const at = this.#chunkUsed;
    chunk[at] = hash;
    chunk[at + 1] = state;
    chunk[at + 2] = low;
    chunk[at + 3] = high;
    let to = at + HEAD_WORDS;
    for (let word = 0; word < fixed; word++) chunk[to++] = mask[word]!;
    for (let word = low; word < high; word++) chunk[to++] = mask[word]!;
    this.#table[bucket] = (this.#chunks.length - 1) * CHUNK_WORDS + at + 1;
    this.#chunkUsed += words;
    this.#count += 1;
    if (this.#count * 2 > this.#table.length) return this.#grow() ? true : undefined;
    return true;
  }

  #isAt(record: number, hash: number, state: number): boolean {
    const chunk = this.#chunks[Math.floor(record / CHUNK_WORDS)]!;
    const at = record % CHUNK_WORDS;
    return chunk[at] === hash && chunk[at + 1] === state;
  }

  #isMask(record: number, mask: Int32Array, { fixed, low, high }: KeptWords): boolean {
    const chunk = this.#chunks[Math.floor(record / CHUNK_WORDS)]!;
    const at = record % CHUNK_WORDS;
    if (chunk[at + 2] !== low || chunk[at + 3] !== high) return false;
    let from = at + HEAD_WORDS;
    for (let word = 0; word < fixed; word++) if (chunk[from++] !== mask[word]) return false;
    for (let word = low; word < high; word++) if (chunk[from++] !== mask[word]) return false;
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

function hashOf(state: number, mask: Int32Array, { fixed, low, high }: KeptWords): number {
  let hash = Math.imul(state + 1, 0x9e37_79b1) ^ Math.imul(low, 0x85eb_ca6b);
  for (let word = 0; word < fixed; word++) hash = mix(hash, mask[word]!);
  for (let word = low; word < high; word++) hash = mix(hash, mask[word]!);
  hash = Math.imul(hash ^ (hash >>> 16), 0x27d4_eb2f);
  return hash ^ (hash >>> 14);
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0xc2b2_ae35);
  return mixed ^ (mixed >>> 15);
}
