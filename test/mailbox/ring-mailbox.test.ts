import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { EARLY_FRAMES } from '../../src/base/limits.ts';
import { DeadLetters } from '../../src/mailbox/dead-letters.ts';
import type { Envelope } from '../../src/mailbox/envelope.ts';
import { FORM, HEADER_BYTES, headWord } from '../../src/mailbox/frame.ts';
import { OverflowSender } from '../../src/mailbox/overflow.ts';
import { createBell, createRingLane, createSlowPorts } from '../../src/mailbox/ring-lane.ts';
import type { RingLane } from '../../src/mailbox/ring-lane.ts';
import { RingMailbox } from '../../src/mailbox/ring-mailbox.ts';
import type { RingMailboxOptions } from '../../src/mailbox/ring-mailbox.ts';
import { RingSender } from '../../src/mailbox/ring-sender.ts';
import { vocabulary } from '../../src/mailbox/vocabulary.ts';
import type { Vocabulary } from '../../src/mailbox/vocabulary.ts';
import { sharedMemory } from '../../src/ring/memory.ts';
import { RingProducer, evictOwner } from '../../src/ring/spsc-ring.ts';
import { FIXED, PLAIN, VOCABULARY, describeMailbox, takeAll } from './conformance.ts';
import { envelopeOf } from './envelopes.ts';

describeMailbox({
  name: 'Ring mailbox',
  open: (policy) => {
    const deadLetters = new DeadLetters();
    const bell = createBell();
    const lane = createRingLane({ bell, lane: 3 });
    const mailbox = new RingMailbox({ bell, owner: 1, vocabulary: VOCABULARY, deadLetters });
    mailbox.attach({ memory: lane.memory, port: lane.receiverPort });
    const transport = new RingSender({ ...ends(lane), owner: 2, incarnation: 1, vocabulary: VOCABULARY });
    const sender = new OverflowSender({ transport, deadLetters, policy, backlog: 100 });
    const close = (): void => {
      mailbox.close();
      sender.close();
    };
    return { sender, mailbox, deadLetters, close };
  },
});

function ends({ memory, senderPort }: RingLane): { memory: RingLane['memory']; port: RingLane['senderPort'] } {
  return { memory, port: senderPort };
}

/** A lane whose two ends the test takes and leaves as threads would. */
class Pair {
  readonly bell = createBell();
  readonly lane: RingLane;
  readonly deadLetters = new DeadLetters();
  readonly #closers: (() => void)[] = [];

  constructor(index = 0, ringBytes = 1024) {
    this.lane = createRingLane({ bell: this.bell, lane: index, ringBytes });
  }

  mailbox(owner: number, options: Partial<RingMailboxOptions> = {}, port = this.lane.receiverPort): RingMailbox {
    const { bell, deadLetters } = this;
    const mailbox = new RingMailbox({ bell, owner, vocabulary: VOCABULARY, deadLetters, ...options });
    mailbox.attach({ memory: this.lane.memory, port });
    this.#closers.push(() => mailbox.close());
    return mailbox;
  }

  sender(owner: number, port = this.lane.senderPort, words: Vocabulary = VOCABULARY): RingSender {
    const sender = new RingSender({ memory: this.lane.memory, port, owner, incarnation: owner, vocabulary: words });
    this.#closers.push(() => sender.close());
    return sender;
  }

  /** What a supervisor does when the thread `owner` has exited. */
  evict(side: 'producer' | 'consumer', owner: number): void {
    for (const buffer of [this.lane.memory.user, this.lane.memory.system]) {
      evictOwner(sharedMemory(buffer), side, owner);
    }
  }

