// The front door of simulation for actors: many seeds, each one run; the first that breaks a promise is made small.
import { integerOption } from '../../base/errors.ts';
import type { ActorRef, AnyActorDefinition } from '../../actor/definition.ts';
import { wordOf } from '../engine/chance.ts';
import { RollingHash } from '../engine/rolling-hash.ts';
import { actorOptions } from './actor-options.ts';
import type { ActorDoors, OnOf, SimDoors } from './doors.ts';
import { SimulationError } from './failure.ts';
import type { ActorReplay } from './failure.ts';
import type { ActorFaults, ActorProfile } from './profile.ts';
import { runOnce } from './run.ts';
import type { AnyOutcome, AnyTurn, ActorProbe, CheckAnswer, RunOptions, RunRecord } from './run.ts';
import { shrink } from './shrink.ts';
import type { Parts } from './shrink.ts';
import type { SimActorOptions } from './sim-actor.ts';

const RUNS_MAX = 100_000_000;
const SHRINK_RUNS_MAX = 600;

/** Definitions of actors by their names in a run. */
export type ActorDefinitions = Readonly<Record<string, AnyActorDefinition>>;

/** What a definition's `start` takes. */
export type ArgsOf<Definition> = Definition extends { start(args: infer Args, ...rest: never[]): unknown }
  ? Args
  : never;

/** What a definition's `start` makes. */
export type StateOf<Definition> = Definition extends { start(...parameters: never[]): infer State }
  ? Awaited<State>
  : never;

/** One actor of a run. */
export interface ActorSpec<Definition extends AnyActorDefinition> extends SimActorOptions {
  /** The definition that production spawns. */
  readonly actor: Definition;
  /** What its `start` gets, or what makes it of the simulation's doors, for each incarnation anew. */
  readonly args?: ArgsOf<Definition> | ((doors: ActorDoors) => ArgsOf<Definition>);
}

/** What one operation of one client is given. */
export interface ActorTurn<Definitions extends ActorDefinitions> extends SimDoors {
  /** References by name. What is asked through them is the history. */
  readonly actors: { readonly [Name in keyof Definitions]: ActorRef<OnOf<Definitions[Name]>> };
  /** Which client, from 0. */
  readonly client: number;
  /** Which of its operations, from 0. */
  readonly operation: number;
}

/** What a check sees of a run. */
export interface ActorOutcome<Definitions extends ActorDefinitions> extends AnyOutcome {
  readonly actors: {
    readonly [Name in keyof Definitions]: ActorProbe & { readonly state: StateOf<Definitions[Name]> | undefined };
  };
}

/** What is simulated, and how. */
export interface ActorSimulation<Definitions extends ActorDefinitions> {
  readonly actors: { readonly [Name in keyof Definitions]: ActorSpec<Definitions[Name]> };
  /**
   * One operation of one client. It may fail as its asks fail; any other error is a violation. It waits for nothing but
   * asks and the doors that it is given.
   */
  readonly workload: (turn: ActorTurn<Definitions>) => unknown;
  /** First seed, an integer from 0 to 2^32 - 1; default 1. `QUORATE_SIM_SEED` overrides it, with one run. */
  readonly seed?: number;
  /** Runs, each with the next seed, from 1; default 1. */
  readonly runs?: number;
  /** What goes wrong; default `swarm`. */
  readonly profile?: ActorProfile;
  /** Changes to the profile. */
  readonly faults?: Partial<ActorFaults>;
  /** Clients, from 1 to 64; default 3. */
  readonly clients?: number;
  /** Operations of each client, from 1 to 10,000; default 10. The last fifth comes when nothing goes wrong any more. */
  readonly operations?: number;
  /** Mean pause of a client between two operations, in milliseconds; default 1. */
  readonly thinkMs?: number;
  /** Looked at after each event; throws what is wrong. */
  readonly invariant?: (outcome: ActorOutcome<Definitions>) => void;
  /** Runs once, with only these faults and operations: that of a {@link SimulationError}. */
  readonly replay?: ActorReplay;
}

/**
 * Says whether a run kept its promises: throws, or answers with what is wrong as a text, or with the verdict of a
 * checker, or with a promise of one. Any other answer, such as that of an assertion, is none.
 */
export type ActorCheck<Definitions extends ActorDefinitions> = (outcome: ActorOutcome<Definitions>) => CheckAnswer;

/** What many runs were. */
export interface ActorReport {
  readonly runs: number;
  /** Of the first run. */
  readonly seed: number;
  /** Over all runs: the same for the same seed, code and options, on every machine. */
  readonly hash: string;
  readonly events: number;
  readonly operations: number;
  readonly virtualSeconds: number;
  /** Injected faults by class. */
  readonly faults: Readonly<Record<string, number>>;
  /** By name, whether it was true in at least one run. A name that stays `false` was never tested. */
  readonly sometimes: Readonly<Record<string, boolean>>;
}

/**
 * Runs actors, unchanged, on virtual time under faults that a seed decides: crashes with their memory at any message
 * and at any `await`, restarts by the production policy, pauses, late messages. The first seed under which `check`
 * fails is made small and thrown.
 *
 * While a run lasts, nothing else in the process runs, and clocks, timers and chance of the process are out of reach:
 * code of actors takes them as arguments.
 *
 * @throws {SimulationError} for the first seed that breaks a promise.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is out of range.
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is of another type.
 * @example
 * import { actor } from 'quorate/actor';
 * import { checkLinearizable, counterModel } from 'quorate/check';
 * import { simulate } from 'quorate/sim';
 *
 * const counter = actor(import.meta.url, {
 *   start: () => ({ total: 0 }),
 *   on: { add: (state, amount: number): number => (state.total += amount) },
 * });
 * const report = await simulate(
 *   { actors: { counter: { actor: counter } }, workload: ({ actors }) => actors.counter.ask.add(1), profile: 'calm' },
 *   ({ history }) => checkLinearizable(history, counterModel()),
 * );
 * console.log(report.operations); // 30
 */
