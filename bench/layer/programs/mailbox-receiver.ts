// The receiving thread of mailbox.ts: sleeps between passes; within one it looks a few times, then parks.
import { MessageChannel, parentPort, workerData } from 'node:worker_threads';
import { DeadLetters } from '../../../src/mailbox/dead-letters.ts';
import type { Envelope } from '../../../src/mailbox/envelope.ts';
import type { RingLaneMemory } from '../../../src/mailbox/ring-lane.ts';
import { RingMailbox } from '../../../src/mailbox/ring-mailbox.ts';
import { lookForBell } from '../../../src/ring/waiting.ts';
import { FOUR_NUMBERS, MAILBOX_WORDS } from './mailbox-words.ts';

interface Ends {
  readonly memory: RingLaneMemory;
  readonly control: SharedArrayBuffer;
}
interface Four {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

const BATCH_MAX = 1024;
const LOOKS = 100;
const PARK_MS = 250;

const { memory, control }: Ends = workerData;
const words = new Int32Array(control);
const deadLetters = new DeadLetters();
const mailbox = new RingMailbox({ bell: memory.bell, owner: 2, vocabulary: FOUR_NUMBERS, deadLetters });
mailbox.attach({ memory, port: new MessageChannel().port1 });
let sum = 0;
const add = ({ body }: Envelope): void => {
  const { a, b, c, d } = body as Four;
  sum += a + b + c + d;
};
parentPort?.postMessage('ready');
for (;;) {
  while (Atomics.load(words, MAILBOX_WORDS.PASS) === 0) Atomics.wait(words, MAILBOX_WORDS.PASS, 0);
  sum = 0;
  for (let left = Atomics.load(words, MAILBOX_WORDS.PASS); left > 0;) {
    const taken = mailbox.drain(Math.min(left, BATCH_MAX), add);
    left -= taken;
    if (taken === 0 && !lookForBell(mailbox.bell, LOOKS)) mailbox.park(PARK_MS);
  }
  words[MAILBOX_WORDS.SUM] = sum;
  Atomics.store(words, MAILBOX_WORDS.PASS, 0);
  Atomics.notify(words, MAILBOX_WORDS.PASS);
}
