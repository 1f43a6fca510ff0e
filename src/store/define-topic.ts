// Makes the definition of a topic, for the module that voters load.
import { typeError } from '../base/errors.ts';
import type { TopicDefinition } from './topic.ts';

/**
 * The rules of a topic: what a module gives that `openCluster({ topics: { NAME: { module } } })` names.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when `validate` or `apply` is no function.
 * @example
 * ```ts
 * import { defineTopic } from 'quorate';
 *
 * // In a module of its own, as its default export.
 * const transfers = defineTopic<{ left: number }, { amount: number }>({
 *   initial: { left: 100 },
 *   validate: ({ amount }, { left }) => (amount <= left ? true : { vote: 'no', reason: `Only ${left} left` }),
 *   apply: ({ left }, { amount }) => ({ left: left - amount }),
 * });
 * console.log(transfers.initial.left); // 100
 * ```
 */
export function defineTopic<State, Payload>(
  definition: TopicDefinition<State, Payload>,
): TopicDefinition<State, Payload> {
  requireTopic(definition);
  return definition;
}

/** @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when `definition` is none. */
export function requireTopic(definition: unknown): asserts definition is TopicDefinition {
  if (typeof definition !== 'object' || definition === null || !('initial' in definition)) {
    throw invalid(`${definition === null ? 'null' : typeof definition} as a topic`, 'an object with initial');
  }
  for (const name of ['validate', 'apply'] as const) {
    const value: unknown = Reflect.get(definition, name);
    if (value !== undefined && typeof value !== 'function') throw invalid(`${name} ${typeof value}`, 'a function');
  }
}

function invalid(given: string, allowed: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given}: it must be ${allowed}`);
}
