// A ring of frames between one producer thread and one consumer thread, in shared memory.
//
// Trade-offs: full means full (a claim answers -1, nothing is overwritten, nothing blocks), and the memory reserved is
// twice the capacity (see layout.ts), in exchange for frames that are contiguous on both sides. A producer that is
// killed at any instruction leaves nothing that a reader can see, because frames appear by one store of TAIL, last.
import { assert } from '../base/assert.ts';
import { FrameProducer } from './frame-producer.ts';
import {
  assertRing,
  checkCapacity,
  claimOwner,
  frameTotal,
  initialiseWords,
  isSpan,
  quarantine,
  readHeader,
  takeWantRoom,
} from './frame.ts';
import { FRAME_HEADER_BYTES, HELD, POSITION_MASK, RING, RING_MAGIC } from './layout.ts';
import { sharedMemory } from './memory.ts';
import type { AtomicOperations, SharedMemory } from './memory.ts';

// Copies of imports for the path of a frame: see frame-producer.ts.
const { DATA_BYTE, IN_HAND } = RING;
const HEADER_BYTES = FRAME_HEADER_BYTES;
const HELD_BIT = HELD;
const totalOf = frameTotal;
const lengthAt = readHeader;

/**
 * Allocates a ring. Any thread; the memory is then given to one {@link RingProducer} and one {@link RingConsumer}.
 *
 * @param capacityBytes a power of two from 64 to 2^28; a frame takes its payload, rounded up to 8 bytes, and 8 more.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when the capacity is not allowed.
 */
export function createRing(capacityBytes: number): SharedMemory {
  checkCapacity(capacityBytes);
  const memory = sharedMemory(new SharedArrayBuffer(RING.DATA_BYTE + 2 * capacityBytes));
  initialiseRing(memory, capacityBytes);
  return memory;
}

/** Writes an empty ring into memory that nobody uses yet; indices start at `start` (tests put it before a wrap). */
export function initialiseRing(memory: SharedMemory, capacityBytes: number, start = 0): void {
  memory.words.fill(0, 0, RING.DATA_BYTE >> 2);
  initialiseWords(memory, RING_MAGIC, capacityBytes, start);
}

/** The producer's end: one thread at a time, enforced by the owner word. */
export class RingProducer extends FrameProducer {
  /**
   * Attaches the calling thread as producer; resumes at the published tail.
   *
   * @param owner a number other than 0 that names the thread.
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another producer is attached.
   */
  constructor(memory: SharedMemory, owner: number) {
    assertRing(memory, RING_MAGIC, RING.DATA_BYTE);
    super(memory, owner, RING.DATA_BYTE);
  }

  protected override loadGate(): number {
    return this.atomics.load(this.words, RING.HEAD);
  }
}

/** What a consumer does with the frame that a dead predecessor had in hand: handle it again, or pass it over. */
export type InHandPolicy = 'redeliver' | 'skip';

/** The consumer's end: one thread at a time, enforced by the owner word. */
export class RingConsumer {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Length of the frame that {@link next} returned last, in bytes. */
  frameBytes = 0;
  /** Where the frame lies that was skipped by policy, `frameBytes` long, until {@link free}; -1 when none was. */
  readonly skippedAt: number;
  readonly #memory: SharedMemory;
  readonly #atomics: AtomicOperations;
  // Numbers from the start: see frame-producer.ts.
  readonly #capacity: number = 0;
  readonly #mask: number = 0;
  readonly #owner: number = 0;
  /** First byte of the next frame. */
  #cursor = 0;
  /** TAIL as last loaded: may be stale, and is then too small, so that we only ever think "empty" too early. */
  #tailSeen = 0;
  /** HEAD as last stored. */
  #freed = 0;
  /** A damaged ring answers nothing more. */
  #isQuarantined = false;

