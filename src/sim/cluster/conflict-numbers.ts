// The numbers of the plan in what clients see of keys that keep siblings or merge. A counter shows each of them too:
// the value v adds 4^(v - 1), so that the digits to the base of 4 tell what was counted, and how often.
import type { MapView } from '../../store/merges/map.ts';
import type { Element } from '../../store/merges/set.ts';
import type { Value } from '../../store/store.ts';
import { seenValue } from './values.ts';

/** Most values of one key besides the last one: a counter of them all is a safe integer. */
export const COUNTED_MAX = 24;
const BASE = 4;

/** The counter and the set of a map. */
export const COUNTER_NAME = 'c';
export const SET_NAME = 's';

/** What was seen: the numbers, one of them as often as it was there, and what is wrong with one of them. */
export interface SeenNumbers {
  readonly numbers: readonly number[];
  readonly wrong?: string | undefined;
}

/** What a value adds to a counter. */
export function amountOf(value: number): number {
  return BASE ** (value - 1);
}

/** The values that a counter has counted. */
export function countedIn(count: number): SeenNumbers {
  const numbers: number[] = [];
  if (!Number.isSafeInteger(count) || count < 0) return { numbers, wrong: `the count is ${count}` };
  for (let value = 1, rest = count; rest > 0; value++, rest = Math.floor(rest / BASE)) {
    for (let times = rest % BASE; times > 0; times--) numbers.push(value);
  }
  return { numbers };
}

/** The values in a set. */
export function elementsIn(elements: ReadonlySet<Element>): SeenNumbers {
  return { numbers: [...elements].map(Number) };
}

/** The kind of what a value is in a map, by its number. */
export function kindInMap(value: number): 'counter' | 'set' | 'register' {
  return (['counter', 'set', 'register'] as const)[value % 3]!;
}

/** The name of a value's register in a map. */
export function registerName(value: number): string {
  return `r${value}`;
}

/** The values in a map. */
export function inMap({ counters, sets, registers }: MapView): SeenNumbers {
  const counted = countedIn(counters.get(COUNTER_NAME) ?? 0);
  const inRegisters = [...registers].map(([name, value]) => ({ value, isOwn: name === registerName(Number(value)) }));
  const wrong = inRegisters.find(({ isOwn }) => !isOwn);
  return {
    numbers: [
      ...counted.numbers,
      ...elementsIn(sets.get(SET_NAME) ?? new Set()).numbers,
      ...inRegisters.map(({ value }) => Number(value)),
    ],
    wrong: counted.wrong ?? (wrong && `a register holds ${String(wrong.value)}, which is of another one`),
  };
}

/** The numbers of siblings. */
export function siblingsIn(values: readonly Value[]): SeenNumbers {
  const seen = values.map(seenValue);
  return {
    numbers: seen.map(({ number }) => number),
    wrong: seen.find(({ corruption }) => corruption !== undefined)?.corruption,
  };
}
