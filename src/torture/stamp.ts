// Values that tell who wrote them, and what their writer found: 24 bytes of header, then a pattern, so that bytes of
// another value are noticed.
import type { Sight, Ticket } from './ledger.ts';
import { CORRUPT, UNTOLD } from './ledger.ts';

const MAGIC = 0x51_54_4f_52; // "QTOR"
const HEADER_WORDS = 6;
/** Shortest value, in bytes. */
export const STAMPED_BYTES_MIN: number = 4 * HEADER_WORDS;
/** Distance of the pattern's bytes that are compared in a long value. */
const SAMPLE_BYTES = 61;

/** What a stamp says: who wrote the value, and what that one found. */
export type Stamp = Required<Sight>;

const NOBODYS: Stamp = { value: CORRUPT, found: UNTOLD };

/** The value that the operation of `ticket` writes, `byteLength` long; `found` is what it found, if it looked. */
export function stampedValue(
  { slot, generation, number }: Ticket,
  byteLength: number,
  found: number = UNTOLD,
): Uint8Array {
  const value = new Uint8Array(byteLength).fill(patternOf(generation, number, found));
  const view = new DataView(value.buffer);
  [MAGIC, slot, generation, number, byteLength, found].forEach((word, index) => view.setInt32(4 * index, word));
  return value;
}

/** The operation on the same key that wrote `value`, and what that one found; CORRUPT when none did. */
export function readStamp(value: unknown, { slot, generation }: Ticket): Stamp {
  if (!(value instanceof Uint8Array) || value.length < STAMPED_BYTES_MIN) return NOBODYS;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const [magic, slotSeen, generationSeen] = [0, 4, 8].map((at) => view.getInt32(at));
  const [number, byteLength, found] = [view.getInt32(12), view.getInt32(16), view.getInt32(20)] as const;
  if (magic !== MAGIC || slotSeen !== slot || generationSeen !== generation) return NOBODYS;
  if (byteLength !== value.length || number <= 0) return NOBODYS;
  const pattern = patternOf(generation, number, found);
  const step = value.length > 4096 ? SAMPLE_BYTES : 1;
  for (let at = STAMPED_BYTES_MIN; at < value.length; at += step) if (value[at] !== pattern) return NOBODYS;
  const isWhole = value.length === STAMPED_BYTES_MIN || value.at(-1) === pattern;
  return isWhole ? { value: number, found } : NOBODYS;
}

function patternOf(generation: number, number: number, found: number): number {
  return (generation * 31 + number * 7 + found * 3 + 1) & 0xff;
}
