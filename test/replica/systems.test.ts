// Random schedules of registers that go by systems of quorums: grids, hierarchies, weights and others survive all of
// them, with as many deaths as the system allows; systems whose quorums miss each other are shown to.
import { describe, expect, it } from 'vitest';
import { among, and, choose, grid, hierarchical, or, registerQuorums, weighted } from '../../src/quorum/index.ts';
import type { RegisterOptions, RegisterQuorums } from '../../src/quorum/index.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { explore } from './scheduler.ts';

const SEED = testSeed();
const SCHEDULES = Math.ceil(Number(process.env['QUORATE_SCHEDULES'] ?? 300) / 6);
const TIMEOUT_MS = 120_000;

const SIX = grid(2, 3);
const FOUR = grid(2, 2);
const WHEEL = or(and(0, or(1, 2, 3, 4)), and(1, 2, 3, 4));

const REGISTERS: readonly (readonly [name: string, options: RegisterOptions])[] = [
  ['a grid of 2 by 2', { replicas: 4, quorum: { read: FOUR.reads, write: FOUR.writes } }],
  ['columns of 2 by 2', { replicas: 4, quorum: { read: FOUR.reads } }],
  ['rows of 2 by 2', { replicas: 4, quorum: { write: FOUR.reads } }],
  ['a grid of 2 by 3', { replicas: 6, quorum: { read: SIX.reads, write: SIX.writes } }],
  ['columns of 2 by 3', { replicas: 6, quorum: { read: SIX.reads } }],
  ['a grid that prepares as it writes', { replicas: 6, quorum: { ...read(SIX), prepare: SIX.writes } }],
  ['a hierarchy of 2 by 3', { replicas: 6, quorum: { write: hierarchical([2, 3]) } }],
  ['weights', { replicas: 4, quorum: { write: weighted([2, 1, 1, 1], 3) } }],
  ['a wheel', { replicas: 5, quorum: { write: WHEEL } }],
  ['one without a vote', { replicas: 4, quorum: { write: among(4, choose(2, 3)) } }],
  ['sizes', { replicas: 5, quorum: { write: choose(4, 5), prepare: choose(2, 5) } }],
];

function read({ reads, writes }: typeof SIX): Pick<NonNullable<RegisterOptions['quorum']>, 'read' | 'write'> {
  return { read: reads, write: writes };
}

describe('Random schedules with losses, repeats, stalls and deaths are linearizable', () => {
  it.each(REGISTERS.flatMap(([name, options]) => [0, 0.6].map((exchanges) => [name, exchanges, options] as const)))(
    'by %s, %d of them exchanges',
    (_name, exchanges, options) => {
      const violation = explore(SEED, SCHEDULES, { quorums: registerQuorums(options), exchanges });
      const again = violation && replayCommand('test/replica/systems.test.ts', violation.seed);
      expect(violation && `QUORATE_SCHEDULES=1 ${again}\n${violation.report}`).toBeUndefined();
    },
    TIMEOUT_MS,
  );
});

describe('Where quorums miss each other, random schedules show it', () => {
  const rows = registerQuorums({ replicas: 4, quorum: { read: FOUR.reads } });
  const wide = registerQuorums({ replicas: 6, quorum: read(SIX) });
  it.each<readonly [name: string, quorums: RegisterQuorums]>([
    ['reads of one replica', { ...rows, systems: { ...rows.systems!, read: among(4, 0) } }],
    ['writes of any two of 6', { ...wide, systems: { ...wide.systems!, write: choose(2, 6) } }],
    ['prepares of any two of 6', { ...wide, systems: { ...wide.systems!, prepare: choose(2, 6) } }],
  ])(
    'with %s',
    (_name, quorums) => {
      expect(explore(1, 5000, { quorums, exchanges: 0.3 })?.report).toMatch(/No order/);
    },
    TIMEOUT_MS,
  );
});
