// A mailbox whose senders live in other threads: one lane of rings each, one doorbell for all.
import type { MessagePort } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { lowestBitIndex } from '../base/bits.ts';
import { LANES_MAX, LANE_FRAMES_PER_TURN } from '../base/limits.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { sharedMemory } from '../ring/memory.ts';
import { RingConsumer } from '../ring/spsc-ring.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Deliver, Mailbox } from './envelope.ts';
import { Delivery, HEADER_BYTES } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import type { FrameMemory } from './frame-reader.ts';
import { frameViews } from './frame-views.ts';
import { Room } from './ring-lane.ts';
import type { RingLaneMemory } from './ring-lane.ts';
import { SlowLaneReceiver } from './slow-lane.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Options of {@link RingMailbox}. */
export interface RingMailboxOptions {
  /** This thread's doorbell, from `createBell`. */
  readonly bell: SharedArrayBuffer;
  /** A number other than 0 that names this thread's incarnation. */
  readonly owner: number;
  readonly vocabulary: Vocabulary;
  readonly deadLetters: DeadLetters;
  /** What is done with a message that a dead predecessor had in hand; default: it is delivered again. */
  readonly inHand?: 'redeliver' | 'dead-letter';
}

/** One end of a lane, as its receiver holds it. */
export interface RingLaneEnd {
  readonly memory: RingLaneMemory;
  readonly port: MessagePort;
}

interface Ring {
  readonly consumer: RingConsumer;
  readonly memory: FrameMemory;
  readonly isSystem: boolean;
  /** What the lane's IN_HAND says while a message of this ring is handled. */
  readonly inHand: number;
}

const NOTHING = 0;
const USER = 1;
const SYSTEM = 2;

interface Lane {
  /** Its bit in a mask of lanes. */
  readonly bit: number;
  readonly system: Ring;
  readonly user: Ring;
  readonly room: Room;
  readonly slow: SlowLaneReceiver;
}

/** Receives from up to 31 senders. One thread uses it. */
export class RingMailbox implements Mailbox {
  readonly #bell: Doorbell;
  readonly #owner: number;
  readonly #reader: FrameReader;
  readonly #deadLetters: DeadLetters;
  readonly #inHand: 'redeliver' | 'dead-letter';
  readonly #lanes: (Lane | undefined)[] = [];
  readonly #delivery: Delivery = new Delivery();
  /**
   * Lanes that may hold frames, as a mask. Invariant: a lane that is in neither this nor the doorbell's mask is empty.
   */
  #pending = 0;
  /** Lanes to let go of, as a mask: those that were asked for while a message was being delivered. */
  #leaving = 0;
  #isDraining = false;
  /** Frames taken since the last turn was counted. */
  #taken = 0;
  /** The lane whose turn is next, so that a busy sender does not starve the others. */
  #turn = 0;

  constructor({ bell, owner, vocabulary, deadLetters, inHand = 'redeliver' }: RingMailboxOptions) {
    this.#bell = new Doorbell(sharedMemory(bell));
    this.#owner = owner;
    this.#reader = new FrameReader(vocabulary, deadLetters);
    this.#deadLetters = deadLetters;
    this.#inHand = inHand;
  }

  /** This thread's doorbell, for its control word and its turn counter. */
  get bell(): Doorbell {
    return this.#bell;
  }

