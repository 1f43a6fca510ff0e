// Takes frames for ever, counts each by its number, and frees them in batches of changing size.
import { workerData } from 'node:worker_threads';
import { sharedMemory } from '../../../src/ring/memory.ts';
import { RingConsumer } from '../../../src/ring/spsc-ring.ts';

interface Work {
  readonly buffer: SharedArrayBuffer;
  readonly go: Int32Array;
  readonly counts: Int32Array;
  readonly incarnation: number;
}
const { buffer, go, counts, incarnation }: Work = workerData;
// Until it is its turn.
for (let dead = 0; dead < incarnation - 1; dead = Atomics.load(go, 0)) Atomics.wait(go, 0, dead);
const ring = new RingConsumer(sharedMemory(buffer), incarnation);
for (let taken = 0; ;) {
  const start = ring.next();
  if (start < 0) {
    ring.free();
    continue;
  }
  Atomics.add(counts, ring.words[start >> 2]!, 1);
  if ((Math.imul(++taken, 0x9e37_79b1) & 0x7000_0000) === 0) ring.free();
}
