import { describe, expect, it } from 'vitest';
import { DeadLetters } from '../../src/mailbox/dead-letters.ts';
import { InThreadMailbox } from '../../src/mailbox/in-thread-mailbox.ts';
import { describeMailbox, takeAll } from './conformance.ts';
import { envelopeOf } from './envelopes.ts';

describeMailbox({
  name: 'In-thread mailbox',
  sharesBodies: ' (skipped: in one thread a body travels by reference, so any value crosses and none is copied)',
  open: (policy) => {
    const deadLetters = new DeadLetters();
    const mailbox = new InThreadMailbox({ deadLetters, capacity: 1000 });
    const sender = mailbox.sender(policy);
    return { sender, mailbox, deadLetters, close: () => sender.close() };
  },
});

describe('In-thread mailbox', () => {
  it('drop-oldest gives up the oldest message of all', () => {
    const deadLetters = new DeadLetters();
    const mailbox = new InThreadMailbox({ deadLetters, capacity: 3 });
    const sender = mailbox.sender('drop-oldest');
    for (const target of [1, 2, 3, 4, 5]) sender.send(envelopeOf({ target }));
    expect(takeAll(mailbox).map(({ target }) => target)).toEqual([3, 4, 5]);
    expect(deadLetters.latest().map(({ target }) => target)).toEqual([1, 2]);
  });

  it('carries a body by reference', () => {
    const mailbox = new InThreadMailbox({ deadLetters: new DeadLetters() });
    const body = { act: () => 1 };
    mailbox.sender().send(envelopeOf({ body }));
    expect(takeAll(mailbox)[0]?.body).toBe(body);
  });
});
