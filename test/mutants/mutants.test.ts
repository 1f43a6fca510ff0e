// Every seeded bug is caught, and production, looked at by the same catchers, is not. The traces are shrunk by
// `npm run mutants`, which looks longer.
import { describe, expect, it } from 'vitest';
import type { Rules } from '../../src/protocol/rules.ts';
import type { Profile } from '../../src/sim/cluster/profiles.ts';
import { MUTANTS } from './catalogue.ts';
import { simulated } from './sim-catcher.ts';

const TIMEOUT_MS = 60_000;
/** So many bugs are asked for. */
const MUTANTS_MIN = 30;
/** Far more than the simulator needs for any of the bugs that it is asked about alone. */
const SIMULATED_SEEDS = 600;

describe('A seeded bug is caught, and production is not', { timeout: TIMEOUT_MS }, () => {
  it.each(MUTANTS)('$layer: $bug', ({ catchers }) => {
    // The later catchers are asked only where the earlier ones see nothing.
    const caught = catchers.find((catcher) => catcher.catches(false) !== undefined);
    expect(caught?.name).toEqual(expect.any(String));
    expect(caught?.flagsProduction()).toBeUndefined();
  });

  it.each<[rule: keyof Rules, profile?: Profile]>([
    ['admitsUnknown'],
    ['asksAgain'],
    ['checksGenerations'],
    ['inheritedIsNoVote', 'inheritance'],
    ['keepsEntries'],
    ['keepsNewest'],
    ['proposesOnce'],
    ['spreadsTags'],
    ['writesBackInPlace'],
  ])('The simulator alone catches that the rule %s is missing', (rule, profile) => {
    expect(simulated(rule, SIMULATED_SEEDS, profile).catches(false)).toBeDefined();
  });

  it('Each of them is there once, and there are enough', () => {
    expect(new Set(MUTANTS.map(({ bug }) => bug)).size).toBe(MUTANTS.length);
    expect(new Set(MUTANTS.map(({ removed }) => removed)).size).toBe(MUTANTS.length);
    expect(MUTANTS.length).toBeGreaterThanOrEqual(MUTANTS_MIN);
  });
});
