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
export type Broken = Partial<WorldOptions> & Pick<Exploration, 'exchanges'>;

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
    catches: (isShrunk) => search({ ...sound, ...broken }, { seeds: SEEDS_MAX, record: recordSchedule, isShrunk }),
    flagsProduction: () => flags('scheduler', sound, recordSchedule),
  };
}

/** Random schedules that begin like a known one and leave it at a random step. */
export function onDetours(broken: Broken, kept: Broken = {}): Catcher {
  const sound = { quorums: THREE, ...kept };
  return {
    name: 'detours',
    catches: (isShrunk) => search({ ...sound, ...broken }, { seeds: SEEDS_MAX, record: recordDetour, isShrunk }),
    flagsProduction: () => flags('detours', sound, recordDetour),
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
    catches: (isShrunk) => {
      const { world, failure } = record({ ...sound, ...broken });
      if (failure === undefined) return undefined;
      const events = isShrunk ? eventsOf(world, failure, { seed: 0, wrong }) : undefined;
      return { seeds: 0, events, what: failure.what };
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

interface Search {
  readonly seeds: number;
  readonly record: (seed: number, options: Exploration) => Recording;
  readonly isShrunk: boolean;
}

function search(options: Exploration, { seeds, record, isShrunk }: Search): Catch | undefined {
  for (let seed = 1; seed <= seeds; seed++) {
    const { world, failure } = record(seed, options);
    if (failure === undefined) continue;
    const events = isShrunk ? eventsOf(world, failure, { seed, wrong: judge }) : undefined;
    return { seeds: seed, events, what: failure.what };
  }
  return undefined;
}

/** What production was accused of: it is the same for all bugs that are looked for in the same way. */
const ACCUSATIONS = new Map<string, string | undefined>();

function flags(name: string, options: Exploration, record: Search['record']): string | undefined {
  const key = `${name} ${JSON.stringify(options)}`;
  if (!ACCUSATIONS.has(key)) {
    ACCUSATIONS.set(key, search(options, { seeds: PRODUCTION_SEEDS, record, isShrunk: false })?.what);
  }
  return ACCUSATIONS.get(key);
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

/** Shrinks a failing schedule to the events that matter, and counts them. */
function eventsOf(
  world: RecordedWorld,
  failure: Failure,
  { seed, wrong }: { readonly seed: number; readonly wrong: Judge },
): number {
  const isHistory = failure.kind === 'history';
  const fails = (actions: readonly Action[]): boolean => {
    try {
      const played = replay(world.options, actions);
      if (isHistory) return wrong(played) !== undefined;
      heal(played, seededRandom(seed + 1));
      return false;
    } catch {
      return !isHistory;
    }
  };
  // What does not end goes on for ever: only what came before the faults were healed is its trace.
  const actions = isHistory ? world.actions : world.actionsBefore('The storm is over');
  const triesMax = isHistory ? SHRINK_TRIES_MAX : SHRINK_TRIES_MAX / 15;
  return fails(actions) ? shrink(actions, { fails, partsOf, triesMax }).length : actions.length;
}
