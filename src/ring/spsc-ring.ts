// A ring of frames between one producer thread and one consumer thread, in shared memory.
//
// Trade-offs: full means full (a claim answers -1, nothing is overwritten, nothing blocks), and the memory reserved is
// twice the capacity (see layout.ts), in exchange for frames that are contiguous on both sides. A producer that is
// killed at any instruction leaves nothing that a reader can see, because frames appear by one store of TAIL, last.
import { assert } from '../base/assert.ts';
import { QuorateError, integerOption, rangeError } from '../base/errors.ts';
import { RING_BYTES_MAX, RING_BYTES_MIN } from '../base/limits.ts';
import { FRAME_HEADER_BYTES, FRAME_SEAL, RING, RING_MAGIC } from './layout.ts';
import { sharedMemory } from './memory.ts';
import type { AtomicOperations, SharedMemory } from './memory.ts';

/**
 * Allocates a ring. Any thread; the memory is then given to one {@link RingProducer} and one {@link RingConsumer}.
 *
 * @param capacityBytes a power of two from 64 to 2^28; a frame takes its payload, rounded up to 8 bytes, and 8 more.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when the capacity is not allowed.
 */
export function createRing(capacityBytes: number): SharedMemory {
  integerOption('ring capacity', capacityBytes, { min: RING_BYTES_MIN, max: RING_BYTES_MAX });
  if ((capacityBytes & (capacityBytes - 1)) !== 0) {
    throw rangeError(
      'ERR_QUORATE_INVALID_ARGUMENT',
      `Cannot use ring capacity ${capacityBytes}: it must be a power of 2`,
    );
  }
  const memory = sharedMemory(new SharedArrayBuffer(RING.DATA_BYTE + 2 * capacityBytes));
  initialiseRing(memory, capacityBytes);
  return memory;
}

/** Writes an empty ring into memory that nobody uses yet; indices start at `start` (tests put it before a wrap). */
export function initialiseRing({ words }: SharedMemory, capacityBytes: number, start = 0): void {
  assert((start & 7) === 0, 'Indices are multiples of 8');
  words.fill(0, 0, RING.DATA_BYTE >> 2);
  words[RING.CAPACITY] = capacityBytes;
  words[RING.FRAME_BYTES_MAX] = capacityBytes - FRAME_HEADER_BYTES;
  words[RING.TAIL] = words[RING.HEAD] = words[RING.IN_HAND] = start | 0;
  words[RING.MAGIC] = RING_MAGIC;
}

/** The producer's end: one thread at a time, enforced by the owner word. */
export class RingProducer {
  /** The views to write a claimed frame through. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Longest payload that this ring can ever take, in bytes. */
  readonly frameBytesMax: number;
  readonly #atomics: AtomicOperations;
  readonly #capacity: number;
  readonly #mask: number;
  readonly #owner: number;
  /** Next byte to write. Invariant: TAIL is this or an earlier commit. */
  #tail: number;
  /** Length of the claim under way, 0 when none. */
  #claimed = 0;
  /** HEAD as last loaded: may be stale, and is then too small, so that we only ever think "full" too early. */
  #headSeen: number;
  /** TAIL as last stored. */
  #published: number;

  /**
   * Attaches the calling thread as producer; resumes at the published tail.
   *
   * @param owner a number other than 0 that names the thread.
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another producer is attached.
   */
  constructor(memory: SharedMemory, owner: number) {
    assertRing(memory);
    claimOwner(memory, { word: RING.PRODUCER, owner, side: 'producer' });
    this.words = memory.words;
    this.bytes = memory.bytes;
    this.#atomics = memory.atomics;
    this.#owner = owner;
    this.#capacity = memory.words[RING.CAPACITY]!;
    this.#mask = this.#capacity - 1;
    this.frameBytesMax = memory.words[RING.FRAME_BYTES_MAX]!;
    this.#tail = this.#published = memory.atomics.load(memory.words, RING.TAIL);
    this.#headSeen = memory.atomics.load(memory.words, RING.HEAD);
  }

