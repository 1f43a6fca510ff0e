// The other thread of the ping-pong in atomics.ts: adds one to the last word, and hands the ball back.
import { parentPort, workerData } from 'node:worker_threads';

const BALL = 0;
const LAST_WORD = 23;

const words: Int32Array = workerData;
parentPort?.postMessage('ready');
for (;;) {
  // Looked at again after each wait: a late notify of the trip before may end it.
  while (Atomics.load(words, BALL) === 0) Atomics.wait(words, BALL, 0);
  words[LAST_WORD] = words[LAST_WORD]! + 1;
  Atomics.store(words, BALL, 0);
  Atomics.notify(words, BALL);
}
