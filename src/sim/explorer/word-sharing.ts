// What a search of memory needs to know to take accesses alone: which words more than one thread uses.
import type { Access } from './recorded-thread.ts';

/**
 * Which words are shared, as learned so far: accesses to the others are steps alone. Each search assumes what the last
 * one has learned; the first access that refutes it ends the search, and the next one knows better. The accesses before
 * that one are as if nothing had been assumed, so that it is met if there is one.
 */
export class WordSharing {
  readonly #readers: Int32Array;
  readonly #writers: Int32Array;
  /** Threads whose accesses to the word were taken alone. */
  readonly #alone: Int32Array;
  /** Whether an access has shown that a word is shared which was assumed not to be. */
  isRefuted = false;

  constructor(length: number) {
    this.#readers = new Int32Array(length);
    this.#writers = new Int32Array(length);
    this.#alone = new Int32Array(length);
  }

  /** An access is made. */
  note({ kind, index }: Access, thread: number): void {
    const bit = 1 << thread;
    const masks = kind === 'read' || kind === 'load' ? this.#readers : this.#writers;
    if ((masks[index]! & bit) !== 0) return;
    masks[index]! |= bit;
    const alone = this.#alone[index]!;
    if (alone !== 0 && !this.#isOwn(index, alone)) {
      this.isRefuted = true;
      this.#alone.fill(0);
    }
  }

  /** Whether the access can be taken alone, as far as is known. */
  takeAlone({ index }: Access, thread: number): boolean {
    const bit = 1 << thread;
    if (!this.#isOwn(index, bit)) return false;
    this.#alone[index]! |= bit;
    return true;
  }

  /** Whether no thread but these, taken for one, accesses the word, or nobody writes it. */
  #isOwn(index: number, threads: number): boolean {
    const writers = this.#writers[index]!;
    return writers === 0 || ((writers | this.#readers[index]!) === threads && (threads & (threads - 1)) === 0);
  }
}
