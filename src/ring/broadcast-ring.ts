// A ring of frames from one producer thread to many readers: each frame is written once, and each reader reads all.
//
// Trade-offs: the slowest attached cursor holds the producer back, so that nothing is overwritten under a reader that
// is attached. What must not wait for a reader detaches its cursor: that reader loses its place, notices, and joins
// again at the tail; catching up on what it missed is its caller's business.
//
// Why a detached reader never takes overwritten bytes for a frame: a cursor is one word, position and state. Detaching
// is a read-modify-write of it that comes before the producer's look at it, which comes before the overwriting. A
// reader confirms by a read-modify-write of the same word, after it has read the bytes: if that finds the word
// untouched, it came before the detaching, and so did the reading. (A plain load would not do: loads may be reordered
// before it.) A cursor that was attached anew stands at the tail: the same word only where nothing was missed, or after
// exactly 4 GiB.
import { integerOption } from '../base/errors.ts';
import { READERS_MAX } from '../base/limits.ts';
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
import {
  ATTACHED,
  BROADCAST,
  BROADCAST_MAGIC,
  CURSOR_STATE_MASK,
  DETACHED,
  FRAME_HEADER_BYTES,
  JOINING,
  LINE_WORDS,
  POSITION_MASK,
  RING,
} from './layout.ts';
import { sharedMemory } from './memory.ts';
import type { AtomicOperations, SharedMemory } from './memory.ts';

/** The sizes of a broadcast ring. */
export interface BroadcastRingOptions {
  /** A power of two from 64 to 2^28; a frame takes its payload, rounded up to 8 bytes, and 8 more. */
  readonly capacityBytes: number;
  /** Most readers, from 1 to 31. */
  readonly readers: number;
}

/**
 * Allocates a broadcast ring. Any thread; the memory is then given to one {@link BroadcastProducer} and its readers.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a size is not allowed.
 */
export function createBroadcastRing(options: BroadcastRingOptions): SharedMemory {
  checkCapacity(options.capacityBytes);
  integerOption('readers', options.readers, { min: 1, max: READERS_MAX });
  const memory = sharedMemory(new SharedArrayBuffer(dataByteOf(options.readers) + 2 * options.capacityBytes));
  initialiseBroadcastRing(memory, options);
  return memory;
}

/** Writes an empty ring into memory that nobody uses yet; indices start at `start` (tests put it before a wrap). */
export function initialiseBroadcastRing(memory: SharedMemory, options: BroadcastRingOptions, start = 0): void {
  memory.words.fill(0, 0, dataByteOf(options.readers) >> 2);
  memory.words[RING.READERS] = options.readers;
  initialiseWords(memory, BROADCAST_MAGIC, options.capacityBytes, start);
}

/** The producer's end: one thread at a time, enforced by the owner word. */
export class BroadcastProducer extends FrameProducer {
  /**
   * Attaches the calling thread as producer; resumes at the published tail.
   *
   * @param owner a number other than 0 that names the thread.
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another producer is attached.
   */
  constructor(memory: SharedMemory, owner: number) {
    assertBroadcastRing(memory);
    super(memory, owner, dataByteOf(memory.words[RING.READERS]!));
  }

  protected override loadGate(): number {
    return loadSlowest(this.words, this.atomics);
  }
}

/** One reader's end: one thread at a time, enforced by the owner word. */
export class BroadcastReader {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Length of the frame that {@link next} returned last, in bytes. */
  frameBytes = 0;
  readonly #memory: SharedMemory;
  readonly #atomics: AtomicOperations;
  readonly #reader: number;
  readonly #owner: number;
  readonly #word: number;
  readonly #dataByte: number;
  readonly #capacity: number;
  readonly #mask: number;
  /** CURSOR as this reader left it. Invariant: while it is still so, nothing after it was overwritten. */
  #mine = DETACHED;
  /** First byte of the next frame. */
  #cursor = 0;
  /** TAIL as last loaded: may be stale, and is then too small, so that we only ever think "empty" too early. */
  #tailSeen = 0;

