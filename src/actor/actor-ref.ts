// How others talk to an actor: one function per message, made once from the definition's names.
import type { AskDesk, AskedActor } from './ask-desk.ts';
import { SYSTEM_TYPE } from './definition.ts';
import type { AskOptions, AnyActorDefinition } from './definition.ts';
import { KIND } from './message-kind.ts';

/** What the functions of a reference need of the actor. */
export interface ActorLink extends AskedActor {
  readonly name: string;
  readonly desk: AskDesk;
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
  for (const [index, name] of Object.keys(definition.on).entries()) {
    const type = SYSTEM_TYPE + 1 + index;
    const question = { actor: link, type, text: `${link.name}.${name}` };
    tell[name] = (body) => tellActor(link, type, body);
    ask[name] = (body, options) => link.desk.ask(question, body, options);
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
