// The simulator as a catcher: whole clusters on virtual time, every seed with a profile and faults of its own.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { shrink } from '../../src/sim/shrink.ts';
import { simulate } from '../../src/sim/simulate.ts';
import type { Catcher } from './mutant.ts';

const PRODUCTION_SEEDS = 20;
const SHRINK_RUNS_MAX = 600;

/** Simulated clusters without one rule, up to `seedsMax` of them. */
export function simulated(rule: keyof Rules, seedsMax: number): Catcher {
  const rules: Rules = { ...RULES, [rule]: false };
  return {
    name: 'simulator',
    catches: (isShrunk) => {
      for (let seed = 1; seed <= seedsMax; seed++) {
        const { violations, plan } = simulate({ seed, rules });
        const [violation] = violations;
        if (violation === undefined) continue;
        const events = isShrunk ? shrink(plan, { rules, runsMax: SHRINK_RUNS_MAX })?.steps : undefined;
        return { seeds: seed, events, what: `${violation.kind}: ${violation.text.split('\n')[0]}` };
      }
      return undefined;
    },
    flagsProduction: () => {
      for (let seed = 1; seed <= PRODUCTION_SEEDS; seed++) {
        const [violation] = simulate({ seed }).violations;
        if (violation !== undefined) return `seed ${seed}: ${violation.text}`;
      }
      return undefined;
    },
  };
}
