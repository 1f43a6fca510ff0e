// Takes numbers and notes what is wrong with their order; runs until it is ended.
import { workerData } from 'node:worker_threads';
import { DeadLetters } from '../../../src/mailbox/dead-letters.ts';
import type { Envelope } from '../../../src/mailbox/envelope.ts';
import { RingMailbox } from '../../../src/mailbox/ring-mailbox.ts';
import { NOTES, NUMBERS } from './protocol.ts';
import type { Start } from './protocol.ts';

const { memory, port, owner, notes } = workerData as Start;
const words = new Int32Array(notes);
const deadLetters = new DeadLetters();
const mailbox = new RingMailbox({ bell: memory.bell, owner, vocabulary: NUMBERS, deadLetters });
mailbox.attach({ memory, port });

function note({ incarnation, body }: Envelope): void {
  const { n } = body as { readonly n: number };
  if (incarnation < words[NOTES.INCARNATION]!) words[NOTES.RETURNS]!++;
  const isFirst = incarnation > words[NOTES.INCARNATION]!;
  if (isFirst ? n !== 0 : n !== words[NOTES.LAST]! + 1) {
    // The predecessor may have died with this very message in hand.
    words[!isFirst && n === words[NOTES.LAST] ? NOTES.REPEATS : NOTES.GAPS]!++;
  }
  words[NOTES.LAST] = n;
  words[NOTES.INCARNATION] = incarnation;
  Atomics.add(words, NOTES.RECEIVED, 1);
}

for (;;) {
  if (mailbox.drain(4096, note) > 0) continue;
  Atomics.notify(words, NOTES.RECEIVED);
  mailbox.park(100);
}
