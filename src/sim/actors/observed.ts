// A definition with a look at what its functions return: the simulation must know who is suspended, and what state it
// has.
import type { ActorContext, AnyActorDefinition, AnyHandler } from '../../actor/definition.ts';

/** What looks. */
export interface Observer {
  /** Hears of the state that `start` made. */
  made(state: unknown): void;
  /** Gets what a handler returned, and returns what the loop shall see. */
  handled(result: unknown): unknown;
}

/** The same definition, observed. */
export function observed(definition: AnyActorDefinition, observer: Observer): AnyActorDefinition {
  const on: Record<string, AnyHandler> = {};
  for (const [name, handler] of Object.entries(definition.on)) {
    on[name] = (state, body, context) => observer.handled(handler(state, body, context));
  }
  const see = (state: unknown): unknown => {
    observer.made(state);
    return state;
  };
  const start = (args: unknown, context: ActorContext): unknown => {
    const state = definition.start(args, context);
    return isThenable(state) ? Promise.resolve(state).then(see) : see(state);
  };
  return { ...definition, on, start };
}

/** Whether a value is to be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