export async function simulateActors<Definitions extends ActorDefinitions>(
  simulation: ActorSimulation<Definitions>,
  check?: ActorCheck<Definitions>,
): Promise<ActorReport> {
  const options = { ...actorOptions(simulation, check), ...withoutTypes(simulation, check) };
  const { replay } = simulation;
  if (replay !== undefined) return reportOf([await replayOnce(options, replay)]);
  const { seed, runs } = seedsOf(simulation);
  const totals = new Totals(seed);
  for (let run = 0; run < runs; run++) {
    const record = await runOnce(options, (seed + run) >>> 0, {}, false);
    if (record.violation !== undefined) throw await failureOf(options, record);
    totals.add(record);
    if (run % RUNS_PER_TURN === RUNS_PER_TURN - 1) await nextTurn();
  }
  return totals.report;
}

/** Runs between two turns of the event loop, so that test runners and signals are not starved. */
const RUNS_PER_TURN = 32;

/** What all runs came to. */
class Totals {
  readonly #seed: number;
  readonly #hash = new RollingHash();
  readonly #faults: Record<string, number> = {};
  readonly #sometimes: Record<string, boolean> = {};
  #runs = 0;
  #events = 0;
  #operations = 0;
  #virtualMs = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  add({ hash, events, called, virtualMs, faults, sometimes }: RunRecord): void {
    this.#runs++;
    this.#events += events;
    this.#operations += called.length;
    this.#virtualMs += virtualMs;
    this.#hash.add(wordOf(hash));
    for (const [kind, count] of Object.entries(faults)) this.#faults[kind] = (this.#faults[kind] ?? 0) + count;
    for (const [name, isTrue] of Object.entries(sometimes)) {
      this.#sometimes[name] = isTrue || this.#sometimes[name] === true;
    }
  }

  get report(): ActorReport {
    return {
      runs: this.#runs,
      seed: this.#seed,
      hash: this.#hash.text,
      events: this.#events,
      operations: this.#operations,
      virtualSeconds: this.#virtualMs / 1000,
      faults: this.#faults,
      sometimes: this.#sometimes,
    };
  }
}

function withoutTypes<Definitions extends ActorDefinitions>(
  { workload, invariant }: ActorSimulation<Definitions>,
  check: ActorCheck<Definitions> | undefined,
): Pick<RunOptions, 'workload' | 'invariant' | 'check'> {
  // What the functions get is made from these very definitions; only their types are forgotten here.
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said above
    workload: (turn: AnyTurn) => workload(turn as unknown as ActorTurn<Definitions>),
    invariant:
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said above
      invariant === undefined ? undefined : (seen: AnyOutcome) => invariant(seen as ActorOutcome<Definitions>),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said above
    check: check === undefined ? undefined : (seen: AnyOutcome) => check(seen as ActorOutcome<Definitions>),
  };
}

/** The seeds of all runs; the environment may ask for one alone. */
function seedsOf({ seed = 1, runs = 1 }: { readonly seed?: number; readonly runs?: number }): {
  readonly seed: number;
  readonly runs: number;
} {
  const asked = process.env['QUORATE_SIM_SEED'];
  const range = { min: 0, max: 0xffff_ffff };
  if (asked !== undefined && asked !== '')
    return { seed: integerOption('QUORATE_SIM_SEED', Number(asked), range), runs: 1 };
  return { seed: integerOption('seed', seed, range), runs: integerOption('runs', runs, { min: 1, max: RUNS_MAX }) };
}

async function replayOnce(options: RunOptions, { seed, ...parts }: ActorReplay): Promise<RunRecord> {
  const record = await runOnce(options, seed, allowedOf(parts), true);
  if (record.violation === undefined) return record;
  throw new SimulationError({ seed, shrunk: record, replay: { seed, ...parts } });
}

function reportOf(records: readonly RunRecord[]): ActorReport {
  const totals = new Totals(records[0]!.seed);
  for (const record of records) totals.add(record);
  return totals.report;
}

/** Makes a failure small, and runs what is left once more with its trace. */
async function failureOf(options: RunOptions, record: RunRecord): Promise<SimulationError> {
  const { seed, violation, injected, called } = record;
  const fails = async (parts: Parts): Promise<boolean> => {
    const again = await runOnce(options, seed, allowedOf(parts), false);
    return again.violation !== undefined && again.violation.kind === violation?.kind;
  };
  const parts = await shrink({ faults: injected, operations: called, isEven: false }, fails, SHRINK_RUNS_MAX);
  const again = await runOnce(options, seed, allowedOf(parts), true);
  const shrunk = { ...again, violation: again.violation ?? notAgain(violation) };
  return new SimulationError({ seed, shrunk, replay: { seed, ...parts } });
}

/** Why a run that fails once and not again is a failure of its own. */
function notAgain(first: RunRecord['violation']): RunRecord['violation'] {
  const outside = 'something outside of the simulation decides, such as a variable of a module';
  const text = `It failed once and not again: ${outside}. It was (${first?.kind}): ${first?.text}`;
  return { kind: 'determinism', text, cause: first?.cause };
}

function allowedOf({ faults, operations, isEven }: Parts): {
  readonly faults: ReadonlySet<string>;
  readonly operations: ReadonlySet<string>;
  readonly isEven: boolean;
} {
  return { faults: new Set(faults), operations: new Set(operations), isEven };
}

/** Lets the event loop have a turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
