// Random schedules: the production rules survive all of them, and each rule that random search can catch the lack of is
// taken away once. The others need a directed schedule, see schedules.test.ts.
import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { RegisterOptions, RegisterQuorums } from '../../src/quorum/index.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { explore, runSchedule } from './scheduler.ts';
import type { Exploration } from './scheduler.ts';

const SEED = testSeed();
/** Thousands of schedules take seconds where cores are shared; a hang is caught by the bounds of the scheduler. */
const TIMEOUT_MS = 120_000;
/** Schedules a configuration: `QUORATE_SCHEDULES`, which a nightly run sets to many more. */
const SCHEDULES = Number(process.env['QUORATE_SCHEDULES'] ?? 300);
const FILE = 'test/replica/scheduler.test.ts';

const CONTROL_SEED = 1;
const THREE = registerQuorums({ replicas: 3 });
const HALVES: RegisterQuorums = {
  ...registerQuorums({ replicas: 4 }),
  read: 2,
  write: 2,
  prepare: 2,
  agreeing: 2,
};

function withExchanges(missing: keyof Rules): Exploration {
  return { quorums: THREE, exchanges: 0.6, rules: { ...RULES, [missing]: false } };
}

/**
 * The report of the first violation from `seed` on, with the command that repeats it; `undefined` when there is none.
 */
function firstViolation(seed: number, schedules: number, exploration: Exploration): string | undefined {
  const violation = explore(seed, schedules, exploration);
  return violation && `QUORATE_SCHEDULES=1 ${replayCommand(FILE, violation.seed)}\n${violation.report}`;
}

describe('With all rules in place, random schedules with losses, repeats, stalls and deaths are linearizable', () => {
  it.each<RegisterOptions>([
    { replicas: 1 },
    { replicas: 2 },
    { replicas: 3 },
    { replicas: 4 },
    { replicas: 5 },
    { replicas: 5, read: 3, write: 4 },
    { replicas: 5, read: 3, write: 4, prepare: 2 },
    { replicas: 5, read: 2, write: 4, prepare: 2 },
    { replicas: 3, read: 1, write: 3 },
    { replicas: 5, read: 4, write: 2 },
    { replicas: 2, threads: 3 },
    { replicas: 3, threads: 4 },
    { replicas: 3, threads: 7 },
    { replicas: 3, threads: 5, read: 1, write: 3 },
    { replicas: 5, threads: 6, read: 4, write: 2 },
  ])(
    '%j',
    (options) => {
      expect(firstViolation(SEED, SCHEDULES, { quorums: registerQuorums(options) })).toBeUndefined();
    },
    TIMEOUT_MS,
  );

  // The words of a tag wrap in the midst of each schedule: 2^31 - 2, 2^32 - 2 and 2^53 - 2.
  it.each([
    [0, 0x7fff_fffe],
    [0, -2],
    [0x1f_ffff, -2],
  ])(
    'When tags begin after the words %i and %i',
    (high, low) => {
      const exploration = { quorums: registerQuorums({ replicas: 3 }), tagsFrom: { high, low } };
      expect(firstViolation(SEED, SCHEDULES, exploration)).toBeUndefined();
    },
    TIMEOUT_MS,
  );

  it.each<Partial<Exploration> & RegisterOptions>([
    { replicas: 1 },
    { replicas: 3 },
    { replicas: 3, operations: 16, clients: 2 },
    { replicas: 4 },
    { replicas: 5 },
    { replicas: 5, read: 3, write: 4, prepare: 2 },
    { replicas: 5, read: 2, write: 4, prepare: 2 },
    { replicas: 5, read: 4, write: 2 },
    { replicas: 5, read: 5, write: 3 },
  ])(
    'With exchanges: %j',
    ({ operations, clients, ...sizes }) => {
      const quorums = registerQuorums(sizes);
      const exploration = { quorums, exchanges: 0.6, ...(operations && { operations }), ...(clients && { clients }) };
      expect(firstViolation(SEED, SCHEDULES, exploration)).toBeUndefined();
    },
    TIMEOUT_MS,
  );

  it(
    'A schedule is a function of its seed',
    () => {
      const exploration = { quorums: HALVES };
      const found = explore(CONTROL_SEED, 5000, exploration)!;
      expect(runSchedule(found.seed, exploration)).toEqual(found);
    },
    TIMEOUT_MS,
  );
});

// From a fixed seed, so that the control is found after the same number of schedules each time.
describe('Negative controls: random schedules catch', () => {
  // With the first seed that finds it, where that is not soon found: the search begins there.
  it.each<[string, Exploration, first?: number]>([
    ['no write-back', { quorums: THREE, rules: { ...RULES, readsStable: false } }],
    ['a vote counted twice', { quorums: THREE, rules: { ...RULES, countsVoterOnce: false } }],
    ['N/2 instead of N/2+1', { quorums: HALVES }],
    ['a replica that answers before it caught up', { quorums: THREE, rules: { ...RULES, silentUntilCaughtUp: false } }],
    ['a put that compares with its last tag', { quorums: THREE, rules: { ...RULES, comparesFirstTag: false } }],
    ['a write quorum of R', { quorums: { ...THREE, write: 1 } }],
    ['recovery from too few', { quorums: { ...THREE, recoverFrom: 1 } }],
    ['a change that does not look for itself', withExchanges('looksForItself')],
    ['a change that is tried again after a blind write', withExchanges('heedsFloors')],
    ['a client that drops changes from lineages which it may try again', withExchanges('keepsUndecided')],
    ['recovery without lineages', withExchanges('recoversLineages')],
    ['promises kept after vain accepts', { quorums: THREE, exchanges: 0.6, keepsVainPromises: true }, 13_535],
  ])(
    '%s',
    (_, exploration, first = CONTROL_SEED) => {
      expect(firstViolation(first, 20_000, exploration)).toMatch(/No order of [kl] explains/);
    },
    TIMEOUT_MS,
  );
});
