// Seeded bugs of systems of quorums.
import { choose } from '../../src/quorum/index.ts';
import type { PlanSystems } from '../../src/sim/cluster/plan.ts';
import type { Mutant } from './mutant.ts';
import { simulated, simulatedSystem } from './sim-catcher.ts';

const SEEDS = 400;
const HALF = choose(2, 4);
const MAJORITY = choose(3, 4);
const SOUND: PlanSystems = { read: MAJORITY, write: MAJORITY, prepare: MAJORITY };

export const SYSTEM_MUTANTS: readonly Mutant[] = [
  {
    bug: 'As many votes as the smallest quorum has decide, whoever gave them',
    layer: 'quorum',
    removed: 'rule heedsSystems',
    catchers: [simulated('heedsSystems', SEEDS)],
  },
  {
    bug: 'Systems are used whose reads and prepares miss writes',
    layer: 'quorum',
    removed: 'check of systems',
    catchers: [
      simulatedSystem({ broken: { read: HALF, write: HALF, prepare: HALF, isForced: true }, sound: SOUND }, SEEDS),
    ],
  },
];
