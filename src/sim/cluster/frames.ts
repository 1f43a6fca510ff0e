// Frames under way, in buffers that are used again: a run moves hundreds of them, and making a buffer costs more than
// everything else that a frame does.
import type { Link } from '../../replica/environment.ts';
import type { Parcel } from '../../replica/large-lane.ts';
import type { FrameViews } from '../../replica/wire.ts';

/** Bytes of a buffer that is kept for further frames. */
const POOLED_BYTES = 256;
const POOLED_MAX = 4096;

/** One frame, from its claim to its last arrival. */
export class Frame implements FrameViews {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  byteLength = 0;
  /** The large value that its reference names. It is taken at the first arrival: who gets the frame again has it. */
  parcel: Parcel | undefined = undefined;

  constructor(byteLength: number) {
    this.words = new Int32Array((byteLength + 7) >> 2);
    this.bytes = new Uint8Array(this.words.buffer);
  }
}

/** Buffers of frames that have arrived for the last time. */
export class FramePool {
  readonly #free: Frame[] = [];

  /** A frame of `byteLength` zeros. */
  take(byteLength: number): Frame {
    if (byteLength > POOLED_BYTES) {
      const frame = new Frame(byteLength);
      frame.byteLength = byteLength;
      return frame;
    }
    const frame = this.#free.pop() ?? new Frame(POOLED_BYTES);
    const { words } = frame;
    for (let word = (byteLength + 3) >> 2; word >= 0; word--) words[word] = 0;
    frame.byteLength = byteLength;
    return frame;
  }

  /** The frame is read no more. */
  release(frame: Frame): void {
    frame.parcel = undefined; // A parcel is lost with its frame: its receiver stays counted.
    if (frame.byteLength <= POOLED_BYTES && this.#free.length < POOLED_MAX) this.#free.push(frame);
  }
}

/** Where committed frames of a link go. */
export interface FrameSink {
  readonly pool: FramePool;
  /** Whether a frame of so many bytes fits now. */
  hasRoom(link: number, byteLength: number): boolean;
  /** A frame was committed; the sink releases it. */
  commit(link: number, frame: Frame): void;
}

/** One direction between two nodes, as production code writes into it. */
export class SimLink implements Link {
  words: Int32Array;
  bytes: Uint8Array;
  readonly #link: number;
  readonly #sink: FrameSink;
  #frame: Frame;

  constructor(link: number, sink: FrameSink) {
    this.#link = link;
    this.#sink = sink;
    this.#frame = NO_FRAME;
    this.words = NO_FRAME.words;
    this.bytes = NO_FRAME.bytes;
  }

  claim(payloadBytes: number): number {
    if (!this.#sink.hasRoom(this.#link, payloadBytes)) return -1;
    this.#frame = this.#sink.pool.take(payloadBytes);
    this.words = this.#frame.words;
    this.bytes = this.#frame.bytes;
    return 0;
  }

  commit(): void {
    this.#sink.commit(this.#link, this.#frame);
  }

  /** Gives the frame that is being written a large value to carry. */
  attach(parcel: Parcel): void {
    this.#frame.parcel = parcel;
  }

  hasRoomFor(payloadBytes: number): boolean {
    return this.#sink.hasRoom(this.#link, payloadBytes);
  }
}

const NO_FRAME = new Frame(8);
