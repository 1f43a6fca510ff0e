import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { DeadLetters } from '../../src/mailbox/dead-letters.ts';
import { OverflowSender } from '../../src/mailbox/overflow.ts';
import { PortMailbox, PortSender } from '../../src/mailbox/port-mailbox.ts';
import { vocabulary } from '../../src/mailbox/vocabulary.ts';
import { VOCABULARY, describeMailbox, takeAll } from './conformance.ts';
import { envelopeOf } from './envelopes.ts';

describeMailbox({
  name: 'Port mailbox',
  open: (policy) => {
    const deadLetters = new DeadLetters();
    const { port1, port2 } = new MessageChannel();
    const mailbox = new PortMailbox({ port: port1, vocabulary: VOCABULARY, deadLetters });
    const transport = new PortSender({ port: port2, vocabulary: VOCABULARY, capacity: 500 });
    const sender = new OverflowSender({ transport, deadLetters, policy, backlog: 100 });
    const close = (): void => {
      mailbox.close();
      sender.close();
    };
    return { sender, mailbox, deadLetters, close };
  },
});

describe('Port mailbox', () => {
  it('M9: a type that its vocabulary does not have is a dead letter', () => {
    const deadLetters = new DeadLetters();
    const { port1, port2 } = new MessageChannel();
    const mailbox = new PortMailbox({ port: port1, vocabulary: VOCABULARY, deadLetters });
    const sender = new PortSender({ port: port2, vocabulary: vocabulary([...VOCABULARY, 'plain']) });
    sender.offer(envelopeOf({ type: 2, body: 1 }));
    sender.offer(envelopeOf({ body: 'after' }));
    expect(takeAll(mailbox).map(({ body }) => body)).toEqual(['after']);
    expect(deadLetters.counts()).toEqual(new Map([['unknown-type', 1]]));
    mailbox.close();
    sender.close();
  });

  it('M9: what is not a frame at all is a dead letter', () => {
    const deadLetters = new DeadLetters();
    const { port1, port2 } = new MessageChannel();
    const mailbox = new PortMailbox({ port: port1, vocabulary: VOCABULARY, deadLetters });
    for (const strange of [null, 'text', { frame: 1 }, { isSystem: false, frame: new Uint8Array(3) }]) {
      port2.postMessage(strange);
    }
    expect(takeAll(mailbox)).toEqual([]);
    expect(deadLetters.counts()).toEqual(new Map([['undecodable', 4]]));
    mailbox.close();
    port2.close();
  });
});
