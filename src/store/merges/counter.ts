// A counter that merges: each actor has a total of its own, and the value is their sum. A total may fall as well as
// rise, since its event says which one is newer; two counters for up and down (PN) are not needed.
import { errorText } from '../../base/error-text.ts';
import { rangeError } from '../../base/errors.ts';
import { rewrite } from './causal-map.ts';
import type { CausalMap, Contents, Place } from './causal-map.ts';

/** The only field of a counter. */
export const COUNT_FIELD = '';

/** Adds to the total of an actor. @throws {RangeError} where the total or the sum is no safe integer. */
export function addTo(map: CausalMap, place: Place, by: number): CausalMap {
  const [, total = 0] = map.fields.get(place.field)?.get(place.actor) ?? [];
  const next = rewrite(map, place, safe(Number(total) + safe(by)));
  totalIn(next.fields.get(place.field));
  return next;
}

/** What a counter has come to. @throws {RangeError} where that is no safe integer. */
export function totalIn(contents: Contents | undefined): number {
  return [...(contents?.values() ?? [])].reduce((sum, [, total]) => safe(sum + Number(total)), 0);
}

/** Whether it is a total. */
export function isTotal(content: unknown): boolean {
  return Number.isSafeInteger(content);
}

function safe(count: number): number {
  if (Number.isSafeInteger(count)) return count;
  const message = `Cannot count ${errorText(count)}: it must be an integer from -(2^53 - 1) to 2^53 - 1`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}
