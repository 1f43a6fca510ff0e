// What the threads of the pool do for `quorate sim`.
import type { TaskTable } from '../../offload/tasks.ts';
import { rulesWithout } from '../../sim/regression.ts';
import type { Regression } from '../../sim/regression.ts';
import { runSeeds } from '../../sim/seeds.ts';
import type { SeedRange, SeedSummary } from '../../sim/seeds.ts';
import { shrink } from '../../sim/shrink.ts';
import { simulate } from '../../sim/simulate.ts';
import type { Profile } from '../../sim/cluster/profiles.ts';

/** A failure that is to be shrunk. */
export interface FailedSeed {
  readonly seed: number;
  readonly profile: Profile;
  readonly without: readonly string[];
}

/** A failure that was shrunk. */
export interface ShrunkSeed {
  readonly regression: Omit<Regression, 'format'>;
  /** Operations, faults and messages that are left. */
  readonly steps: number;
  readonly runs: number;
}

/** The tasks of a thread that simulates. */
export interface SimTasks {
  readonly seeds: (range: SeedRange) => SeedSummary;
  /** `undefined` when the seed does not fail. */
  readonly shrink: (failed: FailedSeed) => ShrunkSeed | undefined;
}

/** The tasks of a thread that simulates. */
export const SIM_TASKS: SimTasks & TaskTable = {
  seeds: (range: SeedRange) => runSeeds(range),
  shrink: ({ seed, profile, without }: FailedSeed) => {
    const rules = rulesWithout(without);
    const shrunk = shrink(simulate({ seed, profile, rules }).plan, { rules });
    if (shrunk === undefined) return undefined;
    const { plan, violation, steps, runs } = shrunk;
    return { regression: { violation: `${violation.kind}: ${violation.text}`, without, plan }, steps, runs };
  },
};
