// Which runs have watches, and what those are like: readers that are slower than the writers, buffers for fewer events
// than there are keys, and breaks from which another thread goes on.
import { below } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { between, happens, pick } from '../engine/chance.ts';
import type { FaultScope } from './draw-faults.ts';
import type { Profile } from './profiles.ts';
import type { BreakPlan, WatchPlan } from './watch-plan.ts';

const WATCHES_RATE = 0.2;
const TWO_RATE = 0.3;
const BREAKS_MAX = 4;

/**
 * Whether a run has watches. The rings of `overload` have no room for what a replica tells them, and `membership` looks
 * for what few operations meet; members change in runs of other profiles too.
 */
export function hasWatches(random: Random, profile: Profile): boolean {
  return happens(random, WATCHES_RATE) && profile !== 'overload' && profile !== 'membership';
}

/** Draws the watches of one run: one, or two. */
export function drawWatches(random: Random, { cluster, stormUs }: Omit<FaultScope, 'profile'>): WatchPlan[] {
  const { coordinators } = cluster;
  return Array.from({ length: happens(random, TWO_RATE) ? 2 : 1 }, (_, watch) => ({
    watch,
    coordinator: below(random, coordinators),
    prefix: pick(random, ['', 'k', 'k0']),
    atUs: pick(random, [0, between(random, 0, stormUs)]),
    bufferMax: pick(random, [1, 2, 3, 64]),
    overflow: pick(random, ['latest', 'latest', 'error'] as const),
    restUs: pick(random, [0, 0, 1_000, 15_000]),
    breaks: Array.from({ length: between(random, 0, BREAKS_MAX) }, (): BreakPlan => ({
      atUs: between(random, 0, 2 * stormUs),
      forUs: pick(random, [0, 1_000, Math.floor(stormUs / 4)]),
      coordinator: below(random, coordinators),
    })),
  }));
}
