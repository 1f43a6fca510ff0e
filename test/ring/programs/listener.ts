// Reads a broadcast ring until it is told to stop, and checks every frame; joins again when it lost its place.
import { parentPort, workerData } from 'node:worker_threads';
import { BroadcastReader } from '../../../src/ring/broadcast-ring.ts';
import { sharedMemory } from '../../../src/ring/memory.ts';
import { readMarked } from '../frames.ts';

interface Work {
  readonly buffer: SharedArrayBuffer;
  readonly stop: Int32Array;
  readonly reader: number;
}
const { buffer, stop, reader }: Work = workerData;
const ring = new BroadcastReader(sharedMemory(buffer), reader, reader + 1);
let frames = 0;
let gaps = 0;
let torn = 0;
let last = -1;
let isAfterGap = true;
parentPort!.postMessage('attached');
while (Atomics.load(stop, 0) === 0) {
  const start = ring.next();
  if (start < 0) {
    if (ring.isAttached) continue;
    gaps++;
    isAfterGap = true;
    ring.rejoin();
    continue;
  }
  let sequence = -2;
  try {
    ({ sequence } = readMarked(ring, start));
  } catch {
    // Torn: to be forgotten, or the ring is broken.
  }
  if (!ring.confirm()) continue;
  if (sequence < 0 || (!isAfterGap && sequence !== last + 1)) torn++;
  last = sequence;
  isAfterGap = false;
  frames++;
  ring.free();
}
parentPort!.postMessage({ frames, gaps, torn });
