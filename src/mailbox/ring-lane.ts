// The shared memory between one sender and one receiver, and what each is given of it. Plain and cloneable, except for
// the two ends of the slow lane, which travel in a transfer list.
//
//   user      ring of user messages
//   system    ring of system messages, looked at first
//   room      doorbell on which the sender waits for room, then
//             word DOORBELL.WORDS: [ STATE (0 open, 1 closed) ], and a line on:
//             [ IN_HAND (0 none, 1 a user message, 2 a system message) ], written by the receiver alone
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { integerOption } from '../base/errors.ts';
import { LANES_MAX, RING_BYTES_DEFAULT, RING_BYTES_MAX, SYSTEM_RING_BYTES } from '../base/limits.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { DOORBELL, LINE_WORDS } from '../ring/layout.ts';
import { sharedMemory } from '../ring/memory.ts';
import type { SharedMemory } from '../ring/memory.ts';
import { createRing } from '../ring/spsc-ring.ts';

const STATE = DOORBELL.WORDS;
const IN_HAND = DOORBELL.WORDS + LINE_WORDS;
const OPEN = 0;
const CLOSED = 1;
/** Smallest ring of user messages: a marker and its padding must fit beside others. */
const USER_RING_BYTES_MIN = 1024;

/** The shared memory between one sender and one receiver. */
export interface RingLaneMemory {
  readonly user: SharedArrayBuffer;
  readonly system: SharedArrayBuffer;
  readonly room: SharedArrayBuffer;
  /** The receiver's doorbell, and the lane that this sender rings there. */
  readonly bell: SharedArrayBuffer;
  readonly lane: number;
}

/** A lane and the two ends of its slow lane. */
export interface RingLane {
  readonly memory: RingLaneMemory;
  readonly senderPort: MessagePort;
  readonly receiverPort: MessagePort;
}

/** Options of {@link createRingLane}. */
export interface RingLaneOptions {
  /** The receiver's doorbell, from {@link createBell}. */
  readonly bell: SharedArrayBuffer;
  /** The sender's lane there, 0 to 30, used by no other sender. */
  readonly lane: number;
  /** Bytes of the ring of user messages, a power of two from 1024 to 2^28; default 64 KiB. */
  readonly ringBytes?: number;
}

/** A doorbell for one receiver. */
export function createBell(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * DOORBELL.WORDS);
}

/**
 * Allocates a lane. Any thread; memory and ports are then given to the two ends.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when the lane or the size is not allowed.
 */
export function createRingLane({ bell, lane, ringBytes = RING_BYTES_DEFAULT }: RingLaneOptions): RingLane {
  integerOption('lane', lane, { min: 0, max: LANES_MAX - 1 });
  integerOption('ring bytes', ringBytes, { min: USER_RING_BYTES_MIN, max: RING_BYTES_MAX });
  const memory: RingLaneMemory = {
    user: bufferOf(createRing(ringBytes)),
    system: bufferOf(createRing(SYSTEM_RING_BYTES)),
    room: new SharedArrayBuffer(4 * (DOORBELL.WORDS + 2 * LINE_WORDS)),
    bell,
    lane,
  };
  return { memory, ...createSlowPorts() };
}

/** Two ends of a new slow lane, for when one of the threads was replaced. */
export function createSlowPorts(): Omit<RingLane, 'memory'> {
  const { port1, port2 } = new MessageChannel();
  return { senderPort: port1, receiverPort: port2 };
}

/** Where a sender waits for room, and learns that its receiver has stopped. */
export class Room {
  readonly #memory: SharedMemory;
  readonly #bell: Doorbell;

  constructor(memory: RingLaneMemory) {
    this.#memory = sharedMemory(memory.room);
    this.#bell = new Doorbell(this.#memory);
  }

  get isClosed(): boolean {
    return this.#memory.atomics.load(this.#memory.words, STATE) === CLOSED;
  }

  /** The receiver stops; the sender learns it now if it waits. */
  close(): void {
    this.#memory.atomics.store(this.#memory.words, STATE, CLOSED);
    this.tell();
  }

  /** A successor of the receiver takes over. */
  open(): void {
    this.#memory.atomics.store(this.#memory.words, STATE, OPEN);
  }

  /** There is room, or another reason to look again. Any thread. */
  tell(): void {
    this.#bell.ring(0);
  }

  /** What the receiver has in hand; a successor finds what its predecessor died with. Receiver only. */
  get inHand(): number {
    return this.#memory.words[IN_HAND]!;
  }

  /** A plain store: a successor reads it only after this thread's exit was seen. */
  set inHand(what: number) {
    this.#memory.words[IN_HAND] = what;
  }

  /** Forgets what was told before; look again after this. Sender only. */
  clear(): void {
    this.#bell.take();
  }

  /** Blocks until told, at most `timeoutMs`. Sender only. */
  park(timeoutMs: number): void {
    this.#bell.park(timeoutMs);
  }

  /** Settles when told; undefined when that was already. Sender only. */
  parkAsync(): Promise<unknown> | undefined {
    return this.#bell.parkAsync();
  }
}

function bufferOf({ words }: SharedMemory): SharedArrayBuffer {
  const { buffer } = words;
  assert(buffer instanceof SharedArrayBuffer, 'A ring lies in shared memory');
  return buffer;
}
