// Values of one key that were written without knowledge of each other, each with a dot: the number of its event among
// those of one actor. A context says how many events of each actor its reader has seen; whoever writes with it replaces
// those, and leaves what came beside them. The clock of a set is one number for each actor, however many values came
// and went, and no actor is ever dropped from it: its next event would have a dot that old contexts cover already.
//
// Source: Almeida, Baquero, Gonçalves, Preguiça, Fonte, "Scalable and Accurate Causality Tracking for Eventually
// Consistent Stores" (DAIS 2014), section 5; `contextOf` is its join, and `sync` is left out: no two copies of a set
// ever meet, because each is changed where it is stored.
import { assert } from '../base/assert.ts';
import type { Value } from './store.ts';

/** The events of one actor: how many there were, and the values of the last of them that are left, newest first. */
export type ActorEvents = readonly [actor: string, events: number, values: readonly Value[]];

/** All that a key holds; plain data. Each actor is in it once. */
export type DottedVersionSet = readonly ActorEvents[];

/** How many events of each actor were seen. */
export type VersionVector = ReadonlyMap<string, number>;

/** What is covered by who has seen the whole set. */
export function contextOf(set: DottedVersionSet): VersionVector {
  return new Map(set.map(([actor, events]) => [actor, events]));
}

/** Its values; of one actor, the newest first. */
export function valuesOf(set: DottedVersionSet): readonly Value[] {
  return set.flatMap(([, , values]) => values);
}

/** Without the values that `seen` covers. */
export function discard(set: DottedVersionSet, seen: VersionVector): DottedVersionSet {
  return set.map(([actor, events, values]) => [actor, events, values.slice(0, unseenOf(actor, events, seen))]);
}

/** With one more event, of `actor`, which writes `value`. */
export function event(set: DottedVersionSet, actor: string, value: Value): DottedVersionSet {
  const at = set.findIndex(([known]) => known === actor);
  if (at < 0) return [...set, [actor, 1, [value]]];
  return set.map((entry, index) => (index === at ? [actor, entry[1] + 1, [value, ...entry[2]]] : entry));
}

/** What a write makes of a set, by a writer who has seen `seen`. */
export function update(set: DottedVersionSet, seen: VersionVector, write: readonly [string, Value]): DottedVersionSet {
  return event(discard(set, seen), ...write);
}

/** How many of the newest events of an actor were not seen. */
function unseenOf(actor: string, events: number, seen: VersionVector): number {
  assert(events > 0, 'An actor is in a set for its events');
  return Math.max(0, events - (seen.get(actor) ?? 0));
}
