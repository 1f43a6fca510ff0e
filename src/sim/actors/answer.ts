// How an answer goes back: through the codec of production and the network of the simulation.
import { ANSWER_TYPE, KIND } from '../../actor/message-kind.ts';
import { decodeThrown, encodeThrown } from '../../actor/remote-error.ts';
import { decodePlain, encodePlain } from '../../base/plain-codec.ts';
import { wordOf } from '../engine/chance.ts';
import { shortText } from './body-copy.ts';
import type { SimDesk } from './desk.ts';
import type { SimEnvelope } from './mailbox.ts';
import type { ActorNetwork, End } from './network.ts';
import type { World } from './world.ts';

/** What an answer is on the other side. */
export interface Crossing {
  readonly value: unknown;
  readonly isFailure: boolean;
}

/** An answer to an ask. */
export interface Answer extends Crossing {
  readonly asked: SimEnvelope;
  readonly correlation: number;
  /** Name of the message that is answered. */
  readonly name: string;
}

/** What a body becomes on its way from where the actor would live. */
export function crossingOf(body: unknown, isFailure: boolean, place: 'inline' | 'thread' = 'thread'): Crossing {
  if (place === 'inline') return { value: body, isFailure };
  try {
    return { value: isFailure ? decodeThrown(encodeThrown(body)) : decodePlain(encodePlain(body)), isFailure };
  } catch (error) {
    return { value: error, isFailure: true }; // As in production: an ask must not wait for what cannot cross.
  }
}

/** Sends an answer back to its asker. */
export function sendAnswer(
  { world, network, desk }: { readonly world: World; readonly network: ActorNetwork; readonly desk: SimDesk },
  from: End,
  { asked, correlation, name, value, isFailure }: Answer,
): void {
  const { engine } = world;
  const { node } = asked.from;
  const outcome = isFailure ? String(value) : shortText(value);
  const record = { from: from.node, to: node, message: engine.nextMessage(), text: `${name}: ${outcome}` };
  engine.note(from.node, wordOf(outcome));
  engine.trace.add({ ...record, atUs: engine.nowUs, kind: 'send' });
  const fate = network.fate(from, asked.from, `${asked.label} answer`);
  if (fate.length === 0) engine.trace.add({ ...record, atUs: engine.nowUs, kind: 'lost' });
  for (const delayUs of fate) {
    engine.schedule(delayUs, node, () => {
      if (asked.from.isAlive) engine.trace.add({ ...record, atUs: engine.nowUs, kind: 'receive' });
      if (desk.settle(correlation, isFailure, value)) return;
      const kind = isFailure ? KIND.FAILURE : KIND.ANSWER;
      const late = { isSystem: false, type: ANSWER_TYPE, kind, target: 0, correlation, incarnation: 0 };
      world.deadLetters.add('late-reply', { ...late, body: undefined });
    });
  }
}
