// Equality of values as the store compares them.
import { isDeepStrictEqual } from 'node:util';

/** Whether two values are deeply equal: of the same types, with the same parts; -0 is not 0, and NaN is NaN. */
export function isSameValue(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right);
}
