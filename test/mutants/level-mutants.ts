// Seeded bugs of what levels are called: one that promises less is taken for one that promises more.
import type { LevelPromise } from '../../src/sim/cluster/judge-sessions.ts';
import type { Mutant } from './mutant.ts';
import { held } from './sim-catcher.ts';

/** What is linearizable returns the last version. */
const linearizable = (levels: LevelPromise['levels']): LevelPromise => ({ levels, maxVersions: 1 });

export const LEVEL_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A read at level one is called linearizable',
    layer: 'coordinator',
    removed: 'level one is weak',
    catchers: [held({ broken: linearizable(['one', 'quorum', 'all']), kept: linearizable(['quorum', 'all']) })],
  },
];
