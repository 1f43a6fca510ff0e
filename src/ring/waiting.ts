// How a thread waits for its doorbell: it looks again a bounded number of times where a core is free, then parks.
//
// Why look at all: waking a thread costs 5 to 60 us. A consumer that parks the moment its ring runs empty falls into
// lock-step with its producer, and a ring that moves 20 million frames a second drops to 0.8 million. Looking for about
// as long as a wake-up costs is never more than twice as dear as the best choice in hindsight. Source: Karlin, Manasse,
// McGeoch and Owicki, "Competitive randomized algorithms for non-uniform problems" (1990), section 1.
// Why not always: where threads outnumber cores, a look takes the core from the very thread that would ring.
import { SPIN_LOOKS_MAX } from '../base/limits.ts';
import type { Doorbell } from './doorbell.ts';

/** What a thread does until its doorbell rings. */
export interface WaitStrategy {
  /** Looks at the doorbell before parking. */
  readonly looks: number;
  /** Longest sleep in milliseconds. */
  readonly parkMs: number;
}

/** What the choice depends on. */
export interface WaitConditions {
  /** Cores that the process may use: `availableParallelism()` of `node:os`. */
  readonly cores: number;
  /** Threads that want a core while this one looks, itself included. */
  readonly busyThreads: number;
  /** Longest sleep in milliseconds: every wait has a bound. */
  readonly parkMs: number;
}

/** The strategy for these conditions: full looks with a core to spare, half with none, none when cores are short. */
export function chooseWait({ cores, busyThreads, parkMs }: WaitConditions): WaitStrategy {
  const spare = cores - busyThreads;
  if (spare < 0) return { looks: 0, parkMs };
  return { looks: spare === 0 ? SPIN_LOOKS_MAX >>> 1 : SPIN_LOOKS_MAX, parkMs };
}

/** Waits until the doorbell is ready, woken, or `parkMs` have passed. Its owner's thread only; blocks. */
export function awaitBell(bell: Doorbell, { looks, parkMs }: WaitStrategy): void {
  if (!lookForBell(bell, looks)) bell.park(parkMs);
}

/** Looks at the doorbell up to `looks` times. @returns whether it is ready. Its owner's thread only. */
export function lookForBell(bell: Doorbell, looks: number): boolean {
  return lookUntil(() => bell.isReady(), looks);
}

/**
 * Looks up to `looks` times until `isTrue`. A thread with one lane looks at that itself and takes its doorbell only
 * before it parks: while the bit is up, its producer rings without writing.
 *
 * @returns whether it was.
 */
export function lookUntil(isTrue: () => boolean, looks: number): boolean {
  for (let look = 0; look < looks; look++) {
    if (isTrue()) return true;
    pause();
  }
  return false;
}

/** Tells the core that this is a spin loop, where the runtime can: Atomics.pause is not in Node.js 20 to 24. */
type Pausing = Pick<typeof Atomics, 'load'> & { readonly pause?: () => void };
const { pause = (): void => undefined }: Pausing = Atomics;
