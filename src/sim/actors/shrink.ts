// Makes a failure small: leaves out operations and faults, a half at a time and then fewer, as long as it still fails.
//
// Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 2002 (ddmin).

/** What a failing run is made of, by name. */
export interface Parts {
  readonly faults: readonly string[];
  readonly operations: readonly string[];
  readonly isEven: boolean;
}

/**
 * The smallest parts found with which `fails` still holds.
 *
 * @param fails tries a run.
 * @param triesMax most runs.
 */
export async function shrink(
  parts: Parts,
  fails: (parts: Parts) => Promise<boolean>,
  triesMax: number,
): Promise<Parts> {
  let best = parts;
  let tries = 0;
  const attempt = async (candidate: Parts): Promise<boolean> => {
    if (++tries > triesMax || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (;;) {
    const before = sizeOf(best);
    // First, because a run at an even pace needs fewer faults to fail in the same way.
    if (!best.isEven) await attempt({ ...best, isEven: true });
    for (const kind of ['operations', 'faults'] as const) {
      await without(best[kind], (left) => attempt({ ...best, [kind]: left }));
    }
    if (sizeOf(best) === before || tries >= triesMax) return best;
  }
}

/** Leaves out runs of names, longest first; `attempt` says whether what is left is kept. */
async function without(
  names: readonly string[],
  attempt: (left: readonly string[]) => Promise<boolean>,
): Promise<void> {
  let left = names;
  for (let size = left.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length;) {
      const shorter = [...left.slice(0, from), ...left.slice(from + size)];
      if (await attempt(shorter)) left = shorter;
      else from += size;
    }
  }
}

function sizeOf({ operations, faults, isEven }: Parts): number {
  return 2 * (operations.length + faults.length) + (isEven ? 0 : 1);
}
