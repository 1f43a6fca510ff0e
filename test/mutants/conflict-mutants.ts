// Seeded bugs of keys that keep siblings.
import type { Mutant } from './mutant.ts';
import { simulatedConflicts } from './sim-catcher.ts';

const SEEDS = 300;

export const CONFLICT_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A key that was empty begins with an actor of before, whose events old contexts cover',
    layer: 'conflicts',
    removed: 'rule namesActorsAnew',
    source: 'riak_test kv679',
    catchers: [simulatedConflicts('namesActorsAnew', SEEDS)],
  },
];
