// A set that merges: each element is a field. Who adds and who removes without knowing of each other: the element stays
// (add wins), for the one who removed had not seen it.
import { typeError } from '../../base/errors.ts';
import { erase, overwrite } from './causal-map.ts';
import type { CausalMap, Place } from './causal-map.ts';

/** What a set may hold: what is equal by itself. */
export type Element = string | number | boolean | bigint | null;

/** The name of an element's field; no two elements share one. @throws {TypeError} for what is no element. */
export function fieldOf(element: unknown): string {
  if (isElement(element)) return element === null ? 'null' : `${typeof element} ${element}`; // 0 and -0 are one.
  const message = `Cannot use a ${typeof element} as element: it must be a string, number, boolean, bigint or null`;
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}

/** Adds an element; `actor` names who does. */
export function include(map: CausalMap, actor: string, element: Element): CausalMap {
  const place: Place = { actor, field: fieldOf(element) };
  return overwrite(map, place, element === 0 ? 0 : element);
}

/** Removes an element. */
export function exclude(map: CausalMap, element: Element): CausalMap {
  return erase(map, fieldOf(element));
}

/** Its elements. */
export function elementsOf(map: CausalMap): Set<Element> {
  const elements = [...map.fields.values()].flatMap((contents) => [...contents.values()].map(([, element]) => element));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `include` wrote, or `isElementAt` has allowed
  return new Set(elements as Element[]);
}

/** Whether it is the element of that field. */
export function isElementAt(field: string, content: unknown): boolean {
  return isElement(content) && fieldOf(content) === field;
}

function isElement(value: unknown): value is Element {
  return value === null || ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}
