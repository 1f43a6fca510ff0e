// Systems of quorums in simulated clusters: which are drawn, that production lives on all of them, and changes to them.
import { describe, expect, it } from 'vitest';
import { choose, grid, registerQuorums } from '../../../src/quorum/index.ts';
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import { PLANNED_SYSTEMS } from '../../../src/sim/cluster/draw-systems.ts';
import type { SimPlan } from '../../../src/sim/cluster/plan.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { profileOf, simulate } from '../../../src/sim/simulate.ts';
import { withReplicas } from '../../../src/sim/smaller-cluster.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';

const SEED = testSeed();
const SEEDS_EACH = 12;
const DRAWN = 400;
const TIMEOUT_MS = 60_000;

const CASES = PLANNED_SYSTEMS.map((quorum) => {
  const { voters } = (quorum.write ?? quorum.read)!;
  return [`${Object.keys(quorum).join(' and ')} of ${voters}: ${JSON.stringify(quorum).slice(0, 90)}`, quorum] as const;
});

describe('A simulated cluster that goes by', () => {
  it.each(CASES)('%s keeps its promises, and makes progress when it is over', { timeout: TIMEOUT_MS }, (_, quorum) => {
    expect(JSON.parse(JSON.stringify(quorum))).toEqual(quorum);
    for (let index = 0; index < SEEDS_EACH; index++) {
      const seed = (SEED + index) >>> 0;
      const { violations, plan } = simulate({ seed, cluster: { quorum } });
      expect(violations, replayCommand('test/sim/cluster/draw-systems.test.ts', SEED)).toEqual([]);
      expect(plan.cluster.quorum).toEqual(quorum);
    }
  });
});

describe('Systems are drawn', () => {
  const plans: readonly SimPlan[] = Array.from({ length: DRAWN }, (_, seed) => drawPlan(seed, profileOf(seed)));

  it('for some clusters, and for changes of some members', () => {
    const clusters = plans.filter(({ cluster }) => cluster.quorum !== undefined).length;
    const ofChanges = plans.filter(({ faults }) => faults.some((each) => each.kind === 'change' && each.quorum)).length;
    expect(clusters).toBeGreaterThan(DRAWN / 20);
    expect(clusters).toBeLessThan(DRAWN / 4);
    expect(ofChanges).toBeGreaterThan(0);
  });

  it('for as many replicas as they have voters, which hold every key', () => {
    for (const { cluster } of plans) {
      const { quorum, replicas, read, write, prepare, replicationFactor } = cluster;
      if (quorum === undefined) continue;
      expect(registerQuorums({ replicas, quorum })).toMatchObject({ read, write, prepare });
      expect(replicationFactor).toBeUndefined();
    }
  });

  it('only where nobody says how large the cluster is', () => {
    for (let seed = 0; seed < 100; seed++) {
      expect(drawPlan(seed, 'crash-storm', { cluster: { replicas: 5 } }).cluster.quorum).toBeUndefined();
      expect(drawPlan(seed, 'crash-storm', { cluster: { prepare: 3 } }).cluster.quorum).toBeUndefined();
    }
  });

  it('as data: a plan is the same run as its JSON', () => {
    const plan = plans.find(({ cluster }) => cluster.quorum?.read?.kind === 'choice')!;
    expect(runPlan(JSON.parse(JSON.stringify(plan)) as SimPlan).hash).toBe(runPlan(plan).hash);
  });
});

describe('A planned system', () => {
  const { reads, writes } = grid(2, 2);

  it('that misses writes is refused, unless it is forced', () => {
    const quorum = { read: choose(2, 4), write: choose(2, 4) };
    expect(() => simulate({ seed: 1, cluster: { quorum } })).toThrow('do not always meet');
    expect(simulate({ seed: 1, cluster: { quorum: { ...quorum, isForced: true } } }).seed).toBe(1);
  });

  it('is left out of a plan for fewer replicas, or for as many', () => {
    const plan = drawPlan(1, 'calm', { cluster: { quorum: { read: reads, write: writes } } });
    for (const replicas of [3, 4]) {
      const { cluster } = withReplicas(plan, replicas);
      expect(cluster).toMatchObject({ replicas, ...registerSizes(replicas) });
      expect(cluster.quorum).toBeUndefined();
    }
  });

  it('can be what a change of members comes to, and stays while as many replace others', () => {
    const change = { kind: 'change', node: 6, forUs: 3_000_000, add: 0, remove: 0 } as const;
    const faults = [
      { ...change, atUs: 5_000, quorum: { read: reads, write: writes } },
      { ...change, atUs: 45_000, remove: 0b1, add: 1 },
      { ...change, atUs: 85_000, writeMore: 1 },
    ];
    const cluster = { replicas: 3, places: 6 };
    const runs = Array.from({ length: 40 }, (_, seed) => simulate({ seed, profile: 'membership', cluster, faults }));
    expect(runs.flatMap(({ violations }) => violations)).toEqual([]);
    expect(runs.some((run) => run.faults['change'] === 3 && run.sometimes['a change of members is done'])).toBe(true);
  });

  it.each<[quorum: unknown]>([[{}], [3], [{ write: { kind: 'magic' } }], [{ writes: reads }]])(
    'of a change is refused by name where it is none: %j',
    (quorum) => {
      const change = { kind: 'change', atUs: 0, node: 3, forUs: 1, add: 0, remove: 0, quorum };
      const faults = [change] as unknown as SimPlan['faults'];
      expect(() => simulate({ seed: 1, cluster: { replicas: 3 }, faults })).toThrow('Cannot use faults[0].quorum');
    },
  );
});

function registerSizes(replicas: number): Pick<SimPlan['cluster'], 'read' | 'write' | 'prepare'> {
  const { read, write, prepare } = registerQuorums({ replicas });
  return { read, write, prepare };
}
