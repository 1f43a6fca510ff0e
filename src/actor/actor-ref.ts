// How others talk to an actor: one function per message, made once from the definition's names.
import { QuorateError } from '../base/errors.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import type { MailboxSender } from '../mailbox/envelope.ts';
import type { AskDesk } from './ask-desk.ts';
import { deadError } from './ask-desk.ts';
import { SYSTEM_TYPE } from './definition.ts';
import type { AskOptions, AnyActorDefinition } from './definition.ts';
import { KIND } from './message-kind.ts';

/** What the functions of a reference need of the actor. */
export interface ActorLink {
  readonly name: string;
  readonly sender: MailboxSender;
  readonly desk: AskDesk;
  /** Why it takes no message any more. */
  readonly ended: ExitReason | undefined;
}

type Tell = (body?: unknown) => boolean;
type AskFunction = (body?: unknown, options?: AskOptions) => Promise<unknown>;

/** Functions by message name: whether a message may be told or asked is in their types. */
export interface TalkFunctions {
  readonly tell: Readonly<Record<string, Tell>>;
  readonly ask: Readonly<Record<string, AskFunction>>;
}

/** Makes the functions of a reference. */
export function talkFunctions(definition: Pick<AnyActorDefinition, 'on'>, link: ActorLink): TalkFunctions {
  const tell: Record<string, Tell> = Object.create(null);
  const ask: Record<string, AskFunction> = Object.create(null);
  const batch = new FlushBatch(link);
  for (const [index, name] of Object.keys(definition.on).entries()) {
    const type = SYSTEM_TYPE + 1 + index;
    tell[name] = (body) => tellActor(link, type, body);
    ask[name] = askFunction(link, batch, { type, text: `${link.name}.${name}` });
  }
  return { tell: Object.freeze(tell), ask: Object.freeze(ask) };
}

function tellActor(link: ActorLink, type: number, body: unknown): boolean {
  if (link.ended !== undefined) return false;
  const envelope = { isSystem: false, type, kind: KIND.TELL, target: 0, correlation: 0, incarnation: 0, body };
  const outcome = link.sender.send(envelope);
  link.sender.flush();
  return outcome === 'sent';
}

interface AskedMessage {
  readonly type: number;
  readonly text: string;
}

function askFunction(link: ActorLink, batch: FlushBatch, { type, text }: AskedMessage): AskFunction {
  return (body, options = {}) => {
    if (link.ended !== undefined) return Promise.reject(deadError(text, link.ended));
    const send = (correlation: number): QuorateError | undefined => {
      const envelope = { isSystem: false, type, kind: KIND.ASK, target: 0, correlation, incarnation: 0, body };
      const outcome = link.sender.send(envelope);
      batch.flushSoon();
      if (outcome === 'sent') return undefined;
      if (outcome === 'closed') return deadError(text, link.ended ?? { kind: 'stopped' });
      return new QuorateError('ERR_QUORATE_MAILBOX_FULL', `Cannot ask ${text}: its mailbox is full`);
    };
    return link.desk.ask({ actor: link, text, options, send });
  };
}

/** Shows the actor many asks at once: who asks in one go wakes it once. Safe, because an asker returns to its loop. */
class FlushBatch {
  readonly #link: ActorLink;
  #isDue = false;

  constructor(link: ActorLink) {
    this.#link = link;
  }

  flushSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.#link.ended === undefined) this.#link.sender.flush();
    });
  }
}
