// Values that tell who wrote them: 20 bytes of header, then a pattern, so that bytes of another value are noticed.
import type { Ticket } from './ledger.ts';
import { CORRUPT } from './ledger.ts';

const MAGIC = 0x51_54_4f_52; // "QTOR"
const HEADER_WORDS = 5;
/** Shortest value, in bytes. */
export const STAMPED_BYTES_MIN: number = 4 * HEADER_WORDS;
/** Distance of the pattern's bytes that are compared in a long value. */
const SAMPLE_BYTES = 61;

/** The value that the operation of `ticket` writes, `byteLength` long. */
export function stampedValue({ slot, generation, number }: Ticket, byteLength: number): Uint8Array {
  const value = new Uint8Array(byteLength).fill(patternOf(generation, number));
  const view = new DataView(value.buffer);
  [MAGIC, slot, generation, number, byteLength].forEach((word, index) => view.setUint32(4 * index, word));
  return value;
}

/** The number of the operation on the same key that wrote `value`; CORRUPT when none did. */
export function readStamp(value: unknown, { slot, generation }: Ticket): number {
  if (!(value instanceof Uint8Array) || value.length < STAMPED_BYTES_MIN) return CORRUPT;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const [magic, slotSeen, generationSeen, number, byteLength] = [0, 4, 8, 12, 16].map((at) => view.getUint32(at));
  if (magic !== MAGIC || slotSeen !== slot || generationSeen !== generation) return CORRUPT;
  if (byteLength !== value.length || number === undefined || number === 0) return CORRUPT;
  const pattern = patternOf(generation, number);
  const step = value.length > 4096 ? SAMPLE_BYTES : 1;
  for (let at = STAMPED_BYTES_MIN; at < value.length; at += step) if (value[at] !== pattern) return CORRUPT;
  return value.length === STAMPED_BYTES_MIN || value.at(-1) === pattern ? number : CORRUPT;
}

function patternOf(generation: number, number: number): number {
  return (generation * 31 + number * 7 + 1) & 0xff;
}
