// References to simulated actors: the functions of production references, on the desk of the simulation.
import type { ActorRef, AnyActorDefinition, AskOptions, StopOptions } from '../../actor/definition.ts';
import { SYSTEM_TYPE } from '../../actor/definition.ts';
import { KIND } from '../../actor/message-kind.ts';
import type { ExitReason } from '../../base/exit-reason.ts';
import type { OnOf } from './doors.ts';
import type { SimActor, SimActorWorld } from './sim-actor.ts';

/** What hears of the messages that a reference sends, and may follow what becomes of them. */
export interface Follower {
  told(actor: SimActor, name: string, body: unknown, isTaken: boolean): void;
  asked(actor: SimActor, name: string, body: unknown, ask: () => Promise<unknown>): Promise<unknown>;
}

/** A reference to an actor of the run; whoever acts is the sender. */
export function simRef<Definition extends AnyActorDefinition>(
  definition: Definition,
  actor: SimActor,
  parts: SimActorWorld & { readonly follower?: Follower },
): ActorRef<OnOf<Definition>> {
  const { world, follower } = parts;
  const tell: Record<string, unknown> = Object.create(null);
  const ask: Record<string, unknown> = Object.create(null);
  for (const [index, name] of Object.keys(definition.on).entries()) {
    const type = SYSTEM_TYPE + 1 + index;
    tell[name] = (body?: unknown): boolean => {
      const isTaken = actor.send(type, KIND.TELL, 0, body) === 'sent';
      follower?.told(actor, name, body, isTaken);
      return isTaken;
    };
    ask[name] = (body?: unknown, options?: AskOptions): Promise<unknown> => {
      const question = {
        text: `${actor.name}.${name}`,
        ended: actor.ended,
        send: (correlation: number) => actor.send(type, KIND.ASK, correlation, body),
      };
      const asks = (): Promise<unknown> => parts.desk.ask(question, options);
      return follower === undefined ? asks() : follower.asked(actor, name, body, asks);
    };
  }
  const closed = (): Promise<ExitReason> => {
    const waiting = world.wait<ExitReason>(world.actor);
    const { actor: party } = world;
    actor.onceClosed((reason) => world.later(party, 0, () => waiting.resolve(reason)));
    return waiting.promise;
  };
  const stop = async ({ drain = true }: StopOptions = {}): Promise<ExitReason> => {
    if (actor.ended === undefined) {
      actor.send(SYSTEM_TYPE, drain ? KIND.STOP_DRAINED : KIND.STOP_NOW, 0, undefined);
      actor.refuse();
    }
    return await closed();
  };
  const ref = {
    name: actor.name,
    tell: Object.freeze(tell),
    ask: Object.freeze(ask),
    get closed(): Promise<ExitReason> {
      return closed();
    },
    stop,
    [Symbol.asyncDispose]: async (): Promise<void> => void (await stop()),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made from the names of the definition
  return ref as unknown as ActorRef<OnOf<Definition>>;
}
