// Mailboxes as the actor layer uses them: typed messages with an address, in batches.
//
//     main (OverflowSender, RingSender) --[ lane ]--> worker (RingMailbox, reads and adds up every field)
//     main: in-thread mailbox, sender and receiver in one thread
import { inThread } from '../harness/in-thread.ts';
import { Patience, programUrl, startProgram } from '../harness/program.ts';
import { ONE_WAY } from '../harness/questions.ts';
import { streamContender } from '../harness/stream.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';
import { DeadLetters } from '../../src/mailbox/dead-letters.ts';
import type { Envelope } from '../../src/mailbox/envelope.ts';
import { InThreadMailbox } from '../../src/mailbox/in-thread-mailbox.ts';
import { createBell, createRingLane, createSlowPorts } from '../../src/mailbox/ring-lane.ts';
import { RingSender } from '../../src/mailbox/ring-sender.ts';
import { FOUR_NUMBERS, MAILBOX_WORDS } from './programs/mailbox-words.ts';

const RING_BYTES = 1 << 20;
/** Messages between two publications, as a sender that has a batch would do. */
const BATCH = 64;
/** Messages between two looks at the clock. */
const CHUNK = 1 << 17;
const ROOM_MS = 250;
const BODY = { a: 1, b: 2, c: 3, d: 4 };
const BODY_SUM = 10;

export const subjects: readonly Subject[] = [
  { question: ONE_WAY, subject: 'ring mailbox', unit: 'frames/s', open: openRing },
  {
    question: 'send and take a message in one thread',
    subject: 'in-thread mailbox',
    unit: 'messages/s',
    open: openInThread,
  },
];

async function openRing(): Promise<Contender> {
  const words = new Int32Array(new SharedArrayBuffer(4 * MAILBOX_WORDS.ALL));
  const { memory } = createRingLane({ bell: createBell(), lane: 0, ringBytes: RING_BYTES });
  const port = createSlowPorts().senderPort; // Nothing is sent beside the ring here.
  const sender = new RingSender({ memory, port, owner: 1, incarnation: 1, vocabulary: FOUR_NUMBERS });
  const worker = await startProgram(programUrl('mailbox-receiver', import.meta.url), { memory, control: words.buffer });
  const envelope = envelopeOf(BODY);
  const send = (): void => {
    if (sender.offer(envelope)) return;
    for (const patience = new Patience(); !sender.offer(envelope); patience.check()) sender.waitForRoom(ROOM_MS);
  };
  const produce = (count: number): number => {
    for (let sent = 0; sent < count; sent++) {
      send();
      if (sent % BATCH === 0) sender.flush();
    }
    sender.flush();
    return count * BODY_SUM;
  };
  const close = async (): Promise<void> => {
    await worker.terminate();
    sender.close();
  };
  return streamContender(
    { words, pass: MAILBOX_WORDS.PASS, sum: MAILBOX_WORDS.SUM, chunk: CHUNK, produce },
    { note: 'four f64 of a fixed layout, a header of 16 bytes, an envelope each', close },
  );
}

function openInThread(): Promise<Contender> {
  const mailbox = new InThreadMailbox({ deadLetters: new DeadLetters() });
  const sender = mailbox.sender();
  const operations = 1024;
  let sum = 0;
  const run = (): void => {
    for (let index = 0; index < operations; index++) sender.send(envelopeOf(index));
    mailbox.drain(operations, ({ body }) => {
      sum += Number(body);
    });
  };
  const check = (): void => {
    sum = 0;
    run();
    expectAnswer(sum, (operations * (operations - 1)) / 2, 'the sum of all bodies');
  };
  return inThread({ check, run, operations });
}

function envelopeOf(body: unknown): Envelope {
  return { isSystem: false, type: 0, kind: 0, target: 0, correlation: 0, incarnation: 0, body };
}
