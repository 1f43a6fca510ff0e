// One side of a ping-pong over two doorbells: parks until its bell rings, adds 1 to the ball, rings the other's.
import { workerData } from 'node:worker_threads';
import { Doorbell } from '../../../src/ring/doorbell.ts';
import { DOORBELL } from '../../../src/ring/layout.ts';
import { sharedMemory } from '../../../src/ring/memory.ts';
import { awaitBell } from '../../../src/ring/waiting.ts';

interface Work {
  readonly buffer: SharedArrayBuffer;
  readonly side: 0 | 1;
  readonly trips: number;
  readonly looks: number;
}
const { buffer, side, trips, looks }: Work = workerData;
const memory = sharedMemory(buffer);
const [mine, other] = [side, 1 - side].map((each) => new Doorbell(memory, each * DOORBELL.WORDS)) as [
  Doorbell,
  Doorbell,
];
const ball = 2 * DOORBELL.WORDS;
for (let trip = 0; trip < trips; trip++) {
  // The bound is longer than the test may take: a lost wake-up fails it.
  while (Atomics.load(memory.words, ball) % 2 !== side) {
    if (mine.take() === 0) awaitBell(mine, { looks: trip % (looks + 1), parkMs: 120_000 });
  }
  Atomics.add(memory.words, ball, 1);
  other.ring(trip % 31);
}
