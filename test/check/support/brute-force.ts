// The definition of linearizability, tried out: every order of the operations that respects their times. Slow, and
// obvious enough to be believed.
import type { Operation } from '../../../src/check/history.ts';
import { ILLEGAL } from '../../../src/check/model.ts';
import type { Model } from '../../../src/check/model.ts';

/** Whether some order of the operations, of which those that never returned may be left out, is legal. */
export function isLinearizable(operations: readonly Operation[], model: Model): boolean {
  const extend = (left: readonly Operation[], state: unknown): boolean => {
    if (left.every(({ end }) => end === Infinity)) return true;
    return left.some((next) => {
      if (left.some((other) => other.end < next.start)) return false; // Then the other one comes first.
      const after = model.step(state, next);
      return (
        after !== ILLEGAL &&
        extend(
          left.filter((other) => other !== next),
          after,
        )
      );
    });
  };
  return extend(operations, model.initial);
}
