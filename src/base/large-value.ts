// A large value lies once in shared memory, however many replicas store it. Its header counts who holds it, so that the
// memory can be used again: garbage collection alone would not do, because no thread's heap feels its size.
//
//   word 0                 1 to 15                       16         byte 128
//        [ held by clients | held by replica 0, 1 .. 14 | CHANGES ] value
//
//   A replica's word is an epoch (22 bits) and a count (10 bits). The count is void once the incarnation is dead, so a
//   killed thread holds nothing for ever; it stays at its largest once it got there. The clients' word is a plain
//   count: a burst of reads of one value holds it thousands of times.
//
// Whoever hands it on counts the receiver first; whoever lets go counts itself out. A message that is lost leaves a
// count too high, and a client that dies as well: the buffer is then not used again. A count is never too low, so
// nobody's value is overwritten.
import { assert } from './assert.ts';
import { REPLICAS_MAX } from './limits.ts';

/** Where the value starts in the buffer. */
export const LARGE_HEADER_BYTES = 128;

const COUNT_BITS = 10;
/** As often as an incarnation can be seen to hold a value. Then it holds it until it dies. */
export const HELD_MAX: number = (1 << COUNT_BITS) - 1;
const CHANGES = 1 + REPLICAS_MAX;
const HEADER_WORDS = CHANGES + 1;

/** Who counts: a word of the header, and the epoch to count under; the clients, who count together, have none. */
export interface Holder {
  readonly word: number;
  readonly epoch: number;
}

/** The replicas' incarnations, as shared memory shows them. */
export interface Incarnations {
  epochOf(replica: number): number;
}

/** All clients. */
export const CLIENT_HOLDER: Holder = { word: 0, epoch: 0 };

/** An incarnation of a replica. */
export function replicaHolder(replica: number, epoch: number): Holder {
  return { word: 1 + replica, epoch };
}

/** A large value, as one holder sees it; immutable while anybody holds it. */
export class SharedValue {
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
    count(this.#words, holder, 1);
  }
}

/**
 * Makes a client the only holder of a buffer that nobody alive holds; `false` when somebody may. Only the thread that
 * allocated the buffer calls it.
 */
export function claimBuffer(buffer: SharedArrayBuffer, epochs: Incarnations): boolean {
  const words = new Int32Array(buffer, 0, HEADER_WORDS);
  const changes = Atomics.load(words, CHANGES);
  if (Atomics.load(words, CLIENT_HOLDER.word) !== 0) return false;
  for (let replica = 0; replica < REPLICAS_MAX; replica++) {
    const word = Atomics.load(words, 1 + replica);
    if ((word & HELD_MAX) !== 0 && word >>> COUNT_BITS === epochs.epochOf(replica)) return false;
  }
  // Who hands it on counts the receiver before itself out. If nothing has changed, no holder slipped from a word that
  // we had not looked at yet to one that we had; and where nobody holds it, nobody can become a holder.
  if (Atomics.load(words, CHANGES) !== changes) return false;
  count(words, CLIENT_HOLDER, 1);
  return true;
}

/** Adds to a holder's count. @returns the new count. */
function count(words: Int32Array, holder: Holder, delta: 1 | -1): number {
  for (;;) {
    const before = Atomics.load(words, holder.word);
    const { held, after } =
      holder.word === CLIENT_HOLDER.word ? plainCount(before, delta) : epochCount(before, holder, delta);
    if (Atomics.compareExchange(words, holder.word, before, after) !== before) continue;
    Atomics.add(words, CHANGES, 1);
    return held;
  }
}

function plainCount(before: number, delta: 1 | -1): { readonly held: number; readonly after: number } {
  return { held: before + delta, after: before + delta };
}

/** Counts of earlier epochs are void. One for an earlier epoch is, too: who hands it on may not know of a restart. */
function epochCount(
  before: number,
  { epoch }: Holder,
  delta: 1 | -1,
): { readonly held: number; readonly after: number } {
  const counted = before >>> COUNT_BITS;
  const held = counted === epoch ? before & HELD_MAX : 0;
  if (counted > epoch || held === HELD_MAX) return { held, after: before };
  return { held: held + delta, after: (epoch << COUNT_BITS) | ((held + delta) & HELD_MAX) };
}
