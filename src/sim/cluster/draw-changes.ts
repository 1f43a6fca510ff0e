// Changes of members, drawn for few runs of most profiles and all of one: 1 to 5 a run, some of them two at once, of
// which the second one is refused.
import { unreachable } from '../../base/assert.ts';
import { below } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { REPLICAS_MAX } from '../../base/limits.ts';
import { popcount } from '../../base/bits.ts';
import { between, happens, pick } from '../engine/chance.ts';
import type { FaultScope } from './draw-faults.ts';
import { placesOf } from './plan.ts';
import type { FaultPlan } from './plan.ts';
import type { Profile } from './profiles.ts';

const CHANGES_RATE = 0.15;
const CHANGES_MAX = 5;
const TWO_AT_ONCE_RATE = 0.3;
const KINDS = ['add', 'remove', 'replace', 'replace', 'replace', 'sizes', 'copies'] as const;

/** Places for replicas of a run whose members change; `undefined` where they do not. */
export function drawPlaces(random: Random, profile: Profile, replicas: number): number | undefined {
  if (!happens(random, profile === 'membership' ? 1 : CHANGES_RATE)) return undefined;
  return Math.min(REPLICAS_MAX, replicas + between(random, 1, 3));
}

/** Draws 1 to 5 changes of one run. */
export function drawChanges(random: Random, scope: FaultScope): FaultPlan[] {
  const changes: FaultPlan[] = [];
  for (let left = between(random, 1, CHANGES_MAX); left > 0; left--) {
    const first = drawChange(random, scope);
    changes.push(first);
    if (left === 1 || !happens(random, TWO_AT_ONCE_RATE)) continue;
    changes.push({ ...drawChange(random, scope), atUs: first.atUs + between(random, 0, 5_000) });
    left--;
  }
  return changes;
}

function drawChange(random: Random, { cluster, stormUs }: FaultScope): FaultPlan {
  const places = placesOf(cluster);
  const change = {
    kind: 'change',
    atUs: cluster.loadUs + between(random, 0, stormUs),
    node: places + below(random, cluster.coordinators),
    forUs: pick(random, [20_000, 300_000, 3_000_000, 3_000_000]),
    add: 0,
    remove: 0,
  } as const;
  const kind = pick(random, KINDS);
  switch (kind) {
    case 'add':
      return { ...change, add: between(random, 1, 2) };
    case 'remove':
      return { ...change, remove: 1 << below(random, places) };
    case 'replace': {
      const remove = between(random, 1, 2 ** places - 1);
      return { ...change, remove, add: Math.min(popcount(remove), between(random, 1, places)) };
    }
    case 'sizes':
      return { ...change, writeMore: 1 };
    case 'copies':
      return { ...change, copies: between(random, 2, places) };
    default:
      return unreachable(kind);
  }
}
