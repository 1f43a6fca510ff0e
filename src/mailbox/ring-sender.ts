// The sender's end of a ring lane: encodes straight into shared memory.
//
// Who sends much before it flushes shows the receiver a part early, so that both work at once: 64 asks and their
// answers on two cores took 92 to 102 us, and take 36 to 48 us so (medians of two series). Where the receiver goes to
// sleep again before the rest comes, that is a second wake-up for nothing (on one core it took 22 to 34 % longer), so
// it is done only with a core to spare, and while it pays.
import type { MessagePort, Transferable } from 'node:worker_threads';
import { rangeError } from '../base/errors.ts';
import { EARLY_FRAMES, INLINE_BYTES_MAX, ROOM_LOOK_MS } from '../base/limits.ts';
import { decodePlain, encodePlain } from '../base/plain-codec.ts';
import { ValueEncoder } from '../base/value-codec.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { sharedMemory } from '../ring/memory.ts';
import { Patience } from '../ring/patience.ts';
import { RingProducer } from '../ring/spsc-ring.ts';
import type { Layout } from './body-layout.ts';
import type { Envelope } from './envelope.ts';
import { FORM, HEADER_BYTES, MARKER_BYTES, writeHeader } from './frame.ts';
import type { FrameViews } from './frame-views.ts';
import { frameViews } from './frame-views.ts';
import type { Transport } from './overflow.ts';
import { Room } from './ring-lane.ts';
import type { RingLaneMemory } from './ring-lane.ts';
import { SlowLaneSender, markerPadding, transferredBytes } from './slow-lane.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Options of {@link RingSender}. */
export interface RingSenderOptions {
  readonly memory: RingLaneMemory;
  readonly port: MessagePort;
  /** A number other than 0 that names this thread's incarnation: no other sender of this lane has used it. */
  readonly owner: number;
  /** Incarnation of this sender: greater than those of its predecessors on this lane, from 1 to 2^31 - 1. */
  readonly incarnation: number;
  readonly vocabulary: Vocabulary;
  /** Whether the receiver has a core of its own while this thread runs; default true. */
  readonly hasSpareCore?: boolean;
}

interface Lane {
  readonly producer: RingProducer;
  readonly views: FrameViews;
}

/** Sends over the rings of one lane. Wrap it in an OverflowSender. One thread uses it. */
export class RingSender implements Transport {
  readonly #user: Lane;
  readonly #system: Lane;
  readonly #room: Room;
  readonly #bell: Doorbell;
  readonly #lane: number;
  readonly #slow: SlowLaneSender;
  readonly #vocabulary: Vocabulary;
  readonly #encoder: ValueEncoder = new ValueEncoder();
  readonly #hasSpareCore: boolean;
  readonly #patience = new Patience();
  /** Frames since the receiver was last shown any. */
  #unshown = 0;
  /** Whether the receiver was shown a part of this batch early. */
  #isEarly = false;

  /**
   * Attaches the calling thread to the lane.
   *
   * @throws {QuorateError} `ERR_QUORATE_RING_OWNED` when another sender is attached.
   */
  constructor({ memory, port, owner, incarnation, vocabulary, hasSpareCore = true }: RingSenderOptions) {
    this.#user = laneOf(memory.user, owner);
    this.#system = laneOf(memory.system, owner);
    this.#room = new Room(memory);
    this.#bell = new Doorbell(sharedMemory(memory.bell));
    this.#lane = memory.lane;
    this.#slow = new SlowLaneSender(port, incarnation);
    this.#vocabulary = vocabulary;
    this.#hasSpareCore = hasSpareCore;
  }

  get isClosed(): boolean {
    return this.#room.isClosed;
  }

