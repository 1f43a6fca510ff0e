// The consuming thread of ring.ts: sleeps between passes; within one it looks a few times, then parks.
import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell } from '../../../src/ring/doorbell.ts';
import { DOORBELL } from '../../../src/ring/layout.ts';
import { sharedMemory } from '../../../src/ring/memory.ts';
import { RingConsumer } from '../../../src/ring/spsc-ring.ts';
import { lookUntil } from '../../../src/ring/waiting.ts';
import type { WaitStrategy } from '../../../src/ring/waiting.ts';
import { RING_WORDS } from './ring-words.ts';

interface Ends {
  readonly ring: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly strategy: WaitStrategy;
}

/** Most frames between two stores of HEAD. */
const BATCH_MAX = 256;

const ends: Ends = workerData;
const control = sharedMemory(ends.control);
const mine = new Doorbell(control);
const producersBell = new Doorbell(control, DOORBELL.WORDS);
const ring = new RingConsumer(sharedMemory(ends.ring), 2);
const hasNext = (): boolean => ring.hasNext();
parentPort?.postMessage('ready');
for (;;) {
  const { words } = control;
  // Looked at again after each wait: a late notify of the pass before may end it.
  while (Atomics.load(words, RING_WORDS.PASS) === 0) Atomics.wait(words, RING_WORDS.PASS, 0);
  words[RING_WORDS.SUM] = consume(Atomics.load(words, RING_WORDS.PASS));
  Atomics.store(words, RING_WORDS.PASS, 0);
  Atomics.notify(words, RING_WORDS.PASS);
}

function consume(frames: number): number {
  let sum = 0;
  for (let left = frames; left > 0;) {
    const batch = takeBatch(Math.min(left, BATCH_MAX));
    sum = (sum + batch.sum) | 0;
    left -= batch.frames;
    // With one lane we look at the ring itself, and take the bell only before we park.
    if (batch.frames > 0 || lookUntil(hasNext, ends.strategy.looks)) continue;
    if (mine.take() === 0) mine.park(ends.strategy.parkMs);
  }
  return sum;
}

function takeBatch(framesMax: number): { readonly frames: number; readonly sum: number } {
  const { words } = ring;
  let sum = 0;
  let frames = 0;
  for (let start = 0; frames < framesMax && (start = ring.next()) >= 0; frames++) {
    const first = start >> 2;
    const upper = words[first]! + words[first + 1]! + words[first + 2]! + words[first + 3]!;
    const lower = words[first + 4]! + words[first + 5]! + words[first + 6]! + words[first + 7]!;
    sum = (sum + upper + lower) | 0;
  }
  if (ring.free()) producersBell.ring(0);
  return { frames, sum };
}