  /**
   * Attaches the calling thread as consumer; starts at the frame that its predecessor had in hand, if any.
   *
   * @param owner a number other than 0 that names the thread.
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another consumer is attached; `ERR_QUORATE_FRAME` when the
   *   ring is damaged.
   */
  constructor(memory: SharedMemory, owner: number, policy: InHandPolicy = 'redeliver') {
    assertRing(memory, RING_MAGIC, RING.DATA_BYTE);
    claimOwner(memory, { word: RING.CONSUMER, owner, side: 'consumer' });
    const { words, atomics } = memory;
    this.#memory = memory;
    this.words = words;
    this.bytes = memory.bytes;
    this.#atomics = atomics;
    this.#owner = owner;
    this.#capacity = words[RING.CAPACITY]!;
    this.#mask = this.#capacity - 1;
    const inHand = words[RING.IN_HAND]!;
    this.#freed = atomics.load(words, RING.HEAD);
    this.#cursor = this.#tailSeen = inHand & POSITION_MASK;
    this.#isQuarantined = atomics.load(words, RING.QUARANTINED) !== 0;
    try {
      if (!isSpan((this.#cursor - this.#freed) | 0, this.#capacity)) this.#fail();
      this.skippedAt = policy === 'skip' && (inHand & HELD) !== 0 ? this.next() : -1;
    } catch (error) {
      this.detach();
      throw error;
    }
    if (this.skippedAt >= 0) words[RING.IN_HAND] = this.#cursor; // It is in nobody's hand now.
  }

  /**
   * Takes the next frame in hand; the one before is thereby handled. Its bytes stay until {@link free}.
   *
   * @returns the byte offset of its payload in {@link bytes}, or -1 when the ring is empty.
   * @throws {QuorateError} `ERR_QUORATE_FRAME` when the header is not one that a producer wrote; the ring is then
   *   quarantined and answers nothing more.
   */
  next(): number {
    const start = this.nextSeen();
    return start < 0 && this.look() ? this.nextSeen() : start;
  }

  /**
   * {@link next} for the inner loop of a batch: it takes only frames that {@link look} saw, so that a loop around it
   * calls nothing (see `claimReady` of the producer).
   *
   * @returns the byte offset of the payload, or -1 when none that was seen is left.
   * @throws {QuorateError} `ERR_QUORATE_FRAME`, as {@link next}.
   */
  nextSeen(): number {
    const cursor = this.#cursor;
    const unread = (this.#tailSeen - cursor) | 0;
    if (unread === 0) return -1;
    const words = this.words;
    const index = (DATA_BYTE + (cursor & this.#mask)) >> 2;
    const length = lengthAt(words, index, unread);
    if (length < 0) this.#fail();
    this.#cursor = (cursor + totalOf(length)) | 0;
    this.frameBytes = length;
    words[IN_HAND] = cursor | HELD_BIT; // A plain store: only a successor reads it, after this thread's exit was seen.
    return (index << 2) + HEADER_BYTES;
  }

  /**
   * Frees all frames taken so far, by one store: call it once per batch, when they are handled.
   *
   * @returns `true` when the producer waits for room and now has it: ring its doorbell.
   */
  free(): boolean {
    if (this.#freed !== this.#cursor) {
      this.words[RING.IN_HAND] = this.#freed = this.#cursor; // First: a successor starts there, never before HEAD.
      // One store frees the whole batch, so the producer pays one cache miss per batch, not per frame.
      this.#atomics.store(this.words, RING.HEAD, this.#cursor);
    }
    // Also when nothing was freed: a predecessor may have been killed between its store of HEAD and this look.
    return takeWantRoom(this.#memory, this.#cursor);
  }

  /** Whether a frame is waiting; may turn true at any time. */
  hasNext(): boolean {
    return this.#cursor !== this.#tailSeen || this.look();
  }

  /**
   * Looks for frames that were published since, when all that were seen are taken; the frame before is thereby handled.
   *
   * @returns whether there are any.
   * @throws {QuorateError} `ERR_QUORATE_FRAME` when the tail is not one that a producer wrote.
   */
  look(): boolean {
    const cursor = this.#cursor;
    this.words[RING.IN_HAND] = cursor; // Nothing is in hand.
    if (this.#isQuarantined) return false;
    const tail = this.#atomics.load(this.words, RING.TAIL);
    if (!isSpan((tail - cursor) | 0, this.#capacity)) this.#fail();
    this.#tailSeen = tail;
    return tail !== cursor;
  }

  /** Lets go of the ring; another consumer may attach. */
  detach(): void {
    this.#atomics.compareExchange(this.words, RING.CONSUMER, this.#owner, 0);
  }

  #fail(): never {
    this.#isQuarantined = true;
    this.#tailSeen = this.#cursor;
    throw quarantine(this.#memory, this.#cursor);
  }
}

/** Whether somebody found the ring damaged; it then needs {@link resetRing}, or {@link skipToTail}. Any thread. */
export function isQuarantined({ words, atomics }: SharedMemory): boolean {
  return atomics.load(words, RING.QUARANTINED) !== 0;
}

/** Empties a ring whose both ends are detached, and counts it. Nobody may attach meanwhile. */
export function resetRing(memory: SharedMemory): void {
  const { words, atomics } = memory;
  const isUnused = atomics.load(words, RING.PRODUCER) === 0 && atomics.load(words, RING.CONSUMER) === 0;
  assert(isUnused, 'A ring is reset when nobody is attached');
  const resets = (words[RING.RESETS]! + 1) | 0;
  initialiseRing(memory, words[RING.CAPACITY]!);
  words[RING.RESETS] = resets;
}

/** Times that the ring was reset, modulo 2^32. Any thread. */
export function resetCount({ words, atomics }: SharedMemory): number {
  return atomics.load(words, RING.RESETS);
}

/** Bytes published and not yet freed, as any thread may ask at any time; a moment's view. */
export function unreadBytes({ words, atomics }: SharedMemory): number {
  const head = atomics.load(words, RING.HEAD); // Before TAIL, which only grows: the difference is never negative.
  return (atomics.load(words, RING.TAIL) - head) | 0;
}

/** Claims that found the ring full, since it was made or reset; modulo 2^32. */
export function fullCount({ words, atomics }: SharedMemory): number {
  return atomics.load(words, RING.FULL_COUNT);
}

/**
 * Drops what is unread where the ring is quarantined, or always when `isAlways`; frames published later are kept. For a
 * successor of the consumer, before it attaches; the producer may be alive.
 *
 * @returns whether anything was dropped. A producer that waits for room is rung by the successor's first `free()`.
 */
export function skipToTail({ words, atomics }: SharedMemory, isAlways: boolean): boolean {
  if (!isAlways && atomics.load(words, RING.QUARANTINED) === 0) return false;
  const tail = atomics.load(words, RING.TAIL);
  atomics.store(words, RING.QUARANTINED, 0);
  words[RING.IN_HAND] = tail;
  return atomics.exchange(words, RING.HEAD, tail) !== tail;
}

/** Frees the end that a dead thread held: call it only after that thread's exit was seen. */
export function evictOwner({ words, atomics }: SharedMemory, side: 'producer' | 'consumer', owner: number): boolean {
  const word = side === 'producer' ? RING.PRODUCER : RING.CONSUMER;
  return atomics.compareExchange(words, word, owner, 0) === owner;
}
