// How often what goes wrong in a run of actors. Rates are probabilities per message.
import { rangeError } from '../../base/errors.ts';

/** Faults of a run. Rates are from 0 to 1 and for each message or step; times are virtual milliseconds. */
export interface ActorFaults {
  /** An actor crashes about a message: before it, at an `await` of its handler, or when it is done but not answered. */
  readonly crash: number;
  /** An actor stands still for a moment before a message, as under a long garbage collection. */
  readonly pause: number;
  /** Longest of these moments. */
  readonly pauseMs: number;
  /** A message is much later than usual; those behind it of the same sender wait. */
  readonly delay: number;
  /** How late at most. */
  readonly delayMs: number;
  /** How many times longer than usual a handler's turn takes, 1 or more. */
  readonly slowness: number;
  /**
   * A message is lost. Between living threads of one process none is: for actors that will talk over something else.
   */
  readonly loss: number;
  /** A message arrives twice; as {@link loss}, no thread does that. */
  readonly duplicate: number;
  /** The way from one actor to another is cut for a while, in this direction only; as {@link loss}. */
  readonly partition: number;
  /** For how long at most. */
  readonly partitionMs: number;
}

const CALM: ActorFaults = {
  crash: 0,
  pause: 0,
  pauseMs: 20,
  delay: 0,
  delayMs: 10,
  slowness: 1,
  loss: 0,
  duplicate: 0,
  partition: 0,
  partitionMs: 200,
};

/** Mixtures of faults. */
type Mixture = 'calm' | 'crash-storm' | 'duplicate-storm' | 'partition-storm' | 'overload' | 'slow-actor';

const PROFILES: Readonly<Record<Mixture, ActorFaults>> = {
  calm: CALM,
  'crash-storm': { ...CALM, crash: 0.08, delay: 0.02 },
  'duplicate-storm': { ...CALM, crash: 0.02, duplicate: 0.2, delay: 0.1 },
  'partition-storm': { ...CALM, crash: 0.02, partition: 0.03, loss: 0.02 },
  overload: { ...CALM, pause: 0.05, slowness: 40, delay: 0.05 },
  'slow-actor': { ...CALM, crash: 0.01, pause: 0.2, slowness: 8 },
};

/** What goes wrong: a mixture, or `swarm`, which takes for each seed one of those that threads can suffer. */
export type ActorProfile = Mixture | 'swarm';

/** What a swarm draws from: between threads of one process nothing is lost, repeated or cut. */
const SWARM: readonly Mixture[] = ['calm', 'crash-storm', 'crash-storm', 'overload', 'slow-actor'];

/**
 * The faults of a run.
 *
 * @param draw an integer that picks from a swarm.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a value is out of range.
 */
export function faultsOf(profile: ActorProfile, changes: Partial<ActorFaults>, draw: number): ActorFaults {
  return withChanges(profile === 'swarm' ? SWARM[draw % SWARM.length]! : profile, changes);
}

/** Names of all profiles. */
export function mixtureNames(): readonly string[] {
  return [...Object.keys(PROFILES), 'swarm'];
}

/** A mixture with changes. @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when one is out of range. */
export function withChanges(mixture: Mixture, changes: Partial<ActorFaults>): ActorFaults {
  for (const [key, value] of Object.entries(changes)) {
    if (!Object.hasOwn(CALM, key)) throw outOfRange('faults', key, `one of ${Object.keys(CALM).join(', ')}`);
    const isRate = !key.endsWith('Ms') && key !== 'slowness';
    const min = key === 'slowness' ? 1 : 0;
    const max = isRate ? 1 : 60_000;
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw outOfRange(key, value, `a number from ${min} to ${max}`);
    }
  }
  return { ...PROFILES[mixture], ...changes };
}

function outOfRange(name: string, value: unknown, allowed: string): RangeError {
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${name} ${String(value)}: it must be ${allowed}`);
}
