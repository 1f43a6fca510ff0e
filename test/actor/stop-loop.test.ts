import { describe, expect, it } from 'vitest';
import { ActorLoop } from '../../src/actor/actor-loop.ts';
import { KIND } from '../../src/actor/message-kind.ts';
import type { Deliver, Mailbox } from '../../src/mailbox/envelope.ts';

const STOP = { isSystem: true, type: 0, kind: KIND.STOP_DRAINED, target: 0, correlation: 0, incarnation: 0 };

/** A mailbox that holds one stop and then, once, says that there is more although there is not. */
function misleadingMailbox(): Mailbox {
  let held = 1;
  let isMisleading = true;
  const mailbox = {
    drain: (_budget: number, deliver: Deliver): number => {
      if (held === 0) {
        isMisleading = false;
        return 0;
      }
      held = 0;
      deliver({ ...STOP, body: undefined });
      return 1;
    },
    hasMessages: (): boolean => held > 0 || isMisleading,
  };
  return mailbox as unknown as Mailbox;
}

describe('An actor that drains before it stops', () => {
  it('does not wait for messages when what looked like one was none', async () => {
    const rests: string[] = [];
    const loop = new ActorLoop({
      definition: { module: 'file:///none', on: {}, start: () => undefined },
      context: { name: 'stopping' },
      mailbox: misleadingMailbox(),
      answers: { send: () => undefined, flush: () => undefined },
      rest: () => {
        rests.push('rested');
        throw new Error('Nobody will ring again');
      },
    });
    await loop.start(undefined);
    await loop.run();
    expect(rests).toEqual([]);
  });
});