  /**
   * Attaches the calling thread: at the place that its cursor has (a supervisor may have attached it before this thread
   * began), else at the tail, where it reads what is published from now on.
   *
   * @param reader its index, from 0.
   * @param owner a number other than 0 that names the thread.
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another thread reads under this index.
   */
  constructor(memory: SharedMemory, reader: number, owner: number) {
    assertBroadcastRing(memory);
    const { words, atomics } = memory;
    const readers = words[RING.READERS]!;
    integerOption('reader', reader, { min: 0, max: readers - 1 });
    this.#word = cursorOf(reader);
    claimOwner(memory, { word: ownerOf(reader), owner, side: 'reader' });
    this.#memory = memory;
    this.words = words;
    this.bytes = memory.bytes;
    this.#atomics = atomics;
    this.#reader = reader;
    this.#owner = owner;
    this.#dataByte = dataByteOf(readers);
    this.#capacity = words[RING.CAPACITY]!;
    this.#mask = this.#capacity - 1;
    this.rejoin();
  }

  /** Whether the reader has its place; when it has not, it missed frames, and {@link rejoin} gives it a new one. */
  get isAttached(): boolean {
    return this.#mine !== DETACHED && this.#atomics.load(this.words, this.#word) === this.#mine;
  }

  /**
   * Reads on. {@link confirm} before acting on the bytes: once for a batch will do. They stay until {@link free}.
   *
   * @returns the byte offset of the next payload in {@link bytes}, or -1 when there is none or the place is lost.
   * @throws {QuorateError} `ERR_QUORATE_FRAME` when the header is not one that a producer wrote; the reader is then
   *   detached, and the ring is quarantined.
   */
  next(): number {
    if (!this.isAttached) return -1;
    const cursor = this.#cursor;
    if (cursor === this.#tailSeen && !this.#look()) return -1;
    const index = (this.#dataByte + (cursor & this.#mask)) >> 2;
    const length = readHeader(this.words, index, (this.#tailSeen - cursor) | 0);
    if (length < 0) return this.#fail();
    this.#cursor = (cursor + frameTotal(length)) | 0;
    this.frameBytes = length;
    return (index << 2) + FRAME_HEADER_BYTES;
  }

  /** Whether all bytes that were read since the last {@link free} were those of the frames. Else forget them. */
  confirm(): boolean {
    if (this.#mine === DETACHED) return false;
    return this.#atomics.compareExchange(this.words, this.#word, this.#mine, this.#mine) === this.#mine;
  }

  /**
   * Frees all frames read so far: call it once per batch. Frees nothing when the place is lost.
   *
   * @returns `true` when the producer waits for room and now has it: ring its doorbell.
   */
  free(): boolean {
    if (this.#mine === DETACHED) return false;
    const next = this.#cursor | ATTACHED;
    if (this.#atomics.compareExchange(this.words, this.#word, this.#mine, next) !== this.#mine) return false;
    this.#mine = next;
    return wakesProducer(this.#memory);
  }

  /**
   * Takes a new place after the old one was lost: where a supervisor has put the cursor, else at the tail.
   *
   * @returns `false` when it was taken away again meanwhile.
   */
  rejoin(): boolean {
    if (this.isAttached) return true;
    attachReader(this.#memory, this.#reader);
    const word = this.#atomics.load(this.words, this.#word);
    this.#mine = (word & CURSOR_STATE_MASK) === ATTACHED ? word : DETACHED;
    this.#cursor = this.#tailSeen = word & POSITION_MASK;
    return this.#mine !== DETACHED;
  }

  /**
   * Lets go of the ring; another thread may read under this index.
   *
   * @returns `true` when the producer waits for room and now has it: ring its doorbell.
   */
  detach(): boolean {
    this.#mine = DETACHED;
    const wakes = detachReader(this.#memory, this.#reader);
    this.#atomics.compareExchange(this.words, ownerOf(this.#reader), this.#owner, 0);
    return wakes;
  }

  #look(): boolean {
    const tail = this.#atomics.load(this.words, RING.TAIL);
    if (!isSpan((tail - this.#cursor) | 0, this.#capacity)) return this.#fail() >= 0;
    this.#tailSeen = tail;
    return tail !== this.#cursor;
  }

  /** Leaves the place without a look at who waits for room: the next `free()` or detaching does that. */
  #leave(): void {
    this.#mine = DETACHED;
    this.#atomics.and(this.words, this.#word, POSITION_MASK);
  }

  /** What looks damaged is so only if nobody detached us: else it was overwritten. */
  #fail(): -1 {
    if (!this.confirm()) return -1;
    this.#leave();
    throw quarantine(this.#memory, this.#cursor);
  }
}

/**
 * Takes a reader's place away, so that it holds the producer back no longer: it is dead, hung or far behind. Any
 * thread.
 *
 * @returns `true` when the producer waits for room and now has it: ring its doorbell.
 */
export function detachReader(memory: SharedMemory, reader: number): boolean {
  memory.atomics.and(memory.words, cursorOf(reader), POSITION_MASK);
  return wakesProducer(memory);
}

/**
 * Gives a detached reader a place at the tail. Any thread; the reader takes it with `rejoin()`.
 *
 * @returns `false` when it has a place, or somebody is giving it one.
 */
export function attachReader({ words, atomics }: SharedMemory, reader: number): boolean {
  const cursor = cursorOf(reader);
  const detached = atomics.load(words, cursor);
  if ((detached & CURSOR_STATE_MASK) !== DETACHED) return false;
  // In two steps, since the producer may run on between our look at TAIL and our store. Every look of the producer at
  // the cursors that missed the first step was over by then, and let it write on a gate that is no later than the TAIL
  // that the second step loads: from there on nothing is overwritten.
  const joining = atomics.load(words, RING.TAIL) | JOINING;
  if (atomics.compareExchange(words, cursor, detached, joining) !== detached) return false;
  return atomics.compareExchange(words, cursor, joining, atomics.load(words, RING.TAIL) | ATTACHED) === joining;
}

/** Frees the index of a dead reader and detaches it: call it only after that thread's exit was seen. */
export function evictReader(memory: SharedMemory, reader: number, owner: number): boolean {
  if (memory.atomics.load(memory.words, ownerOf(reader)) !== owner) return false;
  detachReader(memory, reader);
  return memory.atomics.compareExchange(memory.words, ownerOf(reader), owner, 0) === owner;
}

/** Bytes that a reader is behind the published tail, -1 when it is detached. Any thread; a moment's view. */
export function readerLagBytes({ words, atomics }: SharedMemory, reader: number): number {
  const cursor = atomics.load(words, cursorOf(reader)); // Before TAIL, which only grows.
  if ((cursor & CURSOR_STATE_MASK) === DETACHED) return -1;
  return (atomics.load(words, RING.TAIL) - (cursor & POSITION_MASK)) | 0;
}

function cursorOf(reader: number): number {
  return BROADCAST.READERS_LINE + reader * LINE_WORDS + BROADCAST.CURSOR;
}

function ownerOf(reader: number): number {
  return BROADCAST.READERS_LINE + reader * LINE_WORDS + BROADCAST.READER;
}

function dataByteOf(readers: number): number {
  return 4 * (BROADCAST.READERS_LINE + readers * LINE_WORDS);
}

function assertBroadcastRing(memory: SharedMemory): void {
  assertRing(memory, BROADCAST_MAGIC, dataByteOf(memory.words[RING.READERS]!));
}

/** Position of the slowest cursor that is attached or joining, the published tail when none is. */
function loadSlowest(words: Int32Array, atomics: AtomicOperations): number {
  const tail = atomics.load(words, RING.TAIL);
  const readers = words[RING.READERS]!;
  let furthest = 0;
  for (let reader = 0; reader < readers; reader++) {
    const cursor = atomics.load(words, cursorOf(reader));
    if ((cursor & CURSOR_STATE_MASK) === DETACHED) continue;
    const behind = (tail - (cursor & POSITION_MASK)) | 0;
    if (behind > furthest) furthest = behind;
  }
  return (tail - furthest) | 0;
}

function wakesProducer(memory: SharedMemory): boolean {
  if (memory.atomics.load(memory.words, RING.WANT_ROOM) === 0) return false;
  return takeWantRoom(memory, loadSlowest(memory.words, memory.atomics));
}
