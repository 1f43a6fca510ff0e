// Frames whose every word follows from an incarnation and a sequence number, so that one torn word shows.
import type { RingProducer } from '../../src/ring/spsc-ring.ts';

type Writer = Pick<RingProducer, 'words' | 'claim' | 'commit'>;
type Reader = { readonly words: Int32Array; readonly frameBytes: number };

/** What a frame says. */
export interface Mark {
  readonly incarnation: number;
  readonly sequence: number;
}

/** Words of the frame with that mark: 2 to 9. */
function markedWords(mark: Mark): number {
  return 2 + (wordOf(mark, 0) >>> 29);
}

/** Claims, writes and commits a marked frame; `false` when the ring is full. */
export function writeMarked(ring: Writer, mark: Mark): boolean {
  const length = markedWords(mark);
  const start = ring.claim(4 * length);
  if (start < 0) return false;
  const { words } = ring;
  words[start >> 2] = mark.incarnation;
  words[(start >> 2) + 1] = mark.sequence;
  for (let index = 2; index < length; index++) words[(start >> 2) + index] = wordOf(mark, index);
  ring.commit();
  return true;
}

/** Reads a marked frame. @throws {Error} when it is torn. */
export function readMarked({ words, frameBytes }: Reader, start: number): Mark {
  const mark = { incarnation: words[start >> 2]!, sequence: words[(start >> 2) + 1]! };
  let isWhole = frameBytes === 4 * markedWords(mark);
  for (let index = 2; index < frameBytes >> 2; index++) {
    isWhole &&= words[(start >> 2) + index] === wordOf(mark, index);
  }
  if (!isWhole) throw new Error(`The frame ${mark.incarnation}.${mark.sequence} is torn`);
  return mark;
}

function wordOf({ incarnation, sequence }: Mark, index: number): number {
  return (
    (Math.imul(Math.imul(incarnation + 1, 0x9e37_79b1) + sequence, 0x85eb_ca6b) + Math.imul(index, 0xc2b2_ae35)) | 0
  );
}
