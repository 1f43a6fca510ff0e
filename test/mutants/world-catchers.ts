// Catchers that play a cluster step by step (test/replica/world.ts): random schedules, schedules that leave a known
// one at a random step, and schedules that were written for one bug. Each ends with the faults healed, and with the
// history of every key checked for linearizability.
import { seededRandom } from '../../src/base/random.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import { takeDetour } from '../replica/detours.ts';
import { Director } from '../replica/director.ts';
import { heal, judge, runSchedule } from '../replica/scheduler.ts';
import type { Exploration } from '../replica/scheduler.ts';
import type { World, WorldOptions } from '../replica/world.ts';
import type { Catch, Catcher } from './mutant.ts';
import { RecordedWorld, partsOf, replay } from './recorded-world.ts';
import type { Action } from './recorded-world.ts';
import { shrink } from './shrink.ts';

/** How a world differs from production. */
export type Broken = Partial<WorldOptions>;

/** What is wrong with a world; `undefined` when nothing is. */
export type Judge = (world: World) => string | undefined;

/** Seeds of random search within the budget of a test run. */
const SEEDS_MAX = 4000;
/** Seeds that production must survive at the same catcher. */
const PRODUCTION_SEEDS = 150;
const SHRINK_TRIES_MAX = 1500;
const THREE = registerQuorums({ replicas: 3 });

/** Random schedules of a cluster; every seed has faults of its own. */
export function atRandom(broken: Broken, kept: Broken = {}): Catcher {
  const sound = { quorums: THREE, ...kept };
  return {
    name: 'scheduler',
    catches: () => search({ ...sound, ...broken }, SEEDS_MAX, recordSchedule),
    flagsProduction: () => search(sound, PRODUCTION_SEEDS, recordSchedule)?.what,
  };
}

/** Random schedules that begin like a known one and leave it at a random step. */
export function onDetours(broken: Broken, kept: Broken = {}): Catcher {
  const sound = { quorums: THREE, ...kept };
  return {
    name: 'detours',
    catches: () => search({ ...sound, ...broken }, SEEDS_MAX, recordDetour),
    flagsProduction: () => search(sound, PRODUCTION_SEEDS, recordDetour)?.what,
  };
}

/** A schedule written for one bug. */
export function byDirection(
  play: (director: Director) => void,
  { broken, kept = {}, wrong = judge }: { readonly broken: Broken; readonly kept?: Broken; readonly wrong?: Judge },
): Catcher {
  const sound = { clients: 5, quorums: THREE, ...kept };
  const record = (options: WorldOptions): Recording => {
    const world = new RecordedWorld(options);
    play(new Director(world));
    return { world, failure: endOf(world, wrong) };
  };
  return {
    name: 'directed',
    catches: () => {
      const options = { ...sound, ...broken };
      const { world, failure } = record(options);
      return failure === undefined ? undefined : caught(options, { world, failure }, { seeds: 0, wrong });
    },
    flagsProduction: () => record(sound).failure?.what,
  };
}

interface Recording {
  readonly world: RecordedWorld;
  readonly failure: Failure | undefined;
}

interface Failure {
  readonly kind: 'history' | 'liveness';
  readonly what: string;
}

function search(
  options: Exploration,
  seeds: number,
  record: (seed: number, options: Exploration) => Recording,
): Catch | undefined {
  for (let seed = 1; seed <= seeds; seed++) {
    const { world, failure } = record(seed, options);
    if (failure !== undefined) {
      return caught(world.options, { world, failure }, { seeds: seed, wrong: judge });
    }
  }
  return undefined;
}

function recordSchedule(seed: number, options: Exploration): Recording {
  let world: RecordedWorld | undefined;
  const violation = runSchedule(seed, options, (made) => (world = new RecordedWorld(made)));
  return { world: world!, failure: violation && failureOf(violation.report) };
}

function recordDetour(seed: number, options: Exploration): Recording {
  let world: RecordedWorld | undefined;
  const report = takeDetour(seed, options, (made) => (world = new RecordedWorld(made)));
  return { world: world!, failure: report === undefined ? undefined : failureOf(report) };
}

function failureOf(report: string): Failure {
  const what = report.slice(0, report.indexOf('\n'));
  return { kind: what.startsWith('No order') ? 'history' : 'liveness', what };
}

/** Heals a world, lets everything end and judges it. */
function endOf(world: World, wrong: Judge): Failure | undefined {
  const early = wrong(world);
  if (early !== undefined) return { kind: 'history', what: early };
  try {
    heal(world, seededRandom(1));
  } catch (error) {
    return { kind: 'liveness', what: String(error) };
  }
  const late = wrong(world);
  return late === undefined ? undefined : { kind: 'history', what: late };
}

/** Shrinks a failing schedule to the events that matter. */
function caught(
  options: WorldOptions,
  { world, failure }: { readonly world: RecordedWorld; readonly failure: Failure },
  { seeds, wrong }: { readonly seeds: number; readonly wrong: Judge },
): Catch {
  const isHistory = failure.kind === 'history';
  const fails = (actions: readonly Action[]): boolean => {
    try {
      const played = replay(options, actions);
      if (isHistory) return wrong(played) !== undefined;
      heal(played, seededRandom(seeds + 1));
      return false;
    } catch {
      return !isHistory;
    }
  };
  // What does not end goes on for ever: only what came before the faults were healed is its trace.
  const actions = isHistory ? world.actions : world.actionsBefore('The storm is over');
  const triesMax = isHistory ? SHRINK_TRIES_MAX : SHRINK_TRIES_MAX / 15;
  const events = fails(actions) ? shrink(actions, { fails, partsOf, triesMax }).length : actions.length;
  return { seeds, events, what: failure.what };
}