  close(): void {
    for (const close of this.#closers) close();
  }
}

const large = (digit: number): Uint8Array => new Uint8Array(8192).fill(digit);

const pairs: Pair[] = [];
function pairOf(...parameters: ConstructorParameters<typeof Pair>): Pair {
  const pair = new Pair(...parameters);
  pairs.push(pair);
  return pair;
}
afterEach(() => {
  for (const pair of pairs.splice(0)) pair.close();
});

function send(sender: RingSender, parts: Partial<Envelope>): void {
  expect(sender.offer(envelopeOf(parts))).toBe(true);
  sender.flush();
}

function bodiesOf(mailbox: RingMailbox): unknown[] {
  return takeAll(mailbox).map(({ body }) => body);
}

describe('Ring mailbox: frames that it cannot read', () => {
  it('M9: a type that its vocabulary does not have is a dead letter', () => {
    const pair = pairOf();
    const mailbox = pair.mailbox(1);
    const sender = pair.sender(2, pair.lane.senderPort, vocabulary([...VOCABULARY, 'plain']));
    send(sender, { type: 2, body: 1, correlation: 5 });
    send(sender, { body: 'after' });
    expect(bodiesOf(mailbox)).toEqual(['after']);
    expect(pair.deadLetters.latest()).toEqual([
      expect.objectContaining({ reason: 'unknown-type', type: 2, correlation: 5 }),
    ]);
  });

  it.each([
    ['an unknown version', 0x2000_0000 | (FORM.VALUE << 24), 24, 'unknown-version'],
    ['an unknown form', headWord(PLAIN, 0, FORM.VALUE) | (0xf << 24), 24, 'unknown-version'],
    ['a value that does not decode', headWord(PLAIN, 0, FORM.VALUE), 24, 'undecodable'],
    ['a layout of another length', headWord(FIXED, 0, FORM.LAYOUT), 24, 'undecodable'],
    ['a layout for a plain type', headWord(PLAIN, 0, FORM.LAYOUT), 40, 'undecodable'],
    ['a marker without a parcel', headWord(PLAIN, 0, FORM.MARKER), 24, 'lost'],
    ['no body where a value should be', headWord(PLAIN, 0, FORM.VALUE), HEADER_BYTES, 'undecodable'],
    ['less than a header', headWord(PLAIN, 0, FORM.VALUE), 4, 'undecodable'],
    ['half a marker', headWord(PLAIN, 0, FORM.MARKER), 20, 'undecodable'],
  ])('M9: %s is a dead letter, and the next message arrives', (_, head, length, reason) => {
    const pair = pairOf();
    const mailbox = pair.mailbox(1);
    const producer = new RingProducer(sharedMemory(pair.lane.memory.user), 9);
    const at = producer.claim(length);
    producer.bytes.fill(0xee, at, at + length);
    producer.words[at >> 2] = head;
    producer.commit();
    producer.publish();
    producer.detach();
    send(pair.sender(2), { body: 'after' });
    expect(bodiesOf(mailbox)).toEqual(['after']);
    expect(pair.deadLetters.counts()).toEqual(new Map([[reason, 1]]));
  });
});

describe('Ring mailbox: threads that die', () => {
  it('M11: what a dead receiver left is delivered to its successor, in order', () => {
    const pair = pairOf();
    const sender = pair.sender(2);
    const first = pair.mailbox(1);
    for (const body of [1, 2, 3, 4]) send(sender, { body });
    const seen: unknown[] = [];
    // The thread dies inside its handler: it never returns, and lets go of nothing.
    const dying = (): unknown =>
      first.drain(10, ({ body }) => {
        seen.push(body);
        if (body === 2) throw new Error('terminated');
      });
    expect(dying).toThrow('terminated');
    pair.evict('consumer', 1);
    const second = pair.mailbox(11);
    expect([...seen, ...bodiesOf(second)]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['redeliver', [2, 3]],
    ['dead-letter', [3]],
  ] as const)('M11: with %s, the message in hand and those after it arrive as %j', (inHand, expected) => {
    const pair = pairOf();
    const sender = pair.sender(2);
    const first = pair.mailbox(1);
    for (const body of [1, 2, 3]) send(sender, { body });
    let arrived: unknown[] = [];
    first.drain(10, ({ body }) => {
      if (body !== 2) return;
      // While message 2 is in hand, the memory is as the dead thread would leave it.
      pair.evict('consumer', 1);
      arrived = bodiesOf(pair.mailbox(11, { inHand }));
    });
    expect(arrived).toEqual(expected);
    expect(pair.deadLetters.count('in-hand')).toBe(inHand === 'dead-letter' ? 1 : 0);
  });

  it('M11: a receiver that died idle had nothing in hand', () => {
    const pair = pairOf();
    const sender = pair.sender(2);
    const first = pair.mailbox(1);
    send(sender, { body: 1 });
    expect(bodiesOf(first)).toEqual([1]);
    send(sender, { body: 2 });
    pair.evict('consumer', 1);
    expect(bodiesOf(pair.mailbox(11, { inHand: 'dead-letter' }))).toEqual([2]);
  });

  it('M11: a restarted sender continues after what its predecessor published, under its own incarnation', () => {
    const pair = pairOf();
    const mailbox = pair.mailbox(1);
    const first = pair.sender(2);
    for (const body of [1, 2]) send(first, { body, incarnation: 1 });
    first.offer(envelopeOf({ body: 'unpublished' }));
    pair.evict('producer', 2);
    const second = pair.sender(12);
    for (const body of [3, 4]) send(second, { body, incarnation: 2 });
    const arrived = takeAll(mailbox).map(({ body, incarnation }) => [incarnation, body]);
    expect(arrived).toEqual([
      [1, 1],
      [1, 2],
      [2, 3],
      [2, 4],
    ]);
  });

  it('A sender that dies between parcel and marker leaves a parcel that no marker is given', () => {
    const pair = pairOf();
    const mailbox = pair.mailbox(1);
    const first = pair.sender(2);
    send(first, { body: large(1) });
    first.offer(envelopeOf({ body: large(2) })); // Posted; the marker is never published.
    pair.evict('producer', 2);
    const second = pair.sender(12, pair.lane.senderPort);
    send(second, { body: large(3) });
    expect(bodiesOf(mailbox)).toEqual([large(1), large(3)]);
    expect(pair.deadLetters.counts()).toEqual(new Map([['unmarked', 1]]));
  });

  it('Parcels of a sender that was replaced with its port keep their place', () => {
    const pair = pairOf();
    const mailbox = pair.mailbox(1);
    const first = pair.sender(2);
    for (const body of [1, new Uint8Array(8192), 2]) send(first, { body });
    pair.evict('producer', 2);
    const { senderPort, receiverPort } = createSlowPorts();
    mailbox.replacePort(0, receiverPort);
    send(pair.sender(12, senderPort), { body: new Uint8Array(8192).fill(9) });
    expect(bodiesOf(mailbox)).toEqual([1, new Uint8Array(8192), 2, new Uint8Array(8192).fill(9)]);
    expect(pair.deadLetters.total).toBe(0);
  });

  it('A replaced receiver takes parcels from its new port; those that its predecessor had are lost and counted', () => {
    const pair = pairOf();
    const sender = pair.sender(2);
    for (const body of [large(1), 'small']) send(sender, { body });
    pair.lane.receiverPort.close(); // The receiver's thread died with it.
    const { senderPort, receiverPort } = createSlowPorts();
    sender.replacePort(senderPort);
    send(sender, { body: large(2) });
    expect(bodiesOf(pair.mailbox(11, {}, receiverPort))).toEqual(['small', large(2)]);
    expect(pair.deadLetters.counts()).toEqual(new Map([['lost', 1]]));
  });

  it('A parcel that is gone is a dead letter, and later ones find their markers', () => {
    const pair = pairOf();
    const first = pair.sender(2);
    for (const body of [1, new Uint8Array(8192), 2]) send(first, { body });
    pair.evict('producer', 2);
    const { senderPort, receiverPort } = createSlowPorts();
    pair.lane.receiverPort.close(); // The receiver's thread died with it.
    const mailbox = pair.mailbox(1, {}, receiverPort);
    send(pair.sender(12, senderPort), { body: new Uint8Array(8192).fill(9) });
    expect(bodiesOf(mailbox)).toEqual([1, 2, new Uint8Array(8192).fill(9)]);
    expect(pair.deadLetters.counts()).toEqual(new Map([['lost', 1]]));
  });
});

/** How many of `count` messages it is shown before they are flushed. */
function shownEarly(sender: RingSender, mailbox: RingMailbox, count: number): number {
  for (let sent = 0; sent < count; sent++) sender.offer(envelopeOf({ type: PLAIN, body: sent }));
  return takeAll(mailbox).length;
}

describe('Ring mailbox: what it is shown before the flush', () => {
  it('is whole parts of EARLY_FRAMES messages, and the flush shows the rest', () => {
    const pair = pairOf(0, 4096);
    const [sender, mailbox] = [pair.sender(2), pair.mailbox(1)];
    expect(shownEarly(sender, mailbox, 2 * EARLY_FRAMES + 3)).toBe(2 * EARLY_FRAMES);
    sender.flush();
    expect(takeAll(mailbox).map(({ body }) => body)).toEqual([32, 33, 34]);
  });

  it('is nothing where no core is to spare', () => {
    const pair = pairOf(0, 4096);
    const options = { ...ends(pair.lane), owner: 2, incarnation: 1, vocabulary: VOCABULARY };
    const [sender, mailbox] = [new RingSender({ ...options, hasSpareCore: false }), pair.mailbox(1)];
    expect(shownEarly(sender, mailbox, EARLY_FRAMES)).toBe(0);
    sender.close();
    expect(takeAll(mailbox)).toHaveLength(EARLY_FRAMES);
  });

  it('is nothing for a while when it had gone to sleep again before the rest came', async () => {
    const pair = pairOf(0, 4096);
    const [sender, mailbox] = [pair.sender(2), pair.mailbox(1)];
    const parked = mailbox.parkAsync();
    expect(shownEarly(sender, mailbox, EARLY_FRAMES)).toBe(EARLY_FRAMES);
    await parked;
    const again = mailbox.parkAsync();
    sender.offer(envelopeOf({ type: PLAIN }));
    sender.flush();
    await again;
    expect(takeAll(mailbox)).toHaveLength(1);
    expect(shownEarly(sender, mailbox, EARLY_FRAMES), 'left out once').toBe(0);
    sender.flush();
    expect(takeAll(mailbox)).toHaveLength(EARLY_FRAMES);
    expect(shownEarly(sender, mailbox, EARLY_FRAMES), 'tried again').toBe(EARLY_FRAMES);
  });
});

describe('Ring mailbox: many senders', () => {
  it('A busy sender does not starve the others, and each one keeps its order', () => {
    const bell = createBell();
    const deadLetters = new DeadLetters();
    const mailbox = new RingMailbox({ bell, owner: 1, vocabulary: VOCABULARY, deadLetters });
    const senders = Array.from({ length: 31 }, (_, index) => {
      const lane = createRingLane({ bell, lane: index, ringBytes: 16_384 });
      mailbox.attach({ memory: lane.memory, port: lane.receiverPort });
      return new RingSender({ ...ends(lane), owner: 100 + index, incarnation: 1, vocabulary: VOCABULARY });
    });
    for (let body = 0; body < 300; body++) senders[0]!.offer(envelopeOf({ target: 0, body }));
    for (const [target, sender] of senders.entries()) {
      for (let body = 1000; body < 1003; body++) expect(sender.offer(envelopeOf({ target, body }))).toBe(true);
      sender.flush();
    }
    const arrived = takeAll(mailbox, 64 + 30 * 3);
    expect(new Set(arrived.map(({ target }) => target)).size).toBe(31);
    arrived.push(...takeAll(mailbox));
    expect(arrived).toHaveLength(300 + 31 * 3);
    for (const target of senders.keys()) {
      const own = arrived.filter((each) => each.target === target).map(({ body }) => Number(body));
      expect(own).toEqual([...own].sort((one, other) => one - other));
    }
    mailbox.close();
    for (const sender of senders) sender.close();
  });

  it('Letting go of one sender leaves the others', () => {
    const first = pairOf(0);
    const mailbox = first.mailbox(1);
    const other = createRingLane({ bell: first.bell, lane: 30 });
    mailbox.attach({ memory: other.memory, port: other.receiverPort });
    const sender = new RingSender({ ...ends(other), owner: 3, incarnation: 1, vocabulary: VOCABULARY });
    send(first.sender(2), { body: 'gone' });
    send(sender, { body: 'stays' });
    mailbox.detach(0);
    expect(bodiesOf(mailbox)).toEqual(['stays']);
    expect(first.deadLetters.counts()).toEqual(new Map([['stopped', 1]]));
    sender.close();
  });

  it('Transferred ports work at the receiver', async () => {
    const pair = pairOf();
    const mailbox = pair.mailbox(1);
    const sender = pair.sender(2);
    const { port1, port2 } = new MessageChannel();
    expect(sender.offer(envelopeOf({ body: { port: port2 } }), [port2])).toBe(true);
    sender.flush();
    const [body] = bodiesOf(mailbox) as [{ readonly port: typeof port2 }];
    const heard = new Promise((resolve) => port1.once('message', resolve));
    body.port.postMessage('hello');
    expect(await heard).toBe('hello');
    port1.close();
  });
});
