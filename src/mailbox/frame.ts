// The header of every frame, drawn once; the ring's own header lies before it.
//
//   word 0   TYPE (16 bits) | KIND (8) | FORM (4) | VERSION (4)
//   word 1   CORRELATION
//   word 2   INCARNATION
//   word 3   TARGET
//   byte 16  body, in the given form
//
//   A marker's body names what lies beside the ring:  [ SEQUENCE | INCARNATION of the sender | padding ... ]
//   Its padding takes room in proportion to what lies there (see slow-lane.ts).
import type { Envelope } from './envelope.ts';

export const FRAME_VERSION = 1;
export const HEADER_BYTES = 16;
export const MARKER_BYTES = 8;

/** How a body lies in its frame. The numbers are the wire format: add, never change. */
export const FORM = { NONE: 0, LAYOUT: 1, VALUE: 2, MARKER: 3 } as const;
export type Form = (typeof FORM)[keyof typeof FORM];

/** Word 0 of a header. */
export function headWord(type: number, kind: number, form: Form): number {
  return type | (kind << 16) | (form << 24) | (FRAME_VERSION << 28);
}

/** Writes a header at a byte offset that is a multiple of 8. */
export function writeHeader(words: Int32Array, at: number, envelope: Envelope, form: Form): void {
  const word = at >> 2;
  words[word] = headWord(envelope.type, envelope.kind, form);
  words[word + 1] = envelope.correlation | 0;
  words[word + 2] = envelope.incarnation | 0;
  words[word + 3] = envelope.target | 0;
}

/** A frame as it is delivered: one object per mailbox, overwritten by the next frame. */
export class Delivery implements Envelope {
  isSystem = false;
  type = 0;
  kind = 0;
  target = 0;
  correlation = 0;
  incarnation = 0;
  body: unknown = undefined;
  /** How the body lies in the frame; may be none that this version knows. */
  form = 0;
  version = 0;

  /** Forgets the frame before, so that nothing of it is kept alive or taken for the next one. */
  clear(isSystem: boolean): void {
    this.isSystem = isSystem;
    this.type = this.kind = this.target = this.correlation = this.incarnation = 0;
    this.body = undefined;
  }

  /** Reads a header. */
  readHeader(words: Int32Array, at: number): void {
    const word = at >> 2;
    const head = words[word]!;
    this.type = head & 0xffff;
    this.kind = (head >>> 16) & 0xff;
    this.form = (head >>> 24) & 0xf;
    this.version = head >>> 28;
    this.correlation = words[word + 1]! >>> 0;
    this.incarnation = words[word + 2]! >>> 0;
    this.target = words[word + 3]! >>> 0;
  }
}
