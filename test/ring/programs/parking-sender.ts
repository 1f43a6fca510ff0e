// Sends numbered frames through a small ring; parks while it is full.
import { workerData } from 'node:worker_threads';
import { Doorbell } from '../../../src/ring/doorbell.ts';
import { DOORBELL } from '../../../src/ring/layout.ts';
import { sharedMemory } from '../../../src/ring/memory.ts';
import { RingProducer } from '../../../src/ring/spsc-ring.ts';

const { buffer, bells, frames }: { buffer: SharedArrayBuffer; bells: SharedArrayBuffer; frames: number } = workerData;
const ring = new RingProducer(sharedMemory(buffer), 1);
const consumersBell = new Doorbell(sharedMemory(bells));
const mine = new Doorbell(sharedMemory(bells), DOORBELL.WORDS);
for (let frame = 0; frame < frames;) {
  const length = frame % 11 === 0 ? ring.frameBytesMax : 4;
  const start = ring.claim(length);
  if (start >= 0) {
    ring.words[start >> 2] = frame++;
    ring.commit();
  }
  if (start >= 0 && frame % 3 !== 0 && frame !== frames) continue;
  if (ring.publish()) consumersBell.ring(0);
  if (start >= 0) continue;
  mine.take();
  if (ring.wantRoom(length)) mine.park(120_000); // Longer than the test may take: a lost wake-up fails it.
}
