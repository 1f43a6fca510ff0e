// The writing end of a ring, whoever reads it: a subclass says how far the slowest reader has come (its gate).
import { assert } from '../base/assert.ts';
import { rangeError } from '../base/errors.ts';
import { claimOwner, frameTotal } from './frame.ts';
import { FRAME_HEADER_BYTES, FRAME_SEAL, RING } from './layout.ts';
import type { AtomicOperations, SharedMemory } from './memory.ts';

// V8 loads an import from its cell at every use, and takes a constant of the module for what it is: per frame these
// copies make 1.7 ns of 9.7.
const HEADER_BYTES = FRAME_HEADER_BYTES;
const SEAL = FRAME_SEAL;
const totalOf = frameTotal;

// The lines of free bytes lie in the readers' caches. A store to one waits for it 20 to 100 ns, and all later stores
// wait behind it in a buffer of some 60, which frames with their headers fill before the next line is asked for. One
// store into each of the next lines asks for them together: 54 M frames/s of 32 bytes become 90 M.
const LINE_BYTES = 64;
/** How far ahead lines are asked for: less does not hide the wait, more are taken away again before they are used. */
const AHEAD_BYTES = 768;

/** The producer's end: one thread at a time, enforced by the owner word. */
export abstract class FrameProducer {
  /** The views to write a claimed frame through. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Longest payload that this ring can ever take, in bytes. */
  readonly frameBytesMax: number;
  protected readonly atomics: AtomicOperations;
  // Numbers from the start: a field that was undefined once is checked for what it holds at every use.
  readonly #dataByte: number = 0;
  readonly #capacity: number = 0;
  readonly #mask: number = 0;
  readonly #owner: number = 0;
  /** Next byte to write. Invariant: TAIL is this or an earlier commit. */
  #tail = 0;
  /** End of the claim under way, the tail when there is none. */
  #end = 0;
  /** The gate as last loaded, plus the capacity. When stale it is too small, so that we only think "full" too early. */
  #limitSeen = 0;
  /** A claim that ends here or before needs nothing done first: the bytes are free, their lines asked for. */
  #readyUntil = 0;
  /** TAIL as last stored. */
  #published = 0;

  /**
   * Attaches the calling thread as producer; resumes at the published tail.
   *
   * @param owner a number other than 0 that names the thread.
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another producer is attached.
   */
  constructor(memory: SharedMemory, owner: number, dataByte: number) {
    claimOwner(memory, { word: RING.PRODUCER, owner, side: 'producer' });
    this.words = memory.words;
    this.bytes = memory.bytes;
    this.atomics = memory.atomics;
    this.#dataByte = dataByte;
    this.#owner = owner;
    this.#capacity = memory.words[RING.CAPACITY]!;
    this.#mask = this.#capacity - 1;
    this.frameBytesMax = memory.words[RING.FRAME_BYTES_MAX]!;
    this.#tail = this.#end = this.#published = memory.atomics.load(memory.words, RING.TAIL);
    this.#limitSeen = this.#readyUntil = this.#tail; // Looks full, so that the first claim loads the gate.
  }

  /** Position before which all bytes are free, at most the published tail: an atomic look at every reader. */
  protected abstract loadGate(): number;

  /**
   * Reserves a frame; write its payload, then {@link commit}. A claim that is not committed is simply claimed again.
   *
   * @returns the byte offset of the payload in {@link bytes} (a multiple of 8), or -1 when the ring is full.
   * @throws {RangeError} `ERR_QUORATE_FRAME_TOO_LARGE` when the ring could never take it.
   */
  claim(payloadBytes: number): number {
    const start = this.claimReady(payloadBytes);
    return start < 0 && this.makeReady(payloadBytes) ? this.claimReady(payloadBytes) : start;
  }

