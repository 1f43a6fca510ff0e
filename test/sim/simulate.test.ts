// Whole clusters from seeds. `QUORATE_SIM_SEEDS` sets how many a profile; a nightly run sets it to many more.
import { describe, expect, it } from 'vitest';
import { rulesWithout } from '../../src/sim/regression.ts';
import { PROFILES, simulate, simulatePlan, transcriptOf } from '../../src/sim/index.ts';
import type { ClusterProbe, FaultPlan, Profile } from '../../src/sim/index.ts';
import { testSeed } from '../support/seed.ts';

const SEED = testSeed();
const SEEDS = Number(process.env['QUORATE_SIM_SEEDS'] ?? 30);
const TIMEOUT_MS = 60_000 + 20 * SEEDS;

describe('A simulated cluster', () => {
  it.each(PROFILES)(
    'keeps its promises under %s, and makes progress when it is over',
    (profile) => {
      for (let index = 0; index < SEEDS; index++) {
        const seed = (SEED + index) >>> 0;
        const { violations } = simulate({ seed, profile });
        expect(violations, `npx quorate sim --seed ${seed} --profile ${profile}`).toEqual([]);
      }
    },
    TIMEOUT_MS,
  );

  it('is the same run for the same seed, twice', () => {
    for (let seed = 0; seed < 50; seed++) {
      const [{ plan, ...first }, { plan: again, ...second }] = [simulate({ seed }), simulate({ seed })];
      expect(again).toEqual(plan);
      expect(second).toEqual(first);
    }
  });

  it('is the same run with a trace as without one', () => {
    for (const profile of PROFILES) {
      const [bare, traced] = [false, true].map((isTraced) => simulate({ seed: 5, profile, isTraced }));
      expect([traced?.hash, bare?.trace.records.length]).toEqual([bare?.hash, 0]);
      expect(traced?.trace.records.length).toBeGreaterThan(bare?.messages ?? Number.NaN);
    }
  });

  it('promises no more of a write at level one when it is resolved', () => {
    expect(simulate({ seed: 1984068, profile: 'fail-points' }).violations).toEqual([]);
  });

  // Found with the production of that time: src/replica/client-core.ts says what a client must look at, and when.
  it('sends nothing of a lost state to replicas that have begun empty', () => {
    expect(simulate({ seed: 69, profile: 'crash-storm' }).violations).toEqual([]);
  });

  it('is reset at the latest when the faults end, also where nobody has seen yet that the state is lost', () => {
    expect(simulate({ seed: 115492, profile: 'pause-storm' }).violations).toEqual([]);
  });

  // Of two members a quorum is both, which three members do not need; and a weak write that is resolved, or read, under
  // other sizes than its own was taken for undecided by a session that had no room for that.
  it.each([507, 5445, 14_648])('asks for what a level means among the members of now: seed %i', (seed) => {
    expect(simulate({ seed, profile: 'membership' }).violations).toEqual([]);
  });

  // A single new member had died before it decided alone: the state was declared lost, which the old members had.
  it('takes a change back whose new members die', () => {
    expect(simulate({ seed: 22_373, profile: 'membership' }).violations).toEqual([]);
  });

  it('differs between seeds', () => {
    expect(new Set(Array.from({ length: 200 }, (_, seed) => simulate({ seed }).hash)).size).toBe(200);
  });

  it('runs again from its plan, also as JSON', () => {
    const { plan, hash } = simulate({ seed: 9, profile: 'stalls' });
    expect(simulatePlan(JSON.parse(JSON.stringify(plan))).hash).toBe(hash);
  });

  it('is as large as asked for: 5 replicas, 2 threads, 4 clients with 10 operations, 300 messages and a fault', () => {
    let messages = 0;
    for (let seed = 0; seed < 50; seed++) {
      const result = simulate({
        seed,
        profile: 'crash-storm',
        cluster: { replicas: 5, coordinators: 2 },
        workload: { clients: 4, operations: 10 },
      });
      messages += result.messages;
      expect(result.plan.operations).toHaveLength(40);
      expect(result.plan.faults.length).toBeGreaterThan(0);
    }
    expect(messages / 50).toBeGreaterThan(300);
  });

  it('refuses what it cannot run', () => {
    expect(() => simulate({ seed: -1 })).toThrow('Cannot use seed -1: it must be an integer from 0 to 4294967295');
    expect(() => simulate({ seed: 1, profile: 'sunshine' as Profile })).toThrow('Cannot use profile sunshine');
    expect(() => simulate({ seed: 1, cluster: { replicas: 5, read: 2, write: 2 } })).toThrow(
      'R + W must be at least 6',
    );
  });
});

