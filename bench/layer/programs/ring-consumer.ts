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
const BATCH_MAX = 1024;

const ends: Ends = workerData;
const control = sharedMemory(ends.control);
const mine = new Doorbell(control);
const producersBell = new Doorbell(control, DOORBELL.WORDS);
const ring = new RingConsumer(sharedMemory(ends.ring), 2);
const hasNext = (): boolean => ring.hasNext();
let sum = 0;
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
  sum = 0;
  for (let left = frames; left > 0;) {
    const taken = ring.look() ? takeSeen(Math.min(left, BATCH_MAX)) : 0;
    if (ring.free()) producersBell.ring(0);
    left -= taken;
    // With one lane we look at the ring itself, and take the bell only before we park.
    if (taken > 0 || lookUntil(hasNext, ends.strategy.looks)) continue;
    if (mine.take() === 0) mine.park(ends.strategy.parkMs);
  }
  return sum;
}

/** Takes up to `framesMax` of the frames that were seen, and adds up their words. @returns how many. */
function takeSeen(framesMax: number): number {
  const { words } = ring;
  let batch = 0;
  let frames = 0;
  for (; frames < framesMax; frames++) {
    const start = ring.nextSeen();
    if (start < 0) break;
    const word = start >> 2;
    const upper = words[word]! + words[word + 1]! + words[word + 2]! + words[word + 3]!;
    const lower = words[word + 4]! + words[word + 5]! + words[word + 6]! + words[word + 7]!;
    batch = (batch + upper + lower) | 0;
  }
  sum = (sum + batch) | 0;
  return frames;
}
