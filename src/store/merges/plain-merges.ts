// Merges of values that need no actors.
import { typeError } from '../../base/errors.ts';
import type { Value } from '../store.ts';
import { fieldOf } from './set.ts';

/** What two values of a key come to: commutative, associative and idempotent. */
export type MergeFunction = (left: Value, right: Value) => Value;

/** The supplied ones, by name: of numbers, and of sets that only grow. */
export const PLAIN_MERGES: Readonly<Record<'max' | 'min' | 'union', MergeFunction>> = {
  max: (left: Value, right: Value): number => Math.max(numberOf('max', left), numberOf('max', right)),
  min: (left: Value, right: Value): number => Math.min(numberOf('min', left), numberOf('min', right)),
  union: (left: Value, right: Value): Set<unknown> => new Set([...setOf(left), ...setOf(right)]),
};

function numberOf(merge: string, value: Value): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw mistake(merge, value, 'it must be a number, and not NaN');
}

function setOf(value: Value): ReadonlySet<unknown> {
  if (!(value instanceof Set)) throw mistake('union', value, 'it must be a Set');
  for (const element of value) fieldOf(element);
  return value;
}

function mistake(merge: string, value: Value, allowed: string): TypeError {
  const given = typeof value === 'number' ? String(value) : typeof value;
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot merge ${given} by ${merge}: ${allowed}`);
}
