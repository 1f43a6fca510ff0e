// The simulator as a catcher: whole clusters on virtual time, every seed with a profile and faults of its own.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { drawPlan } from '../../src/sim/cluster/draw-plan.ts';
import type { LevelPromise } from '../../src/sim/cluster/judge-sessions.ts';
import type { OperationPlan, SimPlan } from '../../src/sim/cluster/plan.ts';
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

/** Simulated clusters without one rule, whose clients do all that they do in sessions, most of it at level one. */
export function simulatedSessions(rule: keyof Rules, seedsMax: number): Catcher {
  const rules: Rules = { ...RULES, [rule]: false };
  return {
    name: 'simulator, sessions',
    catches: () => searchSessions(rules, seedsMax),
    flagsProduction: () => searchSessions(RULES, PRODUCTION_SEEDS)?.what,
  };
}

function searchSessions(rules: Rules, seedsMax: number): Catch | undefined {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violation } = runPlan(sessionPlan(seed), { rules });
    if (violation === undefined) continue;
    return { seeds: seed, events: undefined, what: `${violation.kind}: ${violation.text.split('\n')[0]}` };
  }
  return undefined;
}

const SESSION_PROFILES = ['partition-storm', 'slow-replica', 'pause-storm', 'crash-storm'] as const;

function sessionPlan(seed: number): SimPlan {
  const profile = SESSION_PROFILES[seed % SESSION_PROFILES.length]!;
  const plan = drawPlan(seed, profile, { keys: 1 + (seed % 4), clients: 3, operations: 20 });
  const weakens = (seed & 1) === 1;
  const operations = plan.operations.map((each, place): OperationPlan => {
    const level = each.call === 'get' || weakens ? 'one' : each.level;
    const call = each.call === 'put' && place % 3 === 0 ? 'compare' : each.call;
    return Object.assign({}, each, { call, level, session: place % 2 === 0 ? 'kept' : 'moved' });
  });
  return { ...plan, operations };
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
