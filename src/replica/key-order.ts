// The keys of a replica in the order of their bytes, beside the table that finds them by hash: a list of short sorted
// lists. A balanced tree would need the same comparisons and an object for every key; one sorted array would move
// megabytes for a key in its middle and grow by reallocation (docs/decisions/key-order.md).
import { KEY_BLOCK_ENTRIES_MAX } from '../base/limits.ts';

/** What is put in order. `key` is padded with zeros. */
export interface Ordered {
  readonly keyBytes: number;
  readonly key: Int32Array;
}

/** Bytes of a key, or of the beginning of one, padded with zeros. */
export interface Bytes {
  readonly words: Int32Array;
  /** Index of the first word. */
  readonly start: number;
  readonly byteLength: number;
}

/** A place between keys: before the first one that is not less than these bytes; not greater, where `isAfter`. */
export interface Place extends Bytes {
  readonly isAfter: boolean;
}

/** Where the lowest byte of a word lies first in memory, words are compared with their bytes turned round. */
const IS_LITTLE_ENDIAN = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

/** All keys of one replica, in order. */
export class KeyOrder<Entry extends Ordered> {
  /** Invariant: no block is empty, each is in order, and so are they. */
  readonly #blocks: Entry[][] = [];

  /** Adds an entry; one whose key is there already changes nothing. */
  add(entry: Entry): void {
    const place = placeOf(entry);
    const at = this.#blockBefore(place, true);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([entry]);
      return;
    }
    const index = indexIn(block, place, false);
    if (isAt(block[index], place)) return;
    block.splice(index, 0, entry);
    if (block.length <= KEY_BLOCK_ENTRIES_MAX) return;
    this.#blocks.splice(at + 1, 0, block.splice(block.length >> 1));
  }

  /** Takes out an entry; one whose key is not there changes nothing. */
  remove(entry: Entry): void {
    const place = placeOf(entry);
    const at = this.#blockBefore(place, true);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const index = indexIn(block, place, false);
    if (!isAt(block[index], place)) return;
    block.splice(index, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** Entries that come behind a place, in order. Nothing may be added or removed meanwhile. */
  *from(place: Place): IterableIterator<Entry> {
    let at = this.#blockBefore(place, place.isAfter);
    let index = at < this.#blocks.length ? indexIn(this.#blocks[at]!, place, place.isAfter) : 0;
    for (; at < this.#blocks.length; at++, index = 0) {
      const block = this.#blocks[at]!;
      for (; index < block.length; index++) yield block[index]!;
    }
  }

  /** The last block that begins before these bytes, or with them where `isAfter`; the first one where none does. */
  #blockBefore(bytes: Bytes, isAfter: boolean): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#blocks[middle]![0]!, bytes, isAfter)) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Index of the first entry of a block behind these bytes, or at them where it is not `isAfter`. */
function indexIn(block: readonly Ordered[], bytes: Bytes, isAfter: boolean): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(block[middle]!, bytes, isAfter)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(entry: Ordered, bytes: Bytes, isAfter: boolean): boolean {
  const order = compareKeys(entry, bytes);
  return isAfter ? order <= 0 : order < 0;
}

function isAt(entry: Ordered | undefined, bytes: Bytes): boolean {
  return entry !== undefined && compareKeys(entry, bytes) === 0;
}

function placeOf({ key, keyBytes }: Ordered): Bytes {
  return { words: key, start: 0, byteLength: keyBytes };
}

/** Compares byte by byte, words at a time: padding is zero, so where all words agree the shorter key comes first. */
function compareKeys({ key, keyBytes }: Ordered, { words, start, byteLength }: Bytes): number {
  const count = Math.min(key.length, (byteLength + 3) >> 2);
  for (let index = 0; index < count; index++) {
    const left = key[index]!;
    const right = words[start + index]!;
    if (left !== right) return inMemory(left) < inMemory(right) ? -1 : 1;
  }
  return keyBytes - byteLength;
}

/** A word as the unsigned number whose highest byte is the first in memory. */
function inMemory(word: number): number {
  if (!IS_LITTLE_ENDIAN) return word >>> 0;
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
