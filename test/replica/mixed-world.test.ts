// Everything at once on the same keys, judged by what clients saw.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { mixedProblem } from './mixed-world.ts';

const FILE = 'test/replica/mixed-world.test.ts';

describe('Puts, deletions, changes, sessions, scans, repairs, restarts and collectors at once', () => {
  it.each([
    [200, { replicas: 3 }],
    [60, { replicas: 5, read: 4, write: 2, prepare: 4 }],
    [60, { replicas: 2 }],
  ] as const)('leave each key linearizable in %i random runs: %j', (runs, sizes) => {
    const seed = testSeed();
    const quorums = registerQuorums(sizes);
    for (let run = 0; run < runs; run++) {
      expect(mixedProblem(seededRandom(seed + run), { quorums }), replayCommand(FILE, seed + run)).toBeUndefined();
    }
  });

  it.each(['refusesErased', 'heedsErased'] as const)('do not without %s', (rule) => {
    const quorums = registerQuorums({ replicas: 3 });
    const rules = { ...RULES, [rule]: false };
    const problems = Array.from({ length: 60 }, (_, seed) => mixedProblem(seededRandom(seed), { quorums, rules }));
    expect(problems.some((problem) => problem?.includes('illegal'))).toBe(true);
  });
});
