// Sends 0, 1, 2, ... as fast as the receiver takes them, and then ends.
import { workerData } from 'node:worker_threads';
import { RingSender } from '../../../src/mailbox/ring-sender.ts';
import { envelopeOf } from '../envelopes.ts';
import { NOTES, NUMBERS } from './protocol.ts';
import type { Start } from './protocol.ts';

const FLUSH_EVERY = 64;
const PLAIN_EVERY = 1000;

const { memory, port, owner, incarnation, count, notes } = workerData as Start;
const words = new Int32Array(notes);
const sender = new RingSender({ memory, port, owner, incarnation, vocabulary: NUMBERS });

for (let n = 0; n < count; n++) {
  const envelope = envelopeOf({ incarnation, type: n % PLAIN_EVERY === 0 ? 1 : 0, body: { n } });
  while (!sender.offer(envelope)) sender.waitForRoom(100);
  if (n % FLUSH_EVERY !== 0) continue;
  sender.flush();
  Atomics.store(words, NOTES.SENT, n);
}
sender.close();
