// Sends marked frames for ever, published in batches of changing size, and spins while the ring is full.
import { workerData } from 'node:worker_threads';
import type { SharedMemory } from '../../../src/ring/memory.ts';
import { sharedMemory } from '../../../src/ring/memory.ts';
import { RingProducer } from '../../../src/ring/spsc-ring.ts';
import { writeMarked } from '../frames.ts';

const { buffer, go, incarnation }: { buffer: SharedArrayBuffer; go: Int32Array; incarnation: number } = workerData;
const memory: SharedMemory = sharedMemory(buffer);
// Until it is its turn.
for (let dead = 0; dead < incarnation - 1; dead = Atomics.load(go, 0)) Atomics.wait(go, 0, dead);
const ring = new RingProducer(memory, incarnation);
for (let sequence = 0; ;) {
  if (writeMarked(ring, { incarnation, sequence })) sequence++;
  else ring.publish();
  if ((Math.imul(sequence, 0x9e37_79b1) & 0x3000_0000) === 0) ring.publish();
}
