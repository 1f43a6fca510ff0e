// Assertions guard our own invariants and stay on in production. Nobody catches them: the actor dies and its
// supervisor decides. A caller's mistake is a TypeError or RangeError instead (see errors.ts).

/** An invariant of Quorate itself does not hold: always our bug, never the caller's. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly code = 'ERR_QUORATE_INVARIANT';
}

/**
 * Throws when an invariant does not hold; `invariant` states what is true, in the positive.
 *
 * @throws {InvariantError} when `holds` is false.
 */
export function assert(holds: boolean, invariant: string): asserts holds {
  if (!holds) throw new InvariantError(invariant);
}

/**
 * The `default` of a `switch` over a union: a new member is a compile error where it is not handled.
 *
 * @throws {InvariantError} always.
 */
export function unreachable(value: never): never {
  throw new InvariantError(`Every case is handled, but met ${JSON.stringify(value)}`);
}
