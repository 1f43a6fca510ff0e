// Which runs have keys that keep siblings or merge, and what is done with them: few keys, so that writers meet, old
// contexts, and in some runs more siblings than a key may have.
import { below } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { SIBLINGS_MAX } from '../../base/limits.ts';
import { between, happens, pick } from '../engine/chance.ts';
import type { ConflictBucket, ConflictPlan } from './conflict-plan.ts';
import { COUNTED_MAX } from './conflict-numbers.ts';
import type { FaultScope } from './draw-faults.ts';
import type { Profile } from './profiles.ts';

const CONFLICTS_RATE = 0.26;
const CROWD_RATE = 0.04;
const CLIENTS = 3;
const BUCKETS: readonly ConflictBucket[] = ['siblings', 'siblings', 'counter', 'set', 'map'];

/**
 * Whether a run has such keys. The rings of `overload` have no room for all siblings of a key, and `membership` looks
 * for what few operations meet; members change in runs of other profiles too.
 */
export function hasConflicts(random: Random, profile: Profile): boolean {
  return happens(random, CONFLICTS_RATE) && profile !== 'overload' && profile !== 'membership';
}

/** Draws what is done with them in one run. */
export function drawConflicts(random: Random, { stormUs }: Pick<FaultScope, 'stormUs'>): ConflictPlan[] {
  if (happens(random, CROWD_RATE)) return drawCrowd(random);
  const count = between(random, 4, 10);
  const keys = pick(random, [1, 1, 2, 3]);
  const ofKeys = Array.from({ length: keys }, () => pick(random, BUCKETS));
  const putRate = pick(random, [0.3, 0.5, 0.7]);
  const deleteRate = pick(random, [0, 0.2, 0.4]);
  const [copyRate, resolveRate] = [pick(random, [0, 0.3]), pick(random, [0.05, 0.2])];
  const blindRate = pick(random, [0.1, 0.5, 0.9]);
  const joinRate = pick(random, [0, 0, 0.3]);
  const timeoutMs = pick(random, [[20, 60, 1000], [1000], [10, 30]]);
  const thinkUs = pick(random, [0, 100, Math.floor(stormUs / (2 * count))]);
  const written: number[] = ofKeys.map(() => 0);
  return Array.from({ length: CLIENTS * count }, (_, index): ConflictPlan => {
    const at = below(random, keys);
    const bucket = ofKeys[at]!;
    const draw = below(random, 1000) / 1000;
    const isPut = draw < putRate && written[at]! < COUNTED_MAX;
    const isSiblings = bucket === 'siblings';
    const other = draw < putRate + deleteRate ? 'delete' : !isSiblings && happens(random, copyRate) ? 'copy' : 'get';
    const call = happens(random, resolveRate) ? 'resolve' : isPut ? 'put' : other;
    const isBlind = !isSiblings || (call === 'put' && happens(random, blindRate));
    return {
      client: index % CLIENTS,
      bucket,
      key: `x${at}`,
      call,
      value: call === 'put' ? ++written[at]! : 1 + below(random, COUNTED_MAX),
      ...(!isBlind && { seen: pick(random, [0, 0, 0, 1, 3]) }),
      level: happens(random, 0.1) ? 'all' : 'quorum',
      timeoutMs: pick(random, timeoutMs),
      thinkUs: thinkUs === 0 ? 0 : between(random, 0, 2 * thinkUs),
      joins: index >= CLIENTS && happens(random, joinRate),
    };
  });
}

/** Writers of one key who have seen nothing, until it is full. */
function drawCrowd(random: Random): ConflictPlan[] {
  const each = Math.ceil(SIBLINGS_MAX / CLIENTS) + between(random, -2, 2);
  return Array.from({ length: CLIENTS * each }, (_, index): ConflictPlan => ({
    client: index % CLIENTS,
    bucket: 'siblings',
    key: 'x0',
    call: happens(random, 0.05) ? 'resolve' : 'put',
    value: 1 + index,
    ...(happens(random, 0.01) && { seen: 0 }),
    level: 'quorum',
    timeoutMs: 1000,
    thinkUs: between(random, 0, 200),
    joins: happens(random, 0.5) && index >= CLIENTS,
  }));
}
