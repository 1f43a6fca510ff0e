// The consuming thread of bare-ring.ts: sleeps between passes, spins within one.
import { parentPort, workerData } from 'node:worker_threads';

const TAIL = 0;
const HEAD = 16;
const PASS = 32;
const NOBODY = 33;
const SUM = 48;
const SLOTS = 64;
const SLOT_WORDS = 8;
const MASK = 65_535;
/** Most frames between two stores of HEAD. */
const BATCH_MAX = 256;
const LOOKS = 200;
const SLEEP_MS = 0.05;

const words: Int32Array = workerData;
parentPort?.postMessage('ready');
for (;;) {
  // Looked at again after each wait: a late notify of the pass before may end it.
  while (Atomics.load(words, PASS) === 0) Atomics.wait(words, PASS, 0);
  words[SUM] = consume(Atomics.load(words, PASS));
  Atomics.store(words, PASS, 0);
  Atomics.notify(words, PASS);
}

function consume(frames: number): number {
  let head = words[HEAD]!;
  const end = (head + frames) | 0;
  let sum = 0;
  let looks = 0;
  while (head !== end) {
    const unread = (Atomics.load(words, TAIL) - head) | 0;
    if (unread === 0) {
      if (++looks > LOOKS) Atomics.wait(words, NOBODY, 0, SLEEP_MS);
      continue;
    }
    looks = 0;
    const batchEnd = (head + Math.min(unread, BATCH_MAX)) | 0;
    sum = (sum + consumeBatch(head, batchEnd)) | 0;
    head = batchEnd;
    Atomics.store(words, HEAD, head);
  }
  return sum;
}

function consumeBatch(start: number, end: number): number {
  let sum = 0;
  for (let head = start; head !== end; head = (head + 1) | 0) {
    const slot = SLOTS + (head & MASK) * SLOT_WORDS;
    for (let word = 0; word < SLOT_WORDS; word++) sum = (sum + words[slot + word]!) | 0;
  }
  return sum;
}
