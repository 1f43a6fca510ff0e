// Makes a failing run as short as it gets: what is left is what a person has to understand. A smaller run counts only
// if it fails in the same way. Because chance is split by node and purpose, and faults and operations are written down,
// taking one away leaves the others as they were.
import type { Rules } from '../protocol/rules.ts';
import type { Violation } from './cluster/judge.ts';
import type { Decision, SimPlan } from './cluster/plan.ts';
import { runPlan } from './cluster/run-plan.ts';
import { minimise } from './minimise.ts';

/** How a failure is shrunk. */
export interface ShrinkOptions {
  /** Rules that the failure was found with; default those of production. */
  readonly rules?: Rules | undefined;
  /** Most runs; default 4,000, which take some seconds. */
  readonly runsMax?: number;
}

/** A failing run that was made shorter. */
export interface Shrunk {
  readonly plan: SimPlan;
  readonly violation: Violation;
  /** What is left: operations, faults and messages of the run. */
  readonly steps: number;
  /** Runs that it took. */
  readonly runs: number;
}

/**
 * Shortens a failing plan: operations, faults, clients, then what chance decided about each message. Any thread; it
 * blocks for up to `runsMax` runs, about a millisecond each.
 *
 * @returns the shortest plan that was found to fail in the same way; `undefined` when the plan does not fail.
 * @example
 * import { shrink, simulate } from 'quorate/sim';
 *
 * const { plan, violations } = simulate({ seed: 1 });
 * console.log(violations.length, shrink(plan)); // 0 undefined
 */
export function shrink(plan: SimPlan, { rules, runsMax = 4_000 }: ShrinkOptions = {}): Shrunk | undefined {
  const first = runPlan(plan, { rules }).violation;
  if (first === undefined) return undefined;
  const search = new Search(plan, first, { rules, runsMax });
  search.shorten();
  return search.result();
}

class Search {
  #plan: SimPlan;
  readonly #class: string;
  readonly #rules: Rules | undefined;
  readonly #runsMax: number;
  #runs = 1;

  constructor(plan: SimPlan, violation: Violation, options: { rules: Rules | undefined; runsMax: number }) {
    this.#plan = plan;
    this.#class = classOf(violation);
    this.#rules = options.rules;
    this.#runsMax = options.runsMax;
  }

  shorten(): void {
    this.#simplify();
    this.#lessOf('operations');
    this.#lessOf('faults');
    this.#lessOf('operations'); // Some operations were there for a fault only.
    this.#simplify();
    this.#writeDown();
    this.#calmDown();
  }

  result(): Shrunk {
    const run = runPlan(this.#plan, { rules: this.#rules });
    const { violation, messages } = run;
    if (violation === undefined) throw new RangeError('Every plan that was kept fails');
    const { operations, faults } = this.#plan;
    return { plan: this.#plan, violation, steps: operations.length + faults.length + messages, runs: this.#runs };
  }

  /** Keeps a candidate that fails in the same way. */
  #accepts(candidate: SimPlan): boolean {
    if (this.#runs >= this.#runsMax) return false;
    this.#runs++;
    const { violation } = runPlan(candidate, { rules: this.#rules });
    if (violation === undefined || classOf(violation) !== this.#class) return false;
    this.#plan = candidate;
    return true;
  }

  /** The run ends at the violation; a network that does less. */
  #simplify(): void {
    const tries: ((plan: SimPlan) => SimPlan)[] = [
      (plan) => ({ ...plan, endsWithStorm: true }),
      (plan) => ({ ...plan, leavesBroken: false }),
      (plan) => ({ ...plan, network: { ...plan.network, repeatRate: 0 } }),
      (plan) => ({ ...plan, network: { ...plan.network, lossRate: 0 } }),
      (plan) => ({ ...plan, network: { ...plan.network, lossyRate: 0 } }),
      (plan) => ({ ...plan, network: { ...plan.network, slowRate: 0 } }),
      (plan) => ({ ...plan, cluster: { ...plan.cluster, tagsFrom: [0, 0] } }),
      (plan) => ({ ...plan, operations: plan.operations.map((each) => ({ ...each, joins: false })) }),
      (plan) => ({ ...plan, operations: plan.operations.map((each) => ({ ...each, level: 'quorum' })) }),
    ];
    for (const attempt of tries) this.#accepts(attempt(this.#plan));
  }

  #lessOf(part: 'operations' | 'faults'): void {
    const all: readonly unknown[] = this.#plan[part];
    minimise(all, (left) => this.#accepts({ ...this.#plan, [part]: left }));
  }

  /** What chance decided, message by message, in place of the seed. */
  #writeDown(): void {
    const { decisions } = runPlan(this.#plan, { rules: this.#rules, keepsDecisions: true });
    if (!this.#accepts({ ...this.#plan, decisions })) return;
    const { delayUs } = this.#plan.network;
    minimise(decisions, (left) => this.#accepts({ ...this.#plan, decisions: left }));
    const usual = (this.#plan.decisions ?? []).map(([link, position, delay]): Decision => [
      link,
      position,
      delay < 0 ? -1 : delayUs,
      -1,
    ]);
    this.#accepts({ ...this.#plan, decisions: usual });
  }

  /** Faults that last no longer and thoughts that take no longer than they must. */
  #calmDown(): void {
    this.#accepts({ ...this.#plan, operations: this.#plan.operations.map((each) => ({ ...each, thinkUs: 0 })) });
    this.#lessOf('faults');
    this.#lessOf('operations');
  }
}

function classOf({ kind, key }: Violation): string {
  return key === undefined ? kind : `${kind} of ${key}`;
}
