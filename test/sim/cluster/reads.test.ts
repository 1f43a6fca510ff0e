// Scans and reads that may be stale, in the plans of seeds: what breaks them is found.
import { describe, expect, it } from 'vitest';
import type { Rules } from '../../../src/protocol/rules.ts';
import { profileOf, simulate } from '../../../src/sim/simulate.ts';
import { rulesWithout } from '../../../src/sim/regression.ts';
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import type { OperationPlan, SimPlan } from '../../../src/sim/cluster/plan.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { scanPlan } from '../../mutants/scan-plans.ts';

const TIMEOUT_MS = 120_000;
const SEEDS_MAX = 5000;
const PRODUCTION_SEEDS = 50;
const LOST_US = 100_000;

// As in simulate.test.ts, `first` is the first seed that finds it, from 1 on.
describe('Negative controls: with a rule taken away', { timeout: TIMEOUT_MS }, () => {
  it.each<[rule: keyof Rules, first: number]>([
    ['countsCached', 2],
    ['endsAtCuts', 38],
    ['dropsOwnWrites', 46],
    ['fencesCached', 124],
    ['hearsAllGroups', 167],
    ['agesCached', 199],
    ['agesFromBegin', 350],
    ['voidsOvertaken', 436],
    ['heedsConflicts', 810],
    ['listsAtQuorum', 914],
    ['cachesAsNewAsSession', 1455],
    ['expiresCached', 1516],
  ])('a run without %s goes wrong, from seed %i on', (rule, first) => {
    const rules = rulesWithout([rule]);
    const found = seedFrom(first, (seed) => simulate({ seed, rules }).violations.length > 0);
    expect(simulate({ seed: found, profile: profileOf(found) }).violations).toEqual([]);
  });

  it.each<[rule: keyof Rules, first: number]>([
    ['listsAtQuorum', 115],
    ['leavesOutDecided', 9],
    ['listsDeleted', 11_411],
  ])('one that is made for scans does without %s, from seed %i on', (rule, first) => {
    const rules = rulesWithout([rule]);
    const found = seedFrom(first, (seed) => runPlan(scanPlan(seed), { rules }).violation !== undefined);
    expect(runPlan(scanPlan(found)).violation).toBeUndefined();
  });

  it('one that loses its state does without cachesOneState', () => {
    const rules = rulesWithout(['cachesOneState']);
    const found = seedFrom(1, (seed) => runPlan(lossPlan(seed), { rules }).violation !== undefined);
    expect(runPlan(lossPlan(found)).violation).toBeUndefined();
  });

  it('those that are made for scans are not taken for wrong otherwise', () => {
    for (let seed = 1; seed <= PRODUCTION_SEEDS; seed++) expect(runPlan(scanPlan(seed)).violation).toBeUndefined();
  });
});

/** A plan whose state is lost in the midst, and whose reads may be of any age. */
function lossPlan(seed: number): SimPlan {
  const plan = drawPlan(seed, 'calm', { clients: 4, operations: 20, keys: 1, cluster: { replicas: 3 } });
  const operations = plan.operations.map((each): OperationPlan => {
    const isRead = each.call === 'get' || each.call === 'scan';
    const { client, value } = each;
    const of = { client, value, key: 'k0', level: 'quorum', timeoutMs: 1000, joins: false } as const;
    const thinkUs = LOST_US / 10;
    return isRead ? { ...of, call: 'get', thinkUs, maxStaleMs: 60_000 } : { ...of, call: 'put', thinkUs };
  });
  return { ...plan, operations, faults: [{ kind: 'lose', atUs: LOST_US, nodes: 0b111, forUs: 20_000 }] };
}

function seedFrom(first: number, isWrong: (seed: number) => boolean): number {
  for (let seed = first; seed < first + SEEDS_MAX; seed++) if (isWrong(seed)) return seed;
  throw new Error(`No seed from ${first} to ${first + SEEDS_MAX - 1} finds it`);
}