  offer(envelope: Envelope, transfer?: readonly Transferable[]): boolean {
    if (!this.#offer(envelope, transfer)) return false;
    if (++this.#unshown === EARLY_FRAMES) this.#showEarly();
    return true;
  }

  flush(): void {
    this.#learn(this.#show());
    this.#isEarly = false;
  }

  /** The receiver was replaced and has a new port; parcels that its predecessor had not taken are lost. */
  replacePort(port: MessagePort): void {
    this.#slow.replacePort(port);
  }

  /** Blocks until there may be room, at most `timeoutMs`. For threads that may block. */
  waitForRoom(timeoutMs: number): void {
    this.flush();
    this.#room.clear();
    if (!this.isClosed && this.#user.producer.wantRoom()) this.#room.park(timeoutMs);
  }

  async whenRoom(): Promise<void> {
    this.flush();
    // Looks again now and then, since a receiver that died frees nothing; and keeps the process alive meanwhile.
    const timer = setInterval(() => this.#room.tell(), ROOM_LOOK_MS);
    try {
      for (;;) {
        this.#room.clear(); // Before looking: what is told after this is not missed.
        if (this.isClosed || !this.#user.producer.wantRoom()) return;
        await this.#room.parkAsync();
      }
    } finally {
      clearInterval(timer);
    }
  }

  copyBody(body: unknown): unknown {
    return decodePlain(encodePlain(body));
  }

  close(): void {
    this.flush();
    this.#user.producer.detach();
    this.#system.producer.detach();
    this.#slow.close();
  }

  #offer(envelope: Envelope, transfer: readonly Transferable[] | undefined): boolean {
    const lane = envelope.isSystem ? this.#system : this.#user;
    const codec = this.#vocabulary[envelope.type];
    if (codec === undefined) throw unknownType(envelope.type);
    if (transfer !== undefined) return this.#offerClone(lane, envelope, transfer);
    if (codec !== 'plain') return this.#offerLayout(lane, envelope, codec);
    return envelope.body === undefined ? this.#offerNothing(lane, envelope) : this.#offerValue(lane, envelope);
  }

  #showEarly(): void {
    this.#unshown = 0;
    if (!this.#hasSpareCore || !this.#patience.isDue()) return;
    this.#learn(this.#show());
    this.#isEarly = true;
  }

  /** Showing a part early has paid when its receiver is still awake as the next one comes. */
  #learn(hadToWake: boolean): void {
    if (this.#isEarly) this.#patience.record(!hadToWake);
  }

  /** @returns whether the receiver had to be woken. */
  #show(): boolean {
    this.#unshown = 0;
    // Both are published before the bell rings, so that the receiver finds the system messages first.
    const hasSystem = this.#system.producer.publish();
    return (this.#user.producer.publish() || hasSystem) && this.#bell.ring(this.#lane);
  }

  #offerNothing(lane: Lane, envelope: Envelope): boolean {
    const at = this.#claim(lane, HEADER_BYTES);
    if (at < 0) return false;
    writeHeader(lane.producer.words, at, envelope, FORM.NONE);
    lane.producer.commit();
    return true;
  }

  #offerLayout(lane: Lane, envelope: Envelope, layout: Layout<unknown>): boolean {
    const at = this.#claim(lane, HEADER_BYTES + layout.bytes);
    if (at < 0) return false;
    writeHeader(lane.producer.words, at, envelope, FORM.LAYOUT);
    layout.write(envelope.body, lane.views, at + HEADER_BYTES); // May refuse: then the claim is not committed.
    lane.producer.commit();
    return true;
  }

  #offerValue(lane: Lane, envelope: Envelope): boolean {
    const { producer } = lane;
    const length = this.#encoder.encode(envelope.body);
    if (length > INLINE_BYTES_MAX || length * 4 > producer.frameBytesMax)
      return this.#offerBytes(lane, envelope, length);
    const at = this.#claim(lane, HEADER_BYTES + length);
    if (at < 0) return false;
    writeHeader(producer.words, at, envelope, FORM.VALUE);
    copyWords(this.#encoder.words, producer.words, (at + HEADER_BYTES) >> 2, (length + 3) >> 2);
    producer.commit();
    return true;
  }

  #offerBytes(lane: Lane, envelope: Envelope, length: number): boolean {
    const at = this.#claim(lane, markerBytes(length, lane.producer));
    if (at < 0) return false;
    const memory = new SharedArrayBuffer(length);
    new Uint8Array(memory).set(this.#encoder.bytes.subarray(0, length));
    this.#writeMarker(lane, at, envelope, this.#slow.post(envelope.isSystem, { form: 'bytes', memory, length }));
    return true;
  }

  #offerClone(lane: Lane, envelope: Envelope, transfer: readonly Transferable[]): boolean {
    // Room first, then the parcel, then its marker: a parcel must never wait for room.
    const at = this.#claim(lane, markerBytes(transferredBytes(transfer), lane.producer));
    if (at < 0) return false;
    this.#writeMarker(
      lane,
      at,
      envelope,
      this.#slow.post(envelope.isSystem, { form: 'clone', body: envelope.body }, transfer),
    );
    return true;
  }

  #writeMarker({ producer }: Lane, at: number, envelope: Envelope, sequence: number): void {
    writeHeader(producer.words, at, envelope, FORM.MARKER);
    producer.words[(at + HEADER_BYTES) >> 2] = sequence;
    producer.words[((at + HEADER_BYTES) >> 2) + 1] = this.#slow.incarnation;
    producer.commit();
  }

  /** Full with frames that the receiver was not shown would stay full. */
  #claim(lane: Lane, bytes: number): number {
    const at = lane.producer.claim(bytes);
    if (at < 0) this.flush();
    return at;
  }
}

function laneOf(buffer: SharedArrayBuffer, owner: number): Lane {
  return { producer: new RingProducer(sharedMemory(buffer), owner), views: frameViews(buffer) };
}

function markerBytes(parcelBytes: number, producer: RingProducer): number {
  return HEADER_BYTES + MARKER_BYTES + markerPadding(parcelBytes, producer.frameBytesMax);
}

function unknownType(type: number): RangeError {
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot send type ${type}: it must be one of the vocabulary`);
}

/** A loop for few words: the native call costs as much as some twenty of them. */
function copyWords(from: Int32Array, to: Int32Array, at: number, count: number): void {
  if (count > 24) to.set(from.subarray(0, count), at);
  else for (let index = 0; index < count; index++) to[at + index] = from[index]!;
}
