// Makes a failing list shorter while it fails: cuts off its needless tail, leaves out whole parts, then what else is
// not needed.
import { minimise } from '../../src/sim/minimise.ts';

/** How to shrink. */
export interface ShrinkOptions<Item> {
  /** Whether what is left still fails. */
  readonly fails: (items: readonly Item[]) => boolean;
  /** Names of what an item is part of: whole parts are left out first. */
  readonly partsOf: (item: Item) => readonly string[];
  /** Most questions to `fails`. */
  readonly triesMax: number;
}

/** A short part of `items` that fails as they do: the shorter of two, with whole parts left out first, and without. */
export function shrink<Item>(items: readonly Item[], options: ShrinkOptions<Item>): readonly Item[] {
  const one = shrinkOnce(items, options);
  const other = shrinkOnce(items, { ...options, partsOf: () => [] });
  return one.length < other.length ? one : other;
}

function shrinkOnce<Item>(items: readonly Item[], { fails, partsOf, triesMax }: ShrinkOptions<Item>): readonly Item[] {
  let tries = 0;
  const isKept = (candidate: readonly Item[]): boolean => tries++ < triesMax && fails(candidate);
  let kept = withoutTail(items, isKept);
  for (const part of new Set(kept.flatMap(partsOf))) {
    const candidate = kept.filter((item) => !partsOf(item).includes(part));
    if (candidate.length < kept.length && isKept(candidate)) kept = candidate;
  }
  return minimise(kept, isKept);
}

/** The shortest failing prefix, if all longer ones fail too. */
function withoutTail<Item>(items: readonly Item[], isKept: (items: readonly Item[]) => boolean): readonly Item[] {
  let enough = items.length;
  let tooFew = 0;
  while (tooFew + 1 < enough) {
    const middle = (tooFew + enough) >> 1;
    if (isKept(items.slice(0, middle))) enough = middle;
    else tooFew = middle;
  }
  return items.slice(0, enough);
}
