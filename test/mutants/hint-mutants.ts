// Seeded bugs of hints.
import type { Mutant } from './mutant.ts';
import { simulatedHints } from './sim-catcher.ts';

const SEEDS = 50;

export const HINT_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A client takes a write over as a hint, and never finishes it',
    layer: 'hints',
    removed: 'rule finishesHints',
    catchers: [simulatedHints('finishesHints', SEEDS)],
  },
];
