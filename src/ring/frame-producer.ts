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

/** The producer's end: one thread at a time, enforced by the owner word. */
export abstract class FrameProducer {
  /** The views to write a claimed frame through. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Longest payload that this ring can ever take, in bytes. */
  readonly frameBytesMax: number;
  protected readonly atomics: AtomicOperations;
  readonly #dataByte: number;
  readonly #capacity: number;
  readonly #mask: number;
  readonly #owner: number;
  /** Next byte to write. Invariant: TAIL is this or an earlier commit. */
  #tail: number;
  /** End of the claim under way, the tail when there is none. */
  #end: number;
  /** The gate as last loaded, plus the capacity. When stale it is too small, so that we only think "full" too early. */
  #limitSeen: number;
  /** TAIL as last stored. */
  #published: number;

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
    this.#limitSeen = this.#tail; // Looks full, so that the first claim loads the gate.
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
    const tail = this.#tail;
    const end = (tail + totalOf(payloadBytes)) | 0;
    // What is no length may look as if it fitted: the comparison with itself as an unsigned word finds it.
    const isLength = payloadBytes >>> 0 === payloadBytes && payloadBytes <= this.frameBytesMax;
    if ((!isLength || ((this.#limitSeen - end) | 0) < 0) && !this.#makeRoom(payloadBytes)) return -1;
    const index = (this.#dataByte + (tail & this.#mask)) >> 2;
    this.words[index] = payloadBytes;
    this.words[index + 1] = payloadBytes ^ SEAL;
    this.#end = end;
    return (index << 2) + HEADER_BYTES;
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

  /** Looks at the readers again: a cache miss, only when our stale copy says full. */
  #makeRoom(payloadBytes: number): boolean {
    const total = this.#totalOf(payloadBytes);
    this.#look();
    if (total <= this.#freeSeen()) return true;
    this.words[RING.FULL_COUNT] = (this.words[RING.FULL_COUNT]! + 1) | 0;
    return false;
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
    if (payloadBytes >= 0 && payloadBytes <= this.frameBytesMax) return frameTotal(payloadBytes);
    const allowed = `it must be from 0 to ${this.frameBytesMax} bytes`;
    throw rangeError('ERR_QUORATE_FRAME_TOO_LARGE', `Cannot send a frame of ${payloadBytes} bytes: ${allowed}`);
  }
}
