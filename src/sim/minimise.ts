// Finds out which parts of a failing input it needs. Source: ddmin, Zeller and Hildebrandt, "Simplifying and Isolating
// Failure-Inducing Input" (IEEE TSE 2002), section 3.2.

/**
 * The items without those that are not needed: taking any single one of the rest away makes `fails` false, unless it
 * says so because a budget is used up. `fails` holds for all items.
 */
export function minimise<Item>(items: readonly Item[], fails: (items: readonly Item[]) => boolean): readonly Item[] {
  if (items.length > 0 && fails([])) return [];
  let left = items;
  let parts = 2;
  while (left.length >= 2) {
    const size = Math.ceil(left.length / parts);
    const smaller = withoutOnePart(left, size, fails);
    if (smaller !== undefined) {
      left = smaller;
      parts = Math.max(parts - 1, 2);
    } else if (size === 1) return left;
    else parts = Math.min(2 * parts, left.length);
  }
  return left;
}

function withoutOnePart<Item>(
  items: readonly Item[],
  size: number,
  fails: (items: readonly Item[]) => boolean,
): readonly Item[] | undefined {
  // From the end: what comes last is needed least.
  for (let end = items.length; end > 0; end -= size) {
    const rest = [...items.slice(0, Math.max(0, end - size)), ...items.slice(end)];
    if (fails(rest)) return rest;
  }
  return undefined;
}
