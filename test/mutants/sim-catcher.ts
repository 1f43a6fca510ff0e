// The simulator as a catcher: whole clusters on virtual time, every seed with a profile and faults of its own.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { drawPlan } from '../../src/sim/cluster/draw-plan.ts';
import type { LevelPromise } from '../../src/sim/cluster/judge-sessions.ts';
import { runPlan } from '../../src/sim/cluster/run-plan.ts';
import { shrink } from '../../src/sim/shrink.ts';
import { profileOf, simulate } from '../../src/sim/simulate.ts';
import type { Catch, Catcher } from './mutant.ts';

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

/** Most seeds until the weak reads that some plans have break what only strong ones are promised. */
const PROMISE_SEEDS = 300;

/** Simulated clusters of production, whose reads are held to a promise that nobody made them. */
export function held({ broken, kept }: { readonly broken: LevelPromise; readonly kept: LevelPromise }): Catcher {
  return {
    name: 'simulator',
    catches: () => searchBreach(broken, PROMISE_SEEDS),
    flagsProduction: () => searchBreach(kept, PRODUCTION_SEEDS)?.what,
  };
}

function searchBreach(promise: LevelPromise, seedsMax: number): Catch | undefined {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violation } = runPlan(drawPlan(seed, profileOf(seed)), { promise });
    if (violation === undefined) continue;
    return { seeds: seed, events: undefined, what: `${violation.kind}: ${violation.text.split('\n')[0]}` };
  }
  return undefined;
}
