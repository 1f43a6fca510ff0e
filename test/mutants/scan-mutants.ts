// Seeded bugs of scans, watches and cached reads: each misses something that is there.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { CACHE_SCHEDULES } from '../replica/cache-schedules.ts';
import { SCAN_SCHEDULES, scanClusterOf } from '../replica/scan-schedules.ts';
import { WATCH_SCHEDULES } from '../replica/watch-runs.ts';
import type { ScanSchedule } from '../replica/scan-schedules.ts';
import type { Catcher, Mutant } from './mutant.ts';
import { simulatedWatches } from './sim-catcher.ts';

const SCHEDULES: readonly ScanSchedule[] = [...SCAN_SCHEDULES, ...WATCH_SCHEDULES, ...CACHE_SCHEDULES];

/** Most simulated clusters until watches show that a rule is missing. */
const SEEDS_MAX: Partial<Record<keyof Rules, number>> = { notesStored: 20, listsAfterGaps: 1_000 };

/** A rule that several schedules break without is one bug, by the name of the first of them. */
export const SCAN_MUTANTS: readonly Mutant[] = SCHEDULES.filter(
  ({ rule }, place) => SCHEDULES.findIndex((each) => each.rule === rule) === place,
).map(({ rule, bug }) => ({
  bug,
  layer: 'coordinator',
  removed: `rule ${rule}`,
  catchers: [...SCHEDULES.filter((each) => each.rule === rule).map(catcherOf), ...simulationsOf(rule)],
}));

function simulationsOf(rule: keyof Rules): Catcher[] {
  const seedsMax = SEEDS_MAX[rule];
  return seedsMax === undefined ? [] : [simulatedWatches(rule, seedsMax)];
}

function catcherOf({ rule, play }: ScanSchedule): Catcher {
  return {
    name: 'directed',
    catches: () => {
      const cluster = scanClusterOf({ [rule]: false });
      const what = play(cluster);
      return what === undefined ? undefined : { seeds: 0, events: cluster.steps, what };
    },
    flagsProduction: () => play(scanClusterOf(RULES)),
  };
}
