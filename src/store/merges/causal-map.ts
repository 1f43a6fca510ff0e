// What counters, sets and maps that merge are made of: fields with contents, each written by one event of one actor. A
// copy knows by its clock which events it has seen, so of contents that one copy has and the other has not, it is plain
// whether they are new to the other or were taken away there: nothing need be kept of what was taken away.
//
// Invariant: of one actor, a field has one content at most, and no event that the clock does not cover.
// Source: Bieniusa et al., "An Optimized Conflict-free Replicated Set" (INRIA 8083, 2012); Almeida, Shoker, Baquero,
// "Delta State Replicated Data Types" (2018), section 7: dot functions under one causal context.
import type { Value } from '../store.ts';

/** Contents by the actor that wrote them, each with the number of its event among those of that actor. */
export type Contents = ReadonlyMap<string, readonly [event: number, content: Value]>;

/** One copy; plain data. */
export interface CausalMap {
  /** How many events of each actor it has seen. */
  readonly clock: ReadonlyMap<string, number>;
  readonly fields: ReadonlyMap<string, Contents>;
}

/** Nothing has happened. */
export const EMPTY: CausalMap = { clock: new Map(), fields: new Map() };

/** Where something is written, and by whom. */
export interface Place {
  readonly actor: string;
  readonly field: string;
}

/** Writes a field instead of all that is seen in it. */
export function overwrite(map: CausalMap, place: Place, content: Value): CausalMap {
  return write(map, place, content, []);
}

/** Writes a field instead of what the same actor has written there, beside what others have. */
export function rewrite(map: CausalMap, place: Place, content: Value): CausalMap {
  const others = [...(map.fields.get(place.field) ?? [])].filter(([actor]) => actor !== place.actor);
  return write(map, place, content, others);
}

/** Takes away all that is seen in a field. What others write there meanwhile stays. */
export function erase(map: CausalMap, field: string): CausalMap {
  const fields = new Map(map.fields);
  fields.delete(field);
  return { clock: map.clock, fields };
}

/** What two copies come to. Commutative, associative, idempotent. */
export function mergeMaps(left: CausalMap, right: CausalMap): CausalMap {
  const clock = new Map(left.clock);
  for (const [actor, events] of right.clock) clock.set(actor, Math.max(events, clock.get(actor) ?? 0));
  const fields = new Map<string, Contents>();
  for (const field of new Set([...left.fields.keys(), ...right.fields.keys()])) {
    const contents = new Map([...surviving(field, left, right), ...surviving(field, right, left)]);
    if (contents.size > 0) fields.set(field, contents);
  }
  return { clock, fields };
}

/** What `from` has in a field, and `other` has too, or has not seen. */
function surviving(field: string, from: CausalMap, other: CausalMap): (readonly [string, Inner])[] {
  const others = other.fields.get(field);
  return [...(from.fields.get(field) ?? [])].filter(([actor, [event]]) => {
    return event > (other.clock.get(actor) ?? 0) || others?.get(actor)?.[0] === event;
  });
}

type Inner = readonly [event: number, content: Value];

function write(
  map: CausalMap,
  { actor, field }: Place,
  content: Value,
  beside: (readonly [string, Inner])[],
): CausalMap {
  const event = (map.clock.get(actor) ?? 0) + 1;
  const fields = new Map(map.fields).set(field, new Map([...beside, [actor, [event, content] as const]]));
  return { clock: new Map(map.clock).set(actor, event), fields };
}

/** Whether `value` is a map with contents that `isContent` allows. */
export function isCausalMap(
  value: unknown,
  isContent: (field: string, content: unknown) => boolean,
): value is CausalMap {
  if (typeof value !== 'object' || value === null || !('clock' in value) || !('fields' in value)) return false;
  const { clock, fields } = value;
  if (!(clock instanceof Map) || !(fields instanceof Map)) return false;
  for (const [actor, events] of clock) if (typeof actor !== 'string' || !isCount(events)) return false;
  for (const [field, contents] of fields) {
    if (typeof field !== 'string' || !(contents instanceof Map) || contents.size === 0) return false;
    for (const [actor, written] of contents) {
      if (!Array.isArray(written) || written.length !== 2 || !isCount(written[0])) return false;
      if (written[0] > (Number(clock.get(actor)) || 0) || !isContent(field, written[1])) return false;
    }
  }
  return true;
}

/** No copy that has come to be by calls has as many: it leaves room to count on from whatever is put. */
const EVENTS_MAX = 2 ** 48;

/** Whether it is a number of events, from 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= EVENTS_MAX;
}
