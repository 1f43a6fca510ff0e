// What simulated code may reach of the world: time, chance, a disk, and the other actors. Production code gets doors of
// the same shapes through its arguments.
import { integerOption } from '../../base/errors.ts';
import { TIMEOUT_MS_MAX } from '../../base/limits.ts';
import { unitOf } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import type { ActorRef, AnyActorDefinition } from '../../actor/definition.ts';
import type { SimDisk } from './disk.ts';
import type { World } from './world.ts';

/** The messages of a definition. */
export type OnOf<Definition> = Definition extends { readonly on: infer On } ? On : never;

/** Doors of the simulation, for actors and clients. */
export interface SimDoors {
  /** Virtual time in milliseconds. */
  readonly nowMs: () => number;
  /** A number from 0 (included) to 1 (excluded), from the seed. */
  readonly random: () => number;
  /** Waits for virtual time, in milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Notes whether something was reached: see the report's `sometimes`. */
  readonly sometimes: (name: string, condition: boolean) => void;
}

/** Doors of one actor: what `args` makes its arguments of. */
export interface ActorDoors extends SimDoors {
  /** What survives its crashes. */
  readonly disk: SimDisk;
  /** Which incarnation it is, from 1. */
  readonly incarnation: number;
  /** Another actor of the run, by its name there. @throws {RangeError} when there is none of that name. */
  readonly ref: <Definition extends AnyActorDefinition>(
    definition: Definition,
    name: string,
  ) => ActorRef<OnOf<Definition>>;
}

/** Time and chance for whoever acts. */
export function simDoors(world: World, random: Random): SimDoors {
  return {
    nowMs: () => world.engine.nowMs,
    random: () => unitOf(random),
    sleep: (ms) => sleep(world, ms),
    sometimes: (name, condition) => world.engine.sometimes(name, condition),
  };
}

async function sleep(world: World, ms: number): Promise<void> {
  integerOption('ms', Math.ceil(ms), { min: 0, max: TIMEOUT_MS_MAX });
  const party = world.actor;
  const waiting = world.wait<undefined>(party);
  world.later(party, ms * 1000, () => waiting.resolve(undefined));
  await waiting.promise;
}
