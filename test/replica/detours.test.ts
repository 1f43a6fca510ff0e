import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { RegisterOptions } from '../../src/quorum/index.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { takeDetour } from './detours.ts';

const SEED = testSeed();
const SCHEDULES = Number(process.env['QUORATE_SCHEDULES'] ?? 300);
const TIMEOUT_MS = 120_000;
const FILE = 'test/replica/detours.test.ts';

function firstViolation(seed: number, count: number, options: RegisterOptions, rules: Rules): string | undefined {
  const quorums = registerQuorums(options);
  for (let index = 0; index < count; index++) {
    const report = takeDetour((seed + index) >>> 0, { quorums, rules });
    if (report !== undefined) return `QUORATE_SCHEDULES=1 ${replayCommand(FILE, (seed + index) >>> 0)}\n${report}`;
  }
  return undefined;
}

describe('Detours from the known schedules', { timeout: TIMEOUT_MS }, () => {
  it.each<RegisterOptions>([
    { replicas: 3 },
    { replicas: 4 },
    { replicas: 5 },
    { replicas: 5, read: 4, write: 2 },
    { replicas: 5, read: 3, write: 4 },
    { replicas: 5, read: 2, write: 4, prepare: 2 },
    { replicas: 3, read: 1, write: 3 },
  ])('end well with all rules in place: %j', (options) => {
    expect(firstViolation(SEED, SCHEDULES, options, RULES)).toBeUndefined();
  });

  // Random schedules from an empty cluster find hardly any of these in 20,000.
  it.each<keyof Rules>([
    'refusesOlder',
    'finishesOnStable',
    'inheritedIsNoVote',
    'recoversPromises',
    'keepsPromises',
    'comparesFirstTag',
    'checksEpochs',
  ])('soon end wrong without the rule %s', (rule) => {
    const violation = firstViolation(1, 5000, { replicas: 3 }, { ...RULES, [rule]: false });
    expect(violation).toMatch(/No order of k explains/);
  });
});
