// What a caller may say about a run of actors.
import { integerOption, rangeError, typeError } from '../../base/errors.ts';
import { mixtureNames, withChanges } from './profile.ts';
import type { ActorReplay } from './failure.ts';
import type { ActorFaults, ActorProfile } from './profile.ts';
import type { AnyActorSpec, RunOptions } from './run.ts';

const CLIENTS_MAX = 64;
const OPERATIONS_MAX = 10_000;
const CAPACITY_MAX = 65_536;
const NAMES = {
  place: ['inline', 'thread'],
  overflow: ['reject', 'drop-newest', 'drop-oldest', 'wait'],
  inHand: ['dead-letter', 'redeliver'],
} as const;

/** Options whose functions are not looked at closer. */
export interface AnySimulation {
  readonly actors: Readonly<Record<string, AnyActorSpec>>;
  readonly workload: unknown;
  readonly invariant?: unknown;
  readonly profile?: ActorProfile;
  readonly faults?: Partial<ActorFaults>;
  readonly clients?: number;
  readonly operations?: number;
  readonly thinkMs?: number;
  readonly replay?: ActorReplay;
}

/**
 * The options of a run, once all of them are allowed.
 *
 * @throws {RangeError | TypeError} `ERR_QUORATE_INVALID_ARGUMENT` with the name of the one that is not.
 */
export function actorOptions(
  simulation: AnySimulation,
  check: unknown,
): Omit<RunOptions, 'workload' | 'invariant' | 'check'> {
  const { clients = 3, operations = 10, thinkMs = 1, profile = 'swarm', faults = {}, actors } = simulation;
  demand('actors', actors, isObject(actors) && Object.keys(actors).length > 0, 'an object with at least one actor');
  for (const [name, spec] of Object.entries(actors)) checkSpec(name, spec);
  demand('workload', simulation.workload, typeof simulation.workload === 'function', 'a function');
  for (const [name, value] of Object.entries({ invariant: simulation.invariant, check })) {
    demand(name, value, value === undefined || typeof value === 'function', 'a function');
  }
  checkReplay(simulation.replay);
  demand('profile', profile, mixtureNames().includes(profile), `one of ${mixtureNames().join(', ')}`);
  demand('faults', faults, isObject(faults), 'an object');
  withChanges('calm', faults);
  return {
    profile,
    faults,
    actors,
    clients: integerOption('clients', clients, { min: 1, max: CLIENTS_MAX }),
    operations: integerOption('operations', operations, { min: 1, max: OPERATIONS_MAX }),
    thinkMs: integerOption('thinkMs', Math.ceil(thinkMs), { min: 0, max: 60_000 }) && thinkMs,
  };
}

function checkSpec(name: string, spec: AnyActorSpec): void {
  const { actor, capacity = 1, supervise = false } = isObject(spec) ? spec : {};
  const isDefinition = isObject(actor) && typeof actor.start === 'function' && isObject(actor.on);
  demand(`actors.${name}`, spec, isDefinition, 'an object whose field actor is what actor() has made');
  integerOption(`actors.${name}.capacity`, capacity, { min: 1, max: CAPACITY_MAX });
  demand(`actors.${name}.supervise`, supervise, supervise === false || isObject(supervise), 'a policy or false');
  const given: Readonly<Record<string, unknown>> = { ...spec };
  for (const [option, names] of Object.entries(NAMES)) {
    const value = given[option];
    const known: readonly unknown[] = [undefined, ...names];
    demand(`actors.${name}.${option}`, value, known.includes(value), `one of ${names.join(', ')}`);
  }
}

function checkReplay(replay: ActorReplay | undefined): void {
  if (replay === undefined) return;
  const isReplay = isObject(replay) && Array.isArray(replay.faults) && Array.isArray(replay.operations);
  demand('replay', replay, isReplay, 'the replay of a SimulationError');
  integerOption('replay.seed', replay.seed, { min: 0, max: 0xffff_ffff });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function demand(name: string, value: unknown, isAllowed: boolean, allowed: string): void {
  if (isAllowed) return;
  const make = typeof value === 'string' ? rangeError : typeError;
  throw make('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${name} ${String(value)}: it must be ${allowed}`);
}
