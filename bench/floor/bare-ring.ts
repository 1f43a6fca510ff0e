// The limit of any ring between two threads: the smallest one that still moves data. It checks nothing and cannot be
// killed safely. A side that can do nothing looks again a number of times, then sleeps for a moment, so that the figure
// stays a limit where other programs hold a core; with 2 MiB of slots neither side runs dry in that moment (measured:
// 64 KiB of slots without sleeping move 2 M frames/s beside other programs, these more than 25 M).
//
//     main (produces) --[ 65,536 slots of 8 words ]--> worker (reads and adds up every word)
//
//   words of the shared buffer:  0 TAIL   16 HEAD   32 PASS (frames to take)   33 NOBODY   48 SUM   64 slots...
import { Patience, programUrl, startProgram } from '../harness/program.ts';
import { ONE_WAY } from '../harness/questions.ts';
import { streamContender } from '../harness/stream.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const TAIL = 0;
const HEAD = 16;
const PASS = 32;
const NOBODY = 33;
const SUM = 48;
const SLOTS = 64;
const SLOT_WORDS = 8;
const MASK = 65_535;
/** Frames between two stores of TAIL, as a producer that has a batch would do. */
const BATCH = 128;
/** Looks at the other side before sleeping, and the sleep in milliseconds: nobody notifies. */
const LOOKS = 200;
const SLEEP_MS = 0.05;
/** Frames between two looks at the clock. */
const CHUNK = 1 << 20;

export const subjects: readonly Subject[] = [
  { question: ONE_WAY, subject: 'bare ring', unit: 'frames/s', open: openBareRing },
];

async function openBareRing(): Promise<Contender> {
  const words = new Int32Array(new SharedArrayBuffer(4 * (SLOTS + (MASK + 1) * SLOT_WORDS)));
  const worker = await startProgram(programUrl('bare-ring-consumer', import.meta.url), words);
  const produceFrames = (frames: number): number => produce(words, frames);
  return streamContender(
    { words, pass: PASS, sum: SUM, chunk: CHUNK, produce: produceFrames },
    { close: async () => void (await worker.terminate()) },
  );
}

function produce(words: Int32Array, frames: number): number {
  let headSeen = Atomics.load(words, HEAD);
  let sum = 0;
  for (let frame = 1; frame <= frames; frame += BATCH) {
    const tail = words[TAIL]!;
    if (isFull(tail, headSeen)) headSeen = waitForRoom(words, tail);
    sum = (sum + produceBatch(words, tail, frame)) | 0;
    Atomics.store(words, TAIL, (tail + BATCH) | 0);
  }
  return sum;
}

function isFull(tail: number, headSeen: number): boolean {
  return ((tail + BATCH - headSeen) | 0) > MASK;
}

/** @returns where the consumer is, with room for a batch. @throws {Error} when nobody makes room. */
function waitForRoom(words: Int32Array, tail: number): number {
  let patience: Patience | undefined;
  for (let looks = 0; ; looks++) {
    const head = Atomics.load(words, HEAD);
    if (!isFull(tail, head)) return head;
    if (looks < LOOKS) continue;
    patience ??= new Patience();
    Atomics.wait(words, NOBODY, 0, SLEEP_MS);
    patience.check();
  }
}

/** A function of its own: the engine compiles it well, where it gave up on the same loop inside the loop above. */
function produceBatch(words: Int32Array, tail: number, first: number): number {
  let sum = 0;
  for (let index = 0; index < BATCH; index++) {
    const slot = SLOTS + ((tail + index) & MASK) * SLOT_WORDS;
    const frame = first + index;
    // One store a line: as a loop, it moves half as many.
    words[slot] = frame;
    words[slot + 1] = frame + 1;
    words[slot + 2] = frame + 2;
    words[slot + 3] = frame + 3;
    words[slot + 4] = frame + 4;
    words[slot + 5] = frame + 5;
    words[slot + 6] = frame + 6;
    words[slot + 7] = frame + 7;
    sum = (sum + SLOT_WORDS * frame + 28) | 0; // 0 + 1 + ... + 7 is 28.
  }
  return sum;
}
