// A map that merges, of counters, sets and registers: each is as many fields as it needs, under one clock, so that
// whoever removes a name takes away what was seen under it, and no more. A name may be of each kind at once.
import type { Value } from '../store.ts';
import { erase, isCount, overwrite } from './causal-map.ts';
import type { CausalMap, Contents } from './causal-map.ts';
import { addTo, isTotal, totalIn } from './counter.ts';
import { fieldOf, isElementAt } from './set.ts';
import type { Element } from './set.ts';

/** What a map holds, by name. */
export interface MapView {
  readonly counters: ReadonlyMap<string, number>;
  readonly sets: ReadonlyMap<string, ReadonlySet<Element>>;
  readonly registers: ReadonlyMap<string, Value>;
}

type Kind = 'counter' | 'set' | 'register';

/** Adds to a counter of a map. @throws {RangeError} where it would be no safe integer. */
export function addToCounter(map: CausalMap, actor: string, [name, by]: readonly [string, number]): CausalMap {
  return addTo(map, { actor, field: nameOf('counter', name) }, by);
}

/** Adds an element to a set of a map. */
export function includeIn(map: CausalMap, actor: string, [name, element]: readonly [string, Element]): CausalMap {
  return overwrite(map, { actor, field: nameOf('set', name, fieldOf(element)) }, element === 0 ? 0 : element);
}

/** Removes an element from a set of a map. */
export function excludeFrom(map: CausalMap, [name, element]: readonly [string, Element]): CausalMap {
  return erase(map, nameOf('set', name, fieldOf(element)));
}

/** Writes a register of a map; of two who did not know of each other the one who had seen more writes stays. */
export function writeRegister(map: CausalMap, actor: string, [name, value]: readonly [string, Value]): CausalMap {
  const field = nameOf('register', name);
  const stamp = Math.max(0, ...stampsIn(map.fields.get(field))) + 1;
  return overwrite(map, { actor, field }, [stamp, value]);
}

/** Takes away all that is seen under a name. */
export function removeName(map: CausalMap, name: string): CausalMap {
  return [...map.fields.keys()].reduce(
    (left, field) => (partsOf(field)?.[1] === name ? erase(left, field) : left),
    map,
  );
}

/** What a map holds. */
export function viewOf(map: CausalMap): MapView {
  const counters = new Map<string, number>();
  const sets = new Map<string, Set<Element>>();
  const registers = new Map<string, Value>();
  for (const [field, contents] of map.fields) {
    const [kind, name] = partsOf(field) ?? [];
    if (name === undefined) continue;
    if (kind === 'counter') counters.set(name, totalIn(contents));
    else if (kind === 'register') registers.set(name, newestIn(contents));
    else sets.set(name, (sets.get(name) ?? new Set()).add(elementIn(contents)));
  }
  return { counters, sets, registers };
}

/** Whether it is what a field of that name may hold. */
export function isMapContent(field: string, content: unknown): boolean {
  const [kind, name, element] = partsOf(field) ?? [];
  if (name === undefined) return false;
  if (kind === 'counter') return isTotal(content);
  if (kind === 'register') return Array.isArray(content) && content.length === 2 && isCount(content[0]);
  return element !== undefined && isElementAt(element, content);
}

function nameOf(kind: Kind, name: string, element?: string): string {
  return JSON.stringify(element === undefined ? [kind, name] : [kind, name, element]);
}

/** What the name of a field says; `undefined` where it is none that {@link nameOf} gives. */
function partsOf(field: string): readonly [kind: string, name: string, element?: string] | undefined {
  try {
    const parts: unknown = JSON.parse(field);
    const [kind, name, element, ...rest]: readonly unknown[] = Array.isArray(parts) ? parts : [];
    if (typeof kind !== 'string' || typeof name !== 'string' || rest.length > 0) return undefined;
    if (typeof element === 'string') return kind === 'set' ? [kind, name, element] : undefined;
    return element === undefined && (kind === 'counter' || kind === 'register') ? [kind, name] : undefined;
  } catch {
    return undefined;
  }
}

function stampsIn(contents: Contents | undefined): number[] {
  return [...(contents?.values() ?? [])].map(([, content]) => registerOf(content)[0]);
}

/** The content with the highest stamp; of two, that of the actor whose name is later. */
function newestIn(contents: Contents): Value {
  const ordered = [...contents].map(([actor, [, content]]) => ({ actor, register: registerOf(content) }));
  ordered.sort((a, b) => b.register[0] - a.register[0] || (a.actor < b.actor ? 1 : -1));
  return ordered[0]?.register[1];
}

function registerOf(content: Value): readonly [stamp: number, value: Value] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `writeRegister` wrote, or `isMapContent` allowed
  return content as readonly [number, Value];
}

/** Of one field, all actors have written the same element. */
function elementIn(contents: Contents): Element {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `includeIn` wrote, or `isMapContent` allowed
  return [...contents.values()][0]![1] as Element;
}