  /**
   * Reserves a frame; write its payload, then {@link commit}. A claim that is not committed is simply claimed again.
   *
   * @returns the byte offset of the payload in {@link bytes} (a multiple of 8), or -1 when the ring is full.
   * @throws {RangeError} `ERR_QUORATE_FRAME_TOO_LARGE` when the ring could never take it.
   */
  claim(payloadBytes: number): number {
    const total = (payloadBytes + FRAME_HEADER_BYTES + 7) & ~7;
    if (total > this.#freeSeen()) {
      if (payloadBytes > this.frameBytesMax) throw this.#tooLarge(payloadBytes);
      this.#headSeen = this.#atomics.load(this.words, RING.HEAD); // A cache miss: only when our stale copy says full.
      if (total > this.#freeSeen()) {
        this.words[RING.FULL_COUNT] = (this.words[RING.FULL_COUNT]! + 1) | 0;
        return -1;
      }
    }
    const start = RING.DATA_BYTE + (this.#tail & this.#mask);
    this.words[start >> 2] = payloadBytes;
    this.words[(start >> 2) + 1] = payloadBytes ^ FRAME_SEAL;
    this.#claimed = total;
    return start + FRAME_HEADER_BYTES;
  }

  /** The claimed frame is complete; the consumer sees it after the next {@link publish}. */
  commit(): void {
    this.#tail = (this.#tail + this.#claimed) | 0;
    this.#claimed = 0;
  }

  /** Shows all committed frames to the consumer, by one store; `false` when there were none. Never blocks. */
  publish(): boolean {
    if (this.#published === this.#tail) return false;
    this.#published = this.#tail;
    this.#atomics.store(this.words, RING.TAIL, this.#tail); // Last: the consumer loads TAIL before it looks at bytes.
    return true;
  }

  /** Whether a payload of `payloadBytes` fits now; may turn true at any time, never false but by our own claims. */
  hasRoomFor(payloadBytes: number): boolean {
    const total = (payloadBytes + FRAME_HEADER_BYTES + 7) & ~7;
    if (total <= this.#freeSeen()) return true;
    this.#headSeen = this.#atomics.load(this.words, RING.HEAD);
    return total <= this.#freeSeen();
  }

  /**
   * Asks the consumer to ring back when at least half of the ring is free.
   *
   * @returns `false` when it already is: look again instead of waiting.
   */
  wantRoom(): boolean {
    this.#atomics.store(this.words, RING.WANT_ROOM, 1);
    // Looked at after the flag is up, so that either we see the room or the consumer sees the flag.
    this.#headSeen = this.#atomics.load(this.words, RING.HEAD);
    if (this.#freeSeen() * 2 < this.#capacity) return true;
    this.#atomics.store(this.words, RING.WANT_ROOM, 0);
    return false;
  }

  /** Bytes that the consumer has not freed yet, committed ones included. */
  get usedBytes(): number {
    this.#headSeen = this.#atomics.load(this.words, RING.HEAD);
    return this.#capacity - this.#freeSeen();
  }

  /** Lets go of the ring; another producer may attach. */
  detach(): void {
    this.#atomics.compareExchange(this.words, RING.PRODUCER, this.#owner, 0);
  }

  #freeSeen(): number {
    return this.#capacity - ((this.#tail - this.#headSeen) | 0);
  }

  #tooLarge(payloadBytes: number): RangeError {
    const allowed = `it must be at most ${this.frameBytesMax} bytes`;
    return rangeError('ERR_QUORATE_FRAME_TOO_LARGE', `Cannot send a frame of ${payloadBytes} bytes: ${allowed}`);
  }
}

/** What a consumer does with the frame that a dead predecessor had in hand. */
export type InHandPolicy = 'redeliver' | 'skip';

/** The consumer's end: one thread at a time, enforced by the owner word. */
export class RingConsumer {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Length of the frame that {@link next} returned last, in bytes. */
  frameBytes = 0;
  readonly #atomics: AtomicOperations;
  readonly #capacity: number;
  readonly #mask: number;
  readonly #owner: number;
  /** First byte of the next frame. */
  #cursor: number;
  /** TAIL as last loaded: may be stale, and is then too small, so that we only ever think "empty" too early. */
  #tailSeen: number;
  /** HEAD as last stored. */
  #freed: number;

  /**
   * Attaches the calling thread as consumer; starts at the frame that its predecessor had in hand.
   *
   * @param owner a number other than 0 that names the thread.
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another consumer is attached.
   */
  constructor(memory: SharedMemory, owner: number, policy: InHandPolicy = 'redeliver') {
    assertRing(memory);
    claimOwner(memory, { word: RING.CONSUMER, owner, side: 'consumer' });
    this.words = memory.words;
    this.bytes = memory.bytes;
    this.#atomics = memory.atomics;
    this.#owner = owner;
    this.#capacity = memory.words[RING.CAPACITY]!;
    this.#mask = this.#capacity - 1;
    this.#freed = memory.atomics.load(memory.words, RING.HEAD);
    this.#tailSeen = memory.atomics.load(memory.words, RING.TAIL);
    this.#cursor = memory.atomics.load(memory.words, RING.IN_HAND);
    if (policy === 'skip' && this.next() >= 0) this.words[RING.IN_HAND] = this.#cursor;
  }

  /**
   * Takes the next frame in hand; the one before is thereby handled. Its bytes stay until {@link free}.
   *
   * @returns the byte offset of its payload in {@link bytes}, or -1 when the ring is empty.
   * @throws {QuorateError} `ERR_QUORATE_FRAME` when the header is not one that a producer wrote; the ring is then
   *   quarantined and answers nothing more.
   */
  next(): number {
    const cursor = this.#cursor;
    // A plain store: it is read only by a successor, after this thread's exit was seen.
    this.words[RING.IN_HAND] = cursor;
    if (cursor === this.#tailSeen) {
      this.#tailSeen = this.#atomics.load(this.words, RING.TAIL);
      if (cursor === this.#tailSeen) return -1;
    }
    const start = RING.DATA_BYTE + (cursor & this.#mask);
    const length = this.words[start >> 2]!;
    const total = (length + FRAME_HEADER_BYTES + 7) & ~7;
    const isSealed = this.words[(start >> 2) + 1] === (length ^ FRAME_SEAL);
    const unread = (this.#tailSeen - cursor) | 0;
    if (!isSealed || length < 0 || total > unread || unread > this.#capacity) throw this.#quarantine(length);
    this.#cursor = (cursor + total) | 0;
    this.frameBytes = length;
    return start + FRAME_HEADER_BYTES;
  }

  /**
   * Frees all frames taken so far, by one store: call it once per batch, when they are handled.
   *
   * @returns `true` when the producer waits for room and now has it: ring its doorbell.
   */
  free(): boolean {
    this.words[RING.IN_HAND] = this.#cursor;
    if (this.#freed === this.#cursor) return false;
    this.#freed = this.#cursor;
    // One store frees the whole batch, so the producer pays one cache miss per batch, not per frame.
    this.#atomics.store(this.words, RING.HEAD, this.#cursor);
    if (this.#atomics.load(this.words, RING.WANT_ROOM) === 0) return false;
    const used = (this.#atomics.load(this.words, RING.TAIL) - this.#cursor) | 0;
    if (used * 2 > this.#capacity) return false;
    return this.#atomics.exchange(this.words, RING.WANT_ROOM, 0) !== 0;
  }

  /** Whether a frame is waiting; may turn true at any time. */
  hasNext(): boolean {
    if (this.#cursor !== this.#tailSeen) return true;
    this.#tailSeen = this.#atomics.load(this.words, RING.TAIL);
    return this.#cursor !== this.#tailSeen;
  }

  /** Lets go of the ring; another consumer may attach. */
  detach(): void {
    this.#atomics.compareExchange(this.words, RING.CONSUMER, this.#owner, 0);
  }

  #quarantine(length: number): QuorateError {
    this.#atomics.store(this.words, RING.QUARANTINED, 1);
    this.#tailSeen = this.#cursor;
    const fields = { length, cursor: this.#cursor };
    return new QuorateError('ERR_QUORATE_FRAME', `Cannot read a frame of length ${length}: its header is damaged`, {
      fields,
    });
  }
}

/** Bytes published and not yet freed, as any thread may ask at any time; a moment's view. */
export function unreadBytes({ words, atomics }: SharedMemory): number {
  const head = atomics.load(words, RING.HEAD); // Before TAIL, which only grows: the difference is never negative.
  return (atomics.load(words, RING.TAIL) - head) | 0;
}

/** Claims that found the ring full, since it was made. */
export function fullCount({ words, atomics }: SharedMemory): number {
  return atomics.load(words, RING.FULL_COUNT);
}

/**
 * Drops what is unread where the ring is quarantined, or always when `isAlways`; frames published later are kept. For a
 * successor of the consumer, before it attaches; the producer may be alive.
 *
 * @returns whether anything was dropped.
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

interface OwnerClaim {
  readonly word: number;
  readonly owner: number;
  readonly side: string;
}

function claimOwner({ words, atomics }: SharedMemory, { word, owner, side }: OwnerClaim): void {
  assert(owner !== 0, 'An owner is a number other than 0');
  const present = atomics.compareExchange(words, word, 0, owner);
  if (present === 0) return;
  throw new QuorateError('ERR_QUORATE_RING_OWNED', `Cannot attach ${side} ${owner}: ${present} is attached`, {
    fields: { side, owner, present },
  });
}

function assertRing({ words }: SharedMemory): void {
  assert(words[RING.MAGIC] === RING_MAGIC, 'The memory holds a ring');
}
