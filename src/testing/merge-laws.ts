// The laws that a function must obey for values to come out the same whoever merges what, when and how often.
import { isSameValue } from '../base/equality.ts';
import { rangeError } from '../base/errors.ts';

/** Most values: every three of them are tried. */
const VALUES_MAX = 100;

/**
 * Which laws `merge` breaks on these values: it must be commutative, associative and idempotent. Values are compared
 * deeply. Give many, and odd ones.
 *
 * @param values from 1 to 100.
 * @returns a sentence for each law that it breaks, with the values that show it.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where there are none, or too many.
 * @example
 * ```ts
 * import { brokenMergeLaws } from 'quorate/testing';
 *
 * const longer = (a: unknown, b: unknown) => (String(a).length >= String(b).length ? a : b);
 * console.log(brokenMergeLaws(longer, ['a', 'bb', 'cc'])[0]); // Not commutative: of "bb" and "cc"
 * ```
 */
export function brokenMergeLaws<Of>(merge: (left: Of, right: Of) => Of, values: readonly Of[]): readonly string[] {
  if (values.length === 0 || values.length > VALUES_MAX) {
    const message = `Cannot try ${values.length} values: they must be from 1 to ${VALUES_MAX}`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
  }
  const pairs = values.flatMap((a) => values.map((b): readonly Of[] => [a, b]));
  const isSame = (left: Of, right: Of): boolean => isSameValue(left, right);
  const laws: readonly [string, () => readonly Of[] | undefined][] = [
    ['idempotent', () => values.map((a): readonly Of[] => [a]).find(([a]) => !isSame(merge(a!, a!), a!))],
    ['commutative', () => pairs.find(([a, b]) => !isSame(merge(a!, b!), merge(b!, a!)))],
    ['associative', () => tripleThatDiffers(merge, values)],
  ];
  return laws.flatMap(([law, find]) => {
    const found = find();
    return found === undefined ? [] : [`Not ${law}: of ${found.map((value) => shown(value)).join(' and ')}`];
  });
}

function tripleThatDiffers<Of>(merge: (left: Of, right: Of) => Of, values: readonly Of[]): readonly Of[] | undefined {
  for (const a of values) {
    for (const b of values) {
      const ab = merge(a, b);
      const c = values.find((each) => !isSameValue(merge(ab, each), merge(a, merge(b, each))));
      if (c !== undefined) return [a, b, c];
    }
  }
  return undefined;
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_key, held: unknown) => {
    if (typeof held === 'bigint') return `${held}n`;
    return held instanceof Map || held instanceof Set ? [...held] : held;
  });
}
