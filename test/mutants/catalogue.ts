// All seeded bugs.
import { COORDINATOR_MUTANTS } from './coordinator-mutants.ts';
import type { Mutant } from './mutant.ts';
import { REGISTER_MUTANTS } from './register-mutants.ts';

export const MUTANTS: readonly Mutant[] = [...REGISTER_MUTANTS, ...COORDINATOR_MUTANTS];
