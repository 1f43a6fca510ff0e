// A large value lies once in shared memory, however many replicas store it. Its header counts who holds it, so that the
// memory can be used again: garbage collection alone would not do, because no thread's heap feels its size.
//
//   word 0                 1 to 9                       10         byte 64
//        [ held by clients | held by replica 0, 1 .. 8 | CHANGES ] value
//
//   Each word is an epoch (22 bits) and a count (10 bits). A replica's count is void once its incarnation is dead, so a
//   killed thread holds nothing for ever; clients count under epoch 1.
//
// Whoever hands it on counts the receiver first; whoever lets go counts itself out. A message that is lost leaves a
// count too high, and a client that dies as well: the buffer is then not used again. A count is never too low, so
// nobody's value is overwritten.
import { assert } from '../base/assert.ts';
import { REPLICAS_MAX } from '../base/limits.ts';
import type { Epochs, LargeValue } from '../replica/environment.ts';

/** Where the value starts in the buffer. */
export const LARGE_HEADER_BYTES = 64;

const COUNT_BITS = 10;
const COUNT_MASK = (1 << COUNT_BITS) - 1;
const CHANGES = 1 + REPLICAS_MAX;
const HEADER_WORDS = CHANGES + 1;

/** Who counts: a word of the header, and the epoch to count under. */
export interface Holder {
  readonly word: number;
  readonly epoch: number;
}

/** All clients count together. */
export const CLIENT_HOLDER: Holder = { word: 0, epoch: 1 };

/** An incarnation of a replica. */
export function replicaHolder(replica: number, epoch: number): Holder {
  return { word: 1 + replica, epoch };
}

/** A large value, as one holder sees it; immutable while anybody holds it. */
export class SharedValue implements LargeValue {
  readonly buffer: SharedArrayBuffer;
  readonly byteLength: number;
  readonly #words: Int32Array;
  readonly #holder: Holder;

  /** The holder's view of a value that it holds already. */
  constructor(buffer: SharedArrayBuffer, byteLength: number, holder: Holder) {
    this.buffer = buffer;
    this.byteLength = byteLength;
    this.#words = new Int32Array(buffer, 0, HEADER_WORDS);
    this.#holder = holder;
  }

  hold(): void {
    this.holdFor(this.#holder);
  }

  release(): void {
    assert(count(this.#words, this.#holder, -1) >= 0, 'Who lets go of a large value has held it');
  }

  /** Counts another holder, to whom it is handed on. */
  holdFor(holder: Holder): void {
    assert(count(this.#words, holder, 1) <= COUNT_MASK, 'A large value is held a bounded number of times');
  }
}

/**
 * Makes a client the only holder of a buffer that nobody alive holds; `false` when somebody may. Only the thread that
 * allocated the buffer calls it.
 */
export function claimBuffer(buffer: SharedArrayBuffer, epochs: Epochs): boolean {
  const words = new Int32Array(buffer, 0, HEADER_WORDS);
  const changes = Atomics.load(words, CHANGES);
  if ((Atomics.load(words, CLIENT_HOLDER.word) & COUNT_MASK) !== 0) return false;
  for (let replica = 0; replica < REPLICAS_MAX; replica++) {
    const word = Atomics.load(words, 1 + replica);
    if ((word & COUNT_MASK) !== 0 && word >>> COUNT_BITS === epochs.epochOf(replica)) return false;
  }
  // Who hands it on counts the receiver before itself out. If nothing has changed, no holder slipped from a word that
  // we had not looked at yet to one that we had; and where nobody holds it, nobody can become a holder.
  if (Atomics.load(words, CHANGES) !== changes) return false;
  count(words, CLIENT_HOLDER, 1);
  return true;
}

/** The shared memory behind a large value of this cluster. */
export function sharedValue(value: LargeValue): SharedValue {
  assert(value instanceof SharedValue, 'A large value lies in shared memory');
  return value;
}

/** Adds to a holder's count; counts of earlier epochs are void. @returns the new count. */
function count(words: Int32Array, { word, epoch }: Holder, delta: 1 | -1): number {
  for (;;) {
    const before = Atomics.load(words, word);
    const held = before >>> COUNT_BITS === epoch ? before & COUNT_MASK : 0;
    const after = (epoch << COUNT_BITS) | ((held + delta) & COUNT_MASK);
    if (Atomics.compareExchange(words, word, before, after) !== before) continue;
    Atomics.add(words, CHANGES, 1);
    return held + delta;
  }
}
