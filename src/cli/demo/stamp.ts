// Every value says which write it is, so that a read proves what it saw: 16 bytes of stamp, then a body that follows
// from the stamp, so that torn or mixed bytes are noticed too.
//
//     byte 0           4          8     12
//         [ SEQUENCE | CLIENT   | KEY | LENGTH ^ SEAL | body: a window of one fixed noise, chosen by the sequence ]

/** Shortest value that holds a stamp, in bytes. */
export const STAMP_BYTES = 16;

const SEAL = 0x51_75_6f_72; // "Quor"
const WINDOWS = 256;

/** Which write a value is. */
export interface Stamp {
  client: number;
  sequence: number;
  key: number;
}

/** Makes and checks stamped values. One instance per thread. */
export class Stamper {
  readonly #noise: Buffer;
  readonly #bytesMax: number;

  /** @param bytesMax the longest value, in bytes. */
  constructor(bytesMax: number) {
    this.#bytesMax = Math.max(bytesMax, STAMP_BYTES);
    this.#noise = Buffer.alloc(this.#bytesMax + WINDOWS);
    for (let at = 0; at < this.#noise.length; at++) this.#noise[at] = (Math.imul(at + 1, 0x9e37_79b1) >>> 24) & 0xff;
  }

  /** A fresh value of `bytes` bytes, cut to what is allowed. */
  make(stamp: Readonly<Stamp>, bytes: number): Buffer {
    const length = Math.min(Math.max(bytes, STAMP_BYTES), this.#bytesMax);
    const value = Buffer.allocUnsafe(length);
    value.writeUInt32LE(stamp.sequence, 0);
    value.writeUInt32LE(stamp.client, 4);
    value.writeUInt32LE(stamp.key, 8);
    value.writeUInt32LE((length ^ SEAL) >>> 0, 12);
    this.#noise.copy(value, STAMP_BYTES, ...this.#window(stamp.sequence, length));
    return value;
  }

  /** Reads the stamp of `value` into `stamp`; `false` when no write of this demo can have made these bytes. */
  read(value: unknown, stamp: Stamp): boolean {
    if (!(value instanceof Uint8Array) || value.length < STAMP_BYTES || value.length > this.#bytesMax) return false;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
    if ((bytes.readUInt32LE(12) ^ SEAL) !== bytes.length) return false;
    stamp.sequence = bytes.readUInt32LE(0);
    stamp.client = bytes.readUInt32LE(4);
    stamp.key = bytes.readUInt32LE(8);
    const [from, to] = this.#window(stamp.sequence, bytes.length);
    return bytes.compare(this.#noise, from, to, STAMP_BYTES) === 0;
  }

  #window(sequence: number, length: number): readonly [from: number, to: number] {
    const from = sequence % WINDOWS;
    return [from, from + length - STAMP_BYTES];
  }
}
