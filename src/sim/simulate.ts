// The simulator as its users see it: one call, one seed, one run.
import { integerOption, rangeError, typeError } from '../base/errors.ts';
import type { Verdict } from '../check/history.ts';
import type { Rules } from '../protocol/rules.ts';
import { simulateActors } from './actors/simulate-actors.ts';
import type { ActorCheck, ActorDefinitions, ActorReport, ActorSimulation } from './actors/simulate-actors.ts';
import type { Trace } from './engine/trace.ts';
import type { Violation } from './cluster/judge.ts';
import type { FaultPlan, SimPlan } from './cluster/plan.ts';
import { drawPlan } from './cluster/draw-plan.ts';
import type { PlanChoices } from './cluster/draw-plan.ts';
import { PROFILES } from './cluster/profiles.ts';
import type { Profile } from './cluster/profiles.ts';
import { runPlan } from './cluster/run-plan.ts';
import { checkedChoices, withFaults } from './cluster-options.ts';
import { NotedCheck } from './sim-check.ts';
import type { SimCheck } from './sim-check.ts';

/** The cluster that is simulated; what is left out is the seed's. */
export type SimulatedCluster = NonNullable<PlanChoices['cluster']>;

/**
 * What its clients do: 1 to 16 of them, 1 to 80 operations each, on 1 to 1000 keys; the share of writes is from 0 to 1.
 * What is left out is the seed's.
 */
export type SimulatedWorkload = Omit<PlanChoices, 'cluster' | 'isWithoutFaults'>;

/** What is simulated. */
export interface SimulateOptions {
  /** Everything that chance decides: an integer from 0 to 2^32 - 1. */
  readonly seed: number;
  /** What goes wrong; default the one of {@link PROFILES} that the seed names. */
  readonly profile?: Profile;
  readonly cluster?: SimulatedCluster;
  readonly workload?: SimulatedWorkload;
  /** What goes wrong in place of the profile's faults. */
  readonly faults?: readonly FaultPlan[];
  /** Rules of the protocol, to take one away; default those of production. */
  readonly rules?: Rules;
  /** Whether the trace is kept: for transcripts and diagrams. */
  readonly isTraced?: boolean;
}

/** What a run came to. */
export interface SimResult {
  readonly seed: number;
  readonly profile: string;
  /** What is wrong; empty when nothing is. */
  readonly violations: readonly Violation[];
  /** What the linearizability checker said; `undefined` when the run did not come that far. */
  readonly verdict: Verdict | undefined;
  /** 16 hexadecimal digits, the same for the same seed, options and code on every version of Node. */
  readonly hash: string;
  /** Steps of the simulator, and frames and votes that were sent. */
  readonly events: number;
  readonly messages: number;
  readonly virtualSeconds: number;
  /** Operations by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Injected faults by class. */
  readonly faults: Readonly<Record<string, number>>;
  /** Conditions that a test should reach at least once over its seeds, and whether this run did. */
  readonly sometimes: Readonly<Record<string, boolean>>;
  /** What was run: the regression file of a failure holds it. */
  readonly plan: SimPlan;
  /** Empty unless `isTraced`. */
  readonly trace: Trace;
}

/** The profile of a seed where none is given: all have their turn. */
export function profileOf(seed: number): Profile {
  return PROFILES[seed % PROFILES.length]!;
}

/**
 * Runs a whole cluster from a seed: production replicas, coordinators, recovery and supervision, on virtual time, while
 * everything that the profile names goes wrong. Then the faults end for a random core, which must make progress; all
 * histories must be linearizable. Any thread; it blocks for about a millisecond, and reads neither clock nor chance.
 *
 * @param check is called when the faults end and when the run ends.
 * @returns what happened; it throws nothing but what is wrong with the options.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is out of range; `ERR_QUORATE_CONFIGURATION` when
 * the quorums do not intersect.
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is of another type, or the check answers otherwise.
 *
 * Source: deterministic simulation as in FoundationDB (Zhou et al., SIGMOD 2021, section 4).
 * @example
 * import { simulate } from 'quorate/sim';
 *
 * const { violations, hash } = simulate({ seed: 7, profile: 'crash-storm' }, ({ replicas }) =>
 *   replicas.some(({ epoch }) => epoch > 100) ? 'A replica restarts without end' : undefined,
 * );
 * console.log(violations.length, hash === simulate({ seed: 7, profile: 'crash-storm' }).hash); // 0 true
 */
export function simulate(options: SimulateOptions, check?: SimCheck): SimResult;
/**
 * Runs actors, unchanged, on virtual time under faults that a seed decides: see {@link simulateActors}. The first seed
 * under which `check` fails is made small and thrown.
 *
 * @throws {SimulationError} for the first seed that breaks a promise.
 * @throws {RangeError} when an option is out of range.
 */
export function simulate<Definitions extends ActorDefinitions>(
  options: ActorSimulation<Definitions>,
  check?: ActorCheck<Definitions>,
): Promise<ActorReport>;
export function simulate<Definitions extends ActorDefinitions>(
  options: SimulateOptions | ActorSimulation<Definitions>,
  check?: SimCheck | ActorCheck<Definitions>,
): SimResult | Promise<ActorReport> {
  if (typeof options !== 'object' || options === null) {
    const allowed = 'it must be an object with a seed, or with actors';
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot simulate ${String(options)}: ${allowed}`);
  }
  // The overloads pair the check with the options.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said above
  if ('actors' in options) return simulateActors(options, check as ActorCheck<Definitions> | undefined);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said above
  return simulateCluster(options, check as SimCheck | undefined);
}

function simulateCluster(options: SimulateOptions, check: SimCheck | undefined): SimResult {
  const seed = integerOption('seed', options.seed, { min: 0, max: 0xffff_ffff });
  const profile = options.profile ?? profileOf(seed);
  if (!PROFILES.includes(profile)) {
    const allowed = `one of ${PROFILES.join(', ')}`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use profile ${profile}: it must be ${allowed}`);
  }
  const { cluster, workload = {}, faults, rules, isTraced = false } = options;
  const drawn = drawPlan(seed, profile, {
    ...checkedChoices(cluster, workload),
    isWithoutFaults: faults !== undefined,
  });
  return simulatePlan(faults === undefined ? drawn : withFaults(drawn, faults), { rules, isTraced, check });
}

/** How a plan is run again. */
export interface ReplayOptions {
  readonly rules?: Rules | undefined;
  readonly isTraced?: boolean;
  readonly check?: SimCheck | undefined;
}

/**
 * Runs a plan: that of an earlier result, or of a regression file.
 *
 * @example
 * import { simulate, simulatePlan } from 'quorate/sim';
 *
 * const { plan, hash } = simulate({ seed: 3 });
 * console.log(simulatePlan(plan).hash === hash); // true
 */
export function simulatePlan(plan: SimPlan, { rules, isTraced = false, check }: ReplayOptions = {}): SimResult {
  const noted = check && new NotedCheck(check);
  const run = runPlan(plan, { rules, isTraced, check: noted?.look });
  noted?.confirm();
  const outcomes: Record<string, number> = {};
  for (const { outcome = 'open' } of run.calls) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const { violation, verdict, hash, events, messages, virtualUs, faults, reached, trace } = run;
  return {
    seed: plan.seed,
    profile: plan.profile,
    violations: violation === undefined ? [] : [violation],
    verdict,
    hash,
    events,
    messages,
    virtualSeconds: virtualUs / 1e6,
    outcomes,
    faults,
    sometimes: reached,
    plan,
    trace,
  };
}
