// All seeded bugs, but for those of rings and tally board, which test/sim/explorer holds.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { BALLOT_MUTANTS } from './ballot-mutants.ts';
import { CHANGE_MUTANTS } from './change-mutants.ts';
import { COORDINATOR_MUTANTS } from './coordinator-mutants.ts';
import { ERASURE_MUTANTS } from './erasure-mutants.ts';
import { EXPIRY_MUTANTS } from './expiry-mutants.ts';
import { CONFLICT_MUTANTS } from './conflict-mutants.ts';
import { HINT_MUTANTS } from './hint-mutants.ts';
import { LEVEL_MUTANTS } from './level-mutants.ts';
import { MEMBERSHIP_MUTANTS } from './membership-mutants.ts';
import type { Mutant } from './mutant.ts';
import { PLACEMENT_MUTANTS } from './placement-mutants.ts';
import { REGISTER_MUTANTS } from './register-mutants.ts';
import { REPAIR_MUTANTS } from './repair-mutants.ts';
import { SCAN_MUTANTS } from './scan-mutants.ts';
import { SESSION_MUTANTS } from './session-mutants.ts';
import { simulated } from './sim-catcher.ts';
import { SUPERVISION_MUTANTS } from './supervision-mutants.ts';
import { SYSTEM_MUTANTS } from './system-mutants.ts';

/** Simulated clusters a bug: the cheaper catchers come first. */
const SIMULATED_SEEDS = 300;

export const MUTANTS: readonly Mutant[] = [
  ...[...REGISTER_MUTANTS, ...COORDINATOR_MUTANTS, ...CHANGE_MUTANTS, ...REPAIR_MUTANTS, ...PLACEMENT_MUTANTS].map(
    alsoSimulated,
  ),
  ...LEVEL_MUTANTS,
  ...SCAN_MUTANTS,
  ...SESSION_MUTANTS,
  ...BALLOT_MUTANTS,
  ...ERASURE_MUTANTS,
  ...MEMBERSHIP_MUTANTS,
  ...EXPIRY_MUTANTS,
  ...SUPERVISION_MUTANTS,
  ...SYSTEM_MUTANTS,
  ...HINT_MUTANTS,
  ...CONFLICT_MUTANTS,
];

/** The simulator looks for every bug that is a rule of the register taken away. */
function alsoSimulated(mutant: Mutant): Mutant {
  const rule = mutant.removed.replace(/^rule /, '');
  if (!isRule(rule) || mutant.catchers.some(({ name }) => name === 'simulator')) return mutant;
  return { ...mutant, catchers: [...mutant.catchers, simulated(rule, SIMULATED_SEEDS)] };
}

function isRule(name: string): name is keyof Rules {
  return Object.hasOwn(RULES, name);
}
