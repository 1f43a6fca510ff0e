import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { minimise } from '../../src/sim/minimise.ts';
import { parseRegression, regressionText, rulesWithout } from '../../src/sim/regression.ts';
import { shrink, simulate, simulatePlan } from '../../src/sim/index.ts';
import type { Profile, SimPlan } from '../../src/sim/index.ts';
import { withReplicas } from '../../src/sim/smaller-cluster.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

/** The first plan that fails without a rule; none of those whose steps are mostly what watches ask. */
function failureWithout(rule: string, profile: Profile): SimPlan {
  const rules = rulesWithout([rule]);
  for (let seed = 0; seed < 2000; seed++) {
    const { violations, plan } = simulate({ seed, profile, rules });
    if (violations.length > 0 && plan.watches === undefined) return plan;
  }
  throw new Error(`No run fails without ${rule}`);
}

describe('What a failure does not need is taken away', () => {
  it.each([
    ['nothing is needed', 20, []],
    ['one thing', 20, [13]],
    ['two things far apart', 40, [1, 37]],
    ['the first and the last', 7, [0, 6]],
    ['everything', 5, [0, 1, 2, 3, 4]],
  ])('%s', (_, count, needed) => {
    const items = Array.from({ length: count }, (_each, index) => index);
    expect(minimise(items, (left) => needed.every((each) => left.includes(each)))).toEqual(needed);
  });

  it('whatever is needed, and nothing else', () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    for (let round = 0; round < 200; round++) {
      const items = Array.from({ length: 1 + below(random, 40) }, (_, index) => index);
      const needed = items.filter(() => below(random, 4) === 0);
      const left = minimise(items, (candidate) => needed.every((each) => candidate.includes(each)));
      expect(left, replayCommand('test/sim/shrink.test.ts', seed)).toEqual(needed);
    }
  });
});

describe('A failing run', () => {
  it.each<[rule: string, profile: Profile, steps: number]>([
    ['keepsNewest', 'duplicate-storm', 60],
    ['comparesFirstTag', 'crash-storm', 200],
  ])(
    'without %s is shortened, fails in the same way, and a file of it does too',
    (rule, profile, stepsMax) => {
      const rules = rulesWithout([rule]);
      const plan = failureWithout(rule, profile);
      const [violation] = simulatePlan(plan, { rules }).violations;
      const shrunk = shrink(plan, { rules })!;
      expect(shrunk.violation.kind).toBe(violation?.kind);
      expect(shrunk.plan.operations.length).toBeLessThan(plan.operations.length / 2);
      expect(shrunk.steps).toBeLessThan(stepsMax);
      const text = regressionText({ violation: shrunk.violation.text, without: [rule], plan: shrunk.plan });
      const file = parseRegression(text);
      const replayed = simulatePlan(file.plan, { rules: rulesWithout(file.without) });
      expect(replayed.violations).toEqual([shrunk.violation]);
      // With the rule in place, the very same run is right.
      expect(simulatePlan(file.plan).violations).toEqual([]);
    },
    60_000,
  );

  it('is needed: what does not fail is not shrunk', () => {
    expect(shrink(simulate({ seed: 1 }).plan)).toBeUndefined();
  });

  it('takes no more runs than it may', () => {
    const rules = rulesWithout(['keepsNewest']);
    expect(shrink(failureWithout('keepsNewest', 'duplicate-storm'), { rules, runsMax: 20 })!.runs).toBe(20);
  });
});

describe('A plan for fewer replicas', () => {
  it('renumbers who is left, and forgets faults of who is not', () => {
    const { plan } = simulate({ seed: 1, cluster: { replicas: 5, coordinators: 2 } });
    const faults: SimPlan['faults'] = [
      { kind: 'crash', atUs: 1, node: 2 },
      { kind: 'crash', atUs: 2, node: 4 },
      { kind: 'pause', atUs: 3, node: 6, forUs: 1 },
      { kind: 'cut', atUs: 4, from: 0b0100001, to: 0b0011110, forUs: 1 },
    ];
    const smaller = withReplicas({ ...plan, faults }, 3);
    expect(smaller.faults).toEqual([
      { kind: 'crash', atUs: 1, node: 2 },
      { kind: 'pause', atUs: 3, node: 4, forUs: 1 },
      { kind: 'cut', atUs: 4, from: 0b01001, to: 0b00110, forUs: 1 },
    ]);
    expect(simulatePlan(smaller).violations).toEqual([]);
  });
});

describe('A regression file', () => {
  it.each([
    ['no JSON', '{'],
    ['another format', '{"format":"other"}'],
    ['no plan', '{"format":"quorate-sim-1","without":[]}'],
    ['a plan of nothing', '{"format":"quorate-sim-1","without":[],"plan":{"version":1}}'],
  ])('is refused when it is %s', (_, text) => {
    expect(() => parseRegression(text)).toThrow('Cannot replay the file');
  });

  it('names only rules that exist', () => {
    expect(() => rulesWithout(['gravity'])).toThrow('Cannot take away the rule gravity: the rules are readsStable,');
  });
});
