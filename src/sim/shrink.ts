// Makes a failing run as short as it gets: what is left is what a person has to understand. A smaller run counts only
// if it fails in the same way. Because chance is split by node and purpose, and faults and operations are written down,
// taking one away leaves the others as they were.
import { integerOption } from '../base/errors.ts';
import type { Rules } from '../protocol/rules.ts';
import type { Violation } from './cluster/judge.ts';
import type { Decision, OperationPlan, SimPlan } from './cluster/plan.ts';
import { runPlan } from './cluster/run-plan.ts';
import type { RunOptions } from './cluster/run-plan.ts';
import { mixWords } from './engine/chance.ts';
import { minimise } from './minimise.ts';
import { NotedCheck } from './sim-check.ts';
import type { SimCheck } from './sim-check.ts';
import { withReplicas } from './smaller-cluster.ts';

/** Rounds of the same, while each finds something. */
const ROUNDS_MAX = 4;
const RUNS_MAX = 100_000_000;
/** Seeds that a smaller candidate is tried with besides its own. */
const OTHER_SEEDS = 20;
/** Delay of messages about which nothing is written down, once that is tried, in microseconds. */
const QUICK_US = 10;

/** How a failure is shrunk. */
export interface ShrinkOptions {
  /** Rules that the failure was found with; default those of production. */
  readonly rules?: Rules | undefined;
  /** The check under which the plan fails, if it is that which fails. */
  readonly check?: SimCheck;
  /** Most runs, from 1; default 8,000, which take some seconds. */
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
 * @throws {RangeError | TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is not allowed.
 * @example
 * import { shrink, simulate } from 'quorate/sim';
 *
 * const { plan, violations } = simulate({ seed: 1 });
 * console.log(violations.length, shrink(plan)); // 0 undefined
 */
export function shrink(plan: SimPlan, { rules, check, runsMax = 8_000 }: ShrinkOptions = {}): Shrunk | undefined {
  integerOption('runsMax', runsMax, { min: 1, max: RUNS_MAX });
  const how = { rules, check: check && new NotedCheck(check).look };
  const first = runPlan(plan, how).violation;
  if (first === undefined) return undefined;
  const search = new Search(plan, first, { how, runsMax });
  search.shorten();
  return search.result();
}

class Search {
  #plan: SimPlan;
  readonly #class: string;
  readonly #how: RunOptions;
  readonly #runsMax: number;
  #runs = 1;
  /** Candidates that were kept. */
  #kept = 0;

  constructor(plan: SimPlan, violation: Violation, options: { how: RunOptions; runsMax: number }) {
    this.#plan = plan;
    this.#class = classOf(violation);
    this.#how = options.how;
    this.#runsMax = options.runsMax;
  }

  shorten(): void {
    this.#simplify();
    for (let before = -1; before !== this.#kept;) {
      before = this.#kept;
      this.#fewerReplicas();
      this.#lessOf('operations');
      this.#lessOf('proposals');
      this.#lessOf('conflicts');
      this.#lessOf('faults');
      this.#lessOfWatches();
    }
    this.#writeDown();
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const runs = this.#kept;
      this.#truncate();
      this.#lessOf('proposals');
      this.#lessOf('conflicts');
      this.#lessOf('operations'); // Some operations were there for a fault only, and the other way round.
      this.#lessOf('faults');
      this.#lessOfWatches();
      this.#lessOf('decisions');
      this.#calmDown();
      if (this.#kept === runs) return;
    }
  }

  result(): Shrunk {
    const run = runPlan(this.#plan, this.#how);
    const { violation, messages } = run;
    if (violation === undefined) throw new RangeError('Every plan that was kept fails');
    const { operations, proposals = [], conflicts = [], faults } = this.#plan;
    const steps = operations.length + proposals.length + conflicts.length + faults.length + messages;
    return { plan: this.#plan, violation, steps, runs: this.#runs };
  }

  /**
   * Keeps a candidate that fails in the same way. Until what chance decides is written down, it may be decided anew:
   * fewer operations seldom fail under the very delays under which many did.
   */
  #accepts(candidate: SimPlan): boolean {
    if (this.#fails(candidate)) return true;
    if (candidate.decisions !== undefined) return false;
    for (let other = 1; other <= OTHER_SEEDS; other++) {
      if (this.#fails({ ...candidate, seed: mixWords(candidate.seed, other) })) return true;
    }
    return false;
  }

  #fails(candidate: SimPlan): boolean {
    if (this.#runs >= this.#runsMax) return false;
    this.#runs++;
    const { violation } = runPlan(candidate, this.#how);
    if (violation === undefined || classOf(violation) !== this.#class) return false;
    this.#plan = candidate;
    this.#kept++;
    return true;
  }

  /** The run ends at the violation; a network that does less. */
  #simplify(): void {
    const tries: ((plan: SimPlan) => SimPlan)[] = [
      (plan) => ({ ...plan, endsWithStorm: true }),
      (plan) => ({ ...plan, leavesBroken: false }),
      (plan) => ({ ...plan, watches: [] }),
      (plan) => ({ ...plan, network: { ...plan.network, repeatRate: 0 } }),
      (plan) => ({ ...plan, network: { ...plan.network, lossRate: 0 } }),
      (plan) => ({ ...plan, network: { ...plan.network, lossyRate: 0 } }),
      (plan) => ({ ...plan, network: { ...plan.network, slowRate: 0 } }),
      (plan) => ({ ...plan, cluster: { ...plan.cluster, tagsFrom: [0, 0] } }),
      (plan) => (plan.cluster.quorum === undefined ? plan : withReplicas(plan, plan.cluster.replicas)),
      () => this.#withEach({ joins: false }),
      () => this.#withEach({ level: 'quorum' }),
    ];
    for (const attempt of tries) this.#accepts(attempt(this.#plan));
  }

  #withEach(change: Partial<OperationPlan>): SimPlan {
    return { ...this.#plan, operations: this.#plan.operations.map((each) => Object.assign({}, each, change)) };
  }

  #fewerReplicas(): void {
    for (let replicas = 3; replicas < this.#plan.cluster.replicas; replicas++) {
      this.#accepts(withReplicas(this.#plan, replicas));
    }
  }

  #lessOf(part: 'operations' | 'proposals' | 'conflicts' | 'faults' | 'watches' | 'decisions'): void {
    const all: readonly unknown[] = this.#plan[part] ?? [];
    if (all.length === 0) return;
    minimise(all, (left) => left.length < all.length && this.#accepts({ ...this.#plan, [part]: left }));
  }

  /** Fewer watches, and fewer breaks of those that are left. */
  #lessOfWatches(): void {
    if (this.#plan.watches === undefined) return;
    this.#lessOf('watches');
    for (const { watch } of this.#plan.watches) {
      const { breaks } = this.#plan.watches.find((each) => each.watch === watch)!;
      minimise(breaks, (left) => {
        const watches = this.#plan.watches!.map((each) =>
          each.watch === watch ? Object.assign({}, each, { breaks: left }) : each,
        );
        return left.length < breaks.length && this.#accepts({ ...this.#plan, watches });
      });
    }
  }

  /** The run ends where it has just gone wrong. */
  #truncate(): void {
    if (this.#plan.endsWithStorm !== true) return;
    let tooShortUs = 0;
    while (this.#plan.stormUs - tooShortUs > this.#plan.stormUs / 32) {
      const stormUs = Math.floor((tooShortUs + this.#plan.stormUs) / 2);
      if (!this.#accepts({ ...this.#plan, stormUs })) tooShortUs = stormUs;
    }
  }

  /** What chance decided, message by message, in place of the seed. */
  #writeDown(): void {
    const { decisions } = runPlan(this.#plan, { ...this.#how, keepsDecisions: true });
    this.#accepts({ ...this.#plan, decisions });
  }

  /** Thoughts that take no longer, messages that are no slower and no more often repeated than they must be. */
  #calmDown(): void {
    const { operations, decisions = [], network } = this.#plan;
    if (operations.some(({ thinkUs }) => thinkUs > 0)) this.#accepts(this.#withEach({ thinkUs: 0 }));
    if (decisions.some(([, , , copyUs]) => copyUs >= 0)) {
      const once = decisions.map(([link, position, delayUs]): Decision => [link, position, delayUs, -1]);
      this.#accepts({ ...this.#plan, decisions: once });
    }
    if (network.delayUs > QUICK_US) this.#accepts({ ...this.#plan, network: { ...network, delayUs: QUICK_US } });
  }
}

function classOf({ kind, key }: Violation): string {
  return key === undefined ? kind : `${kind} of ${key}`;
}
