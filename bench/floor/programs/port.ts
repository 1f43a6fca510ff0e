// The other thread of message-port.ts; `workerData` says what it does with each message.
import { parentPort, workerData } from 'node:worker_threads';

if (parentPort === null) throw new Error('This program runs in a worker thread');
const port = parentPort;
let counted = 0;
switch (workerData) {
  case 'one-way, bytes': {
    port.on('message', (frame: Uint8Array) => count(frame[31] === 1));
    break;
  }
  case 'one-way, string': {
    port.on('message', (frame: string) => count(frame.endsWith('1')));
    break;
  }
  case 'ping-pong': {
    port.on('message', (ball: string) => port.postMessage(ball));
    break;
  }
  case 'ask': {
    port.on('message', ([id, a, b]: readonly [number, number, number]) => port.postMessage([id, a + b]));
    break;
  }
  default: {
    throw new Error(`Cannot do "${String(workerData)}"`);
  }
}
port.postMessage('ready');

/** Counts a message; answers the last with the number of them. */
function count(isLast: boolean): void {
  counted++;
  if (!isLast) return;
  port.postMessage(counted);
  counted = 0;
}
