// Seeded bugs of scans, watches and cached reads: each misses something that is there.
import { RULES } from '../../src/protocol/rules.ts';
import { CACHE_SCHEDULES } from '../replica/cache-schedules.ts';
import { SCAN_SCHEDULES, scanClusterOf } from '../replica/scan-schedules.ts';
import { WATCH_SCHEDULES } from '../replica/watch-runs.ts';
import type { ScanSchedule } from '../replica/scan-schedules.ts';
import type { Mutant } from './mutant.ts';

export const SCAN_MUTANTS: readonly Mutant[] = [...SCAN_SCHEDULES, ...WATCH_SCHEDULES, ...CACHE_SCHEDULES].map(
  mutantOf,
);

function mutantOf({ rule, bug, play }: ScanSchedule): Mutant {
  return {
    bug,
    layer: 'coordinator',
    removed: `rule ${rule}`,
    catchers: [
      {
        name: 'directed',
        catches: () => {
          const cluster = scanClusterOf({ [rule]: false });
          const what = play(cluster);
          return what === undefined ? undefined : { seeds: 0, events: cluster.steps, what };
        },
        flagsProduction: () => play(scanClusterOf(RULES)),
      },
    ],
  };
}