  /**
   * {@link claim} for the inner loop of a batch: it takes only what {@link makeReady} made ready, so that a loop around
   * it calls nothing, and the engine keeps in registers what a call would have it load again (a quarter of the time).
   *
   * @returns the byte offset of the payload, or -1: then ask {@link makeReady}.
   */
  claimReady(payloadBytes: number): number {
    const tail = this.#tail;
    // What is no length fails the comparison with itself as an unsigned word. What is ready is a multiple of 8 bytes
    // and never more than the capacity, so that a payload that fits fits padded, and is not too long.
    const ready = ((this.#readyUntil - tail) | 0) - HEADER_BYTES;
    if (payloadBytes >>> 0 !== payloadBytes || payloadBytes > ready) return -1;
    const index = (this.#dataByte + (tail & this.#mask)) >> 2;
    this.words[index] = payloadBytes;
    this.words[index + 1] = payloadBytes ^ SEAL;
    this.#end = (tail + totalOf(payloadBytes)) | 0;
    return (index << 2) + HEADER_BYTES;
  }

  /**
   * Makes a payload of `payloadBytes` ready to be claimed, and some of the free bytes after it. It looks at the readers
   * again, a cache miss, only when our stale copy says full.
   *
   * @returns `false` when the ring is full.
   * @throws {RangeError} `ERR_QUORATE_FRAME_TOO_LARGE` when the ring could never take it.
   */
  makeReady(payloadBytes: number): boolean {
    const total = this.#totalOf(payloadBytes);
    if (total > this.#freeSeen()) this.#look();
    if (total > this.#freeSeen()) {
      this.words[RING.FULL_COUNT] = (this.words[RING.FULL_COUNT]! + 1) | 0;
      return false;
    }
    this.#askForLines((this.#tail + total) | 0);
    return true;
  }

  /** The claimed frame is complete; its readers see it after the next {@link publish}. */
  commit(): void {
    this.#tail = this.#end;
  }

  /** Shows all committed frames to the readers, by one store; `false` when there were none. Never blocks. */
  publish(): boolean {
    if (this.#published === this.#tail) return false;
    this.#published = this.#tail;
    this.atomics.store(this.words, RING.TAIL, this.#tail); // Last: a reader loads TAIL before it looks at bytes.
    return true;
  }

  /** Whether a payload of `payloadBytes` fits now; may turn true at any time, never false but by our own claims. */
  hasRoomFor(payloadBytes: number): boolean {
    const total = frameTotal(payloadBytes);
    if (total > this.#freeSeen()) this.#look();
    return payloadBytes >= 0 && payloadBytes <= this.frameBytesMax && total <= this.#freeSeen();
  }

  /**
   * Asks the readers to ring back when half of the ring is free, or as much as a payload of `payloadBytes` takes.
   * Publish first: what they cannot see they cannot free. The wait needs a bound, as any: a reader that is killed just
   * then rings nobody.
   *
   * @returns `false` when there is room already: claim again instead of waiting.
   * @throws {RangeError} `ERR_QUORATE_FRAME_TOO_LARGE` when the ring could never take it.
   */
  wantRoom(payloadBytes = 0): boolean {
    assert(this.#published === this.#tail, 'What is committed is published before its producer waits for room');
    const wanted = Math.max(this.#capacity >>> 1, this.#totalOf(payloadBytes));
    this.atomics.store(this.words, RING.WANT_ROOM, wanted);
    this.#look(); // After the wish is up, so that either we see the room or a reader sees the wish.
    if (this.#freeSeen() < wanted) return true;
    this.atomics.store(this.words, RING.WANT_ROOM, 0);
    return false;
  }

  /** Bytes that the slowest reader has not freed yet, committed ones included. */
  get usedBytes(): number {
    this.#look();
    return this.#capacity - this.#freeSeen();
  }

  /** Lets go of the ring; another producer may attach. */
  detach(): void {
    this.atomics.compareExchange(this.words, RING.PRODUCER, this.#owner, 0);
  }

  /** Asks for the lines of the free bytes after `end`, by a store into the first word of each: nobody reads them. */
  #askForLines(end: number): void {
    const free = (this.#limitSeen - end) | 0;
    const readyUntil = (end + Math.min(free, AHEAD_BYTES)) | 0;
    const firstLine = (end + LINE_BYTES - 1) & ~(LINE_BYTES - 1); // The line in which the claim ends may hold frames.
    for (let at = firstLine; ((readyUntil - at) | 0) > 0; at = (at + LINE_BYTES) | 0) {
      this.words[(this.#dataByte + (at & this.#mask)) >> 2] = 0;
    }
    this.#readyUntil = readyUntil;
  }

  #freeSeen(): number {
    return (this.#limitSeen - this.#tail) | 0;
  }

  #look(): void {
    const gate = this.loadGate();
    // A gate ahead of us is a damaged word. Keeping the old one looks full: nothing is overwritten on its account.
    if (((this.#tail - gate) | 0) < 0) this.atomics.store(this.words, RING.QUARANTINED, 1);
    else this.#limitSeen = (gate + this.#capacity) | 0;
  }

  #totalOf(payloadBytes: number): number {
    if (payloadBytes >>> 0 === payloadBytes && payloadBytes <= this.frameBytesMax) return frameTotal(payloadBytes);
    const allowed = `it must be a whole number from 0 to ${this.frameBytesMax}`;
    throw rangeError('ERR_QUORATE_FRAME_TOO_LARGE', `Cannot send a frame of ${payloadBytes} bytes: ${allowed}`);
  }
}
