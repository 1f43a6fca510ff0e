// Reads frames, whatever carried them. A frame that cannot be read is a dead letter, never an exception: the sender may
// run another version, or be damaged.
import { decodeValue } from '../base/value-codec.ts';
import type { DeadLetterReason, DeadLetters } from './dead-letters.ts';
import { FORM, FRAME_VERSION, HEADER_BYTES, MARKER_BYTES } from './frame.ts';
import type { Delivery } from './frame.ts';
import type { FrameViews } from './frame-views.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The memory that a frame lies in. */
export interface FrameMemory {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly views: FrameViews;
}

/** Reads frames of one vocabulary. */
export class FrameReader {
  readonly #vocabulary: Vocabulary;
  readonly #deadLetters: DeadLetters;

  constructor(vocabulary: Vocabulary, deadLetters: DeadLetters) {
    this.#vocabulary = vocabulary;
    this.#deadLetters = deadLetters;
  }

  /**
   * Reads the header of the frame at byte `at`, then the body where the frame holds it.
   *
   * @param length of header and body, in bytes.
   * @returns `marker` when the body lies beside the frame; `dead` when it is a dead letter now.
   */
  read(delivery: Delivery, memory: FrameMemory, at: number, length: number): 'complete' | 'marker' | 'dead' {
    if (length < HEADER_BYTES) return this.bury('undecodable', delivery);
    delivery.readHeader(memory.words, at);
    const codec = this.#vocabulary[delivery.type];
    if (delivery.version !== FRAME_VERSION) return this.bury('unknown-version', delivery);
    if (codec === undefined) return this.bury('unknown-type', delivery);
    switch (delivery.form) {
      case FORM.NONE:
        return 'complete';
      case FORM.LAYOUT:
        if (codec === 'plain' || codec.bytes !== length - HEADER_BYTES) return this.bury('undecodable', delivery);
        delivery.body = codec.read(memory.views, at + HEADER_BYTES);
        return 'complete';
      case FORM.VALUE:
        return this.decode(delivery, memory.bytes, at + HEADER_BYTES, length - HEADER_BYTES);
      case FORM.MARKER:
        return length < HEADER_BYTES + MARKER_BYTES ? this.bury('undecodable', delivery) : 'marker';
      default:
        return this.bury('unknown-version', delivery);
    }
  }

  /** Decodes a body into the delivery. */
  decode(delivery: Delivery, bytes: Uint8Array, start: number, length: number): 'complete' | 'dead' {
    try {
      delivery.body = decodeValue(bytes, start, length);
      return 'complete';
    } catch {
      return this.bury('undecodable', delivery);
    }
  }

  /** Makes the delivery a dead letter. */
  bury(reason: DeadLetterReason, delivery: Delivery): 'dead' {
    this.#deadLetters.add(reason, delivery);
    return 'dead';
  }
}
