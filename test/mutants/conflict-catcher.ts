// Plans of nothing but keys that keep siblings or merge, for what looks for bugs there.
import { below } from '../../src/base/random.ts';
import type { ConflictPlan } from '../../src/sim/cluster/conflict-plan.ts';
import { drawConflicts } from '../../src/sim/cluster/draw-conflicts.ts';
import { drawPlan } from '../../src/sim/cluster/draw-plan.ts';
import { placesOf } from '../../src/sim/cluster/plan.ts';
import type { FaultPlan, SimPlan } from '../../src/sim/cluster/plan.ts';
import { between, pick, streamOf } from '../../src/sim/engine/chance.ts';

const PROFILES = ['partition-storm', 'crash-storm', 'slow-replica', 'stale-messages', 'pause-storm'] as const;
/** What most of the calls are that neither put nor resolve. */
const OFTEN = { siblings: 'delete', counter: 'copy', set: 'delete', map: 'copy' } as const;
const OUTAGES = 12;
const OUTAGE_US = [3_000, 40_000] as const;

/** A plan whose threads are cut off again and again, so that much ends as unknown, and is resolved. */
export function conflictsPlan(seed: number): SimPlan {
  const random = streamOf(seed, -1, 'outages');
  const profile = PROFILES[seed % PROFILES.length]!;
  const { watches: _, proposals: __, ...plan } = drawPlan(seed, profile, { operations: 1 });
  const { coordinators, loadUs } = plan.cluster;
  const places = placesOf(plan.cluster);
  const faults = Array.from({ length: OUTAGES }, (): FaultPlan => {
    const atUs = loadUs + between(random, 0, 100_000);
    const from = 1 << (places + below(random, coordinators));
    return { kind: 'cut', atUs, forUs: between(random, ...OUTAGE_US), from, to: between(random, 1, 2 ** places - 1) };
  });
  const drawn = drawConflicts(streamOf(seed, -1, 'conflicts'), { stormUs: plan.stormUs / 4 });
  const conflicts = drawn.map((each): ConflictPlan => {
    const bucket = seed % 2 === 0 ? 'siblings' : each.bucket;
    const other = below(random, 3);
    const call = each.call === 'put' || other === 0 ? each.call : other === 1 ? 'resolve' : OFTEN[bucket];
    const mayCover = bucket === 'siblings' && (call === 'delete' || below(random, 2) === 0);
    const times = { timeoutMs: pick(random, [10, 30, 500]), thinkUs: between(random, 0, 12_000) };
    return Object.assign(each, times, { call, bucket }, mayCover && { seen: below(random, 4) });
  });
  return { ...plan, operations: [], conflicts, faults: [...plan.faults, ...faults] };
}