  /**
   * Attaches this thread to a sender's lane; what waits there is delivered.
   *
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another receiver is attached.
   */
  attach({ memory, port }: RingLaneEnd): void {
    const { lane } = memory;
    assert(this.#lanes[lane] === undefined, 'A lane has one sender');
    const added: Lane = {
      bit: 1 << lane,
      system: this.#ringOf(memory.system, true),
      user: this.#ringOf(memory.user, false),
      room: new Room(memory),
      slow: new SlowLaneReceiver(port),
    };
    added.room.open();
    this.#lanes[lane] = added;
    this.#pending |= 1 << lane; // A predecessor may have taken its ready bit.
    if (this.#inHand === 'dead-letter') this.#skipInHand(added);
    added.room.inHand = NOTHING;
  }

  /** Lets go of a lane, when its sender is gone for good; what waits there becomes dead letters. */
  detach(lane: number): void {
    const removed = this.#lanes[lane];
    if (removed === undefined) return;
    removed.room.close();
    this.#leaving |= removed.bit;
    if (!this.#isDraining) this.#leave();
  }

  /** Gives a lane the new port of a sender that was restarted. */
  replacePort(lane: number, port: MessagePort): void {
    const present = this.#lanes[lane];
    assert(present !== undefined, 'The lane is attached');
    present.slow.replacePort(port);
  }

  hasMessages(): boolean {
    if (this.#pending !== 0) this.#forgetEmptyLanes();
    return this.#pending !== 0 || this.#bell.isReady();
  }

  drain(budget: number, deliver: Deliver): number {
    assert(!this.#isDraining, 'A mailbox is drained by one loop');
    this.#isDraining = true;
    let left = budget;
    try {
      do {
        this.#pending = (this.#pending | this.#bell.take()) & ~this.#leaving;
        left -= this.#drainSystem(left, deliver);
        left -= this.#drainNextLane(Math.min(left, LANE_FRAMES_PER_TURN), deliver);
      } while (left > 0 && (this.#pending & ~this.#leaving) !== 0);
    } finally {
      this.#isDraining = false;
      this.#bell.countTurn(this.#taken);
      this.#taken = 0;
      if (this.#leaving !== 0) this.#leave();
    }
    return budget - left;
  }

  /** Blocks this thread until something is ready, at most `timeoutMs`. Also returns when the control word asks. */
  park(timeoutMs: number): void {
    if (!this.hasMessages()) this.#bell.park(timeoutMs);
  }

  parkAsync(): Promise<unknown> | undefined {
    return this.hasMessages() ? undefined : this.#bell.parkAsync();
  }

  close(): void {
    for (const lane of this.#lanes.keys()) this.detach(lane);
  }

  #ringOf(buffer: SharedArrayBuffer, isSystem: boolean): Ring {
    const consumer = new RingConsumer(sharedMemory(buffer), this.#owner, 'redeliver');
    const { words, bytes } = consumer;
    return {
      consumer,
      memory: { words, bytes, views: frameViews(buffer) },
      isSystem,
      inHand: isSystem ? SYSTEM : USER,
    };
  }

  #drainSystem(budget: number, deliver: Deliver): number {
    let handled = 0;
    for (let left = this.#pending; left !== 0; left &= left - 1) {
      const lane = this.#lanes[lowestBitIndex(left)];
      if (lane !== undefined) handled += this.#drainRing(lane, lane.system, { budget: budget - handled, deliver });
    }
    return handled;
  }

  #drainNextLane(budget: number, deliver: Deliver): number {
    if (this.#pending === 0) return 0;
    while ((this.#pending & (1 << this.#turn)) === 0) this.#turn = (this.#turn + 1) % LANES_MAX;
    const index = this.#turn;
    const lane = this.#lanes[index];
    const handled = lane === undefined ? 0 : this.#drainRing(lane, lane.user, { budget, deliver });
    this.#turn = (index + 1) % LANES_MAX;
    const isEmpty = lane === undefined || !(lane.user.consumer.hasNext() || lane.system.consumer.hasNext());
    if (isEmpty) this.#pending &= ~(1 << index);
    return handled;
  }

  #drainRing(lane: Lane, ring: Ring, { budget, deliver }: Batch): number {
    const { consumer } = ring;
    let handled = 0;
    try {
      while (handled < budget && (this.#leaving & lane.bit) === 0) {
        const at = consumer.next();
        if (at < 0) break;
        handled++;
        this.#taken++;
        if (!this.#read(lane, ring, at)) continue;
        lane.room.inHand = ring.inHand;
        deliver(this.#delivery);
        lane.room.inHand = NOTHING;
      }
    } finally {
      lane.room.inHand = NOTHING; // An exception of the handler is an answer: the message is handled.
      this.#delivery.body = undefined; // A mailbox must not keep alive what was handled.
      if (consumer.free()) lane.room.tell();
    }
    return handled;
  }

  /** Reads a frame into the delivery; `false` when it is a dead letter. */
  #read(lane: Lane, { consumer, memory, isSystem }: Ring, at: number): boolean {
    const delivery = this.#delivery;
    delivery.clear(isSystem);
    const read = this.#reader.read(delivery, memory, at, consumer.frameBytes);
    return (read === 'marker' ? this.#readParcel(lane, memory, (at + HEADER_BYTES) >> 2) : read) === 'complete';
  }

  #readParcel(lane: Lane, { words }: FrameMemory, word: number): 'complete' | 'dead' {
    const delivery = this.#delivery;
    const onUnmarked = (): void => this.#deadLetters.add('unmarked', delivery);
    const marker = { isSystem: delivery.isSystem, sequence: words[word]!, incarnation: words[word + 1]! };
    const parcel = lane.slow.take(marker, onUnmarked);
    if (parcel === undefined) return this.#reader.bury('lost', delivery);
    if (parcel.form === 'bytes') return this.#reader.decode(delivery, new Uint8Array(parcel.memory), 0, parcel.length);
    delivery.body = parcel.body;
    return 'complete';
  }

  #skipInHand(lane: Lane): void {
    const ring = lane.room.inHand === SYSTEM ? lane.system : lane.user;
    if (lane.room.inHand === NOTHING) return;
    this.#drainRing(lane, ring, { budget: 1, deliver: (envelope) => this.#deadLetters.add('in-hand', envelope) });
  }

  #forgetEmptyLanes(): void {
    for (const [index, lane] of this.#lanes.entries()) {
      const isEmpty = lane === undefined || !(lane.user.consumer.hasNext() || lane.system.consumer.hasNext());
      if (isEmpty) this.#pending &= ~(1 << index);
    }
  }

  #leave(): void {
    for (const [index, lane] of this.#lanes.entries()) {
      if (lane === undefined || (this.#leaving & lane.bit) === 0) continue;
      this.#leaving &= ~lane.bit;
      this.#pending &= ~lane.bit;
      this.#lanes[index] = undefined;
      this.#closeLane(lane);
    }
  }

  #closeLane(lane: Lane): void {
    const deliver: Deliver = (envelope) => this.#deadLetters.add('stopped', envelope);
    for (const ring of [lane.system, lane.user]) {
      this.#drainRing(lane, ring, { budget: Infinity, deliver });
      ring.consumer.detach();
    }
    lane.slow.close();
  }
}

interface Batch {
  readonly budget: number;
  readonly deliver: Deliver;
}
