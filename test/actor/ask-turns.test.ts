import { describe, expect, it } from 'vitest';
import { AskTurns } from '../../src/actor/ask-turns.ts';
import { DeadLetters } from '../../src/mailbox/dead-letters.ts';
import { createBell } from '../../src/mailbox/ring-lane.ts';
import { RingMailbox } from '../../src/mailbox/ring-mailbox.ts';
import { vocabulary } from '../../src/mailbox/vocabulary.ts';

/** A sender that notes in `log` when it is flushed. */
function senderNoting(log: string[], name: string): { sender: { flush(): void }; isUnflushed: boolean } {
  return { sender: { flush: () => void log.push(name) }, isUnflushed: false };
}

interface Desk {
  readonly turns: AskTurns;
  readonly mailbox: RingMailbox;
  /** What an answer does. */
  onDrain: () => void;
}

function openDesk(): Desk {
  const deadLetters = new DeadLetters();
  const mailbox = new RingMailbox({ bell: createBell(), owner: 1, vocabulary: vocabulary(['plain']), deadLetters });
  const drain = (): void => {
    mailbox.drain(1, () => undefined);
    desk.onDrain();
  };
  const turns = new AskTurns({ mailbox, drain, isOwed: () => true });
  const desk: Desk = { turns, mailbox, onDrain: () => undefined };
  return desk;
}

describe('The turns of an asking thread', () => {
  it('flush each sender once, after all that was asked in one go', async () => {
    const log: string[] = [];
    const { turns } = openDesk();
    const [one, other] = [senderNoting(log, 'one'), senderNoting(log, 'other')];
    for (const asked of [one, other, one, one]) turns.flushSoon(asked);
    log.push('asked');
    await Promise.resolve();
    expect(log).toEqual(['asked', 'one', 'other']);
    turns.close();
  });

  it.each(['before the thread looks', 'while it waits'])(
    'flush what the continuations of an answer ask in one batch, when it comes %s',
    async (when) => {
      const log: string[] = [];
      const desk = openDesk();
      const one = senderNoting(log, 'one');
      const flushed = new Promise<void>((resolve) => {
        desk.onDrain = (): void => {
          for (const hops of [1, 3]) void askAfter(hops, () => desk.turns.flushSoon(one), log);
          one.sender.flush = (): void => {
            log.push('flushed');
            resolve();
          };
        };
      });
      if (when === 'while it waits') {
        desk.turns.wait();
        desk.mailbox.bell.ring(0);
      } else {
        desk.mailbox.bell.ring(0);
        desk.turns.wait();
      }
      await flushed;
      expect(log).toEqual(['asked after 1', 'asked after 3', 'flushed']);
      desk.turns.close();
    },
  );
});

/** Asks as a continuation does that runs so many microtasks after the answer. */
async function askAfter(hops: number, ask: () => void, log: string[]): Promise<void> {
  for (let hop = 0; hop < hops; hop++) await Promise.resolve();
  ask();
  log.push(`asked after ${hops}`);
}