describe('A seed gives the same run on every version of Node', () => {
  it.each(PROFILES)('%s', (profile) => {
    expect({ profile, hash: simulate({ seed: 42, profile }).hash }).toMatchSnapshot();
  });
});

describe('What is looked for happens', () => {
  it(
    'every condition is reached, and every fault injected, in some thousand runs',
    () => {
      const reached = new Set<string>();
      const missed = new Set<string>();
      const faults = new Set<string>();
      for (let seed = 0; seed < 1200; seed++) {
        const result = simulate({ seed });
        for (const [name, isReached] of Object.entries(result.sometimes)) (isReached ? reached : missed).add(name);
        for (const name of Object.keys(result.faults)) faults.add(name);
      }
      expect([...missed].filter((name) => !reached.has(name))).toEqual([]);
      expect([...faults].toSorted()).toEqual([
        'cancel',
        'change',
        'clog',
        'crash',
        'cut',
        'drift',
        'freeze',
        'guided-crash',
        'leap',
        'leave',
        'left-broken',
        'lose',
        'loss',
        'pause',
        'repeat',
        'slow',
      ]);
    },
    TIMEOUT_MS,
  );
});

describe('A check of the user', () => {
  it('sees the replicas when the faults end and when the run ends', () => {
    const probes: ClusterProbe[] = [];
    const faults: readonly FaultPlan[] = [{ kind: 'crash', atUs: 21_000, node: 1 }];
    const { violations } = simulate({ seed: 4, profile: 'calm', cluster: { replicas: 3 }, faults }, (probe) => {
      probes.push(probe);
      return undefined;
    });
    expect(violations).toEqual([]);
    expect(probes.map(({ isStorm, replicas }) => [isStorm, replicas.length])).toEqual([
      [true, 3],
      [false, 3],
    ]);
    const entries = probes[1]!.replicas.flatMap(({ entries: held }) => held);
    expect(entries.length).toBeGreaterThan(0);
    for (const { key, accepted, promised } of entries) {
      expect(key).toMatch(/^k\d$/);
      expect(promised >= accepted).toBe(true);
    }
  });

  it('is heard', () => {
    const { violations } = simulate({ seed: 1, profile: 'calm' }, () => 'I do not like it');
    expect(violations).toEqual([{ kind: 'check', text: 'I do not like it' }]);
  });
});

describe('The transcript', () => {
  it('names who sent what to whom, and who died', () => {
    const faults: readonly FaultPlan[] = [{ kind: 'crash', atUs: 21_000, node: 1 }];
    const workload = { clients: 1, operations: 40, keys: 1, writes: 1 };
    const { trace } = simulate({ seed: 2, profile: 'slow-replica', workload, faults, isTraced: true });
    const text = transcriptOf(trace);
    expect(text).toMatch(/C0 .*A0 .*accept\(b\d+, root b\d+, v1\)/);
    expect(text).toMatch(/A1 .*epoch 1, empty/);
  });
});

// `first` is the first seed from 0 on that finds it: how many runs a search needs. The search begins there, so that it
// is short, and goes on where a change of the code has moved it.
describe('Negative controls: with a rule taken away, a run goes wrong', () => {
  it.each<[rule: string, profile: Profile, first: number]>([
    ['recoversPromises', 'crash-storm', 1],
    ['keepsNewest', 'duplicate-storm', 3],
    ['reportsTombstones', 'duplicate-storm', 16],
    ['comparesFirstTag', 'crash-storm', 25],
    ['countsOthersAlone', 'priorities', 47],
    ['inheritedIsNoVote', 'inheritance', 156],
    ['readsStable', 'scramble', 516],
    ['silentUntilCaughtUp', 'stalls', 1307],
    ['finishesOnStable', 'stalls', 2311],
    ['keepsPromises', 'stalls', 2813],
    ['countsVoterOnce', 'scramble', 3262],
    ['checksEpochs', 'stale-messages', 3473],
    ['answersNameEpoch', 'stale-messages', 11_817],
    ['refusesOlder', 'scramble', 15_383],
  ])(
    '%s under %s, from seed %i on',
    (rule, profile, first) => {
      const rules = rulesWithout([rule]);
      let found: number | undefined;
      for (let seed = first; seed < first + 5000 && found === undefined; seed++) {
        if (simulate({ seed, profile, rules }).violations.length > 0) found = seed;
      }
      expect(found).toBeDefined();
      expect(simulate({ seed: found!, profile }).violations).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
