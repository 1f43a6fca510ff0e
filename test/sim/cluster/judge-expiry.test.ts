// Values that expire: what a read may and must not return, in made-up histories and in simulated runs.
import { describe, expect, it } from 'vitest';
import { RULES } from '../../../src/protocol/rules.ts';
import type { Call } from '../../../src/sim/cluster/client.ts';
import { judgeHistory } from '../../../src/sim/cluster/judge.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { expiryPlan } from '../../mutants/sim-catcher.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';
import { callsOf } from './calls.ts';
import type { Told } from './calls.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/sim/cluster/judge-expiry.test.ts', SEED);
const RUNS = 100;

const expiring = (value: number, more: Partial<Told> = {}): Told => ({ call: 'put', value, ...more });
const get = (value: number, atUs: number, more: Partial<Told> = {}): Told => {
  return { call: 'get', value, atUs, endUs: atUs + 5, ...more };
};

/** Calls one after the other, of which the puts of 1 to 9 expire 1 ms after they were called. */
function calls(...told: readonly Told[]): Call[] {
  return callsOf(...told).map((call) => {
    const isExpiring = call.kind === 'put' && call.value > 0 && call.value < 10;
    return isExpiring ? Object.assign(call, { plan: { ...call.plan, ttlMs: 1 } }) : call;
  });
}

describe('A value that expires', () => {
  it.each<[sentence: string, calls: readonly Call[]]>([
    ['may be read before its moment', calls(expiring(1), get(1, 900))],
    ['may be read by who began before its moment', calls(expiring(1), get(1, 900, { endUs: 3000 }))],
    ['may be absent from its moment on', calls(expiring(1), get(0, 1000))],
    ['may be absent to who ends after its moment', calls(expiring(1), get(0, 500, { endUs: 1500 }))],
    [
      'may be overwritten',
      calls(expiring(1), get(0, 1500), { call: 'put', value: 10, atUs: 1600, endUs: 1650 }, get(10, 1700)),
    ],
    [
      'may be absent at level one though all had it',
      calls(expiring(1, { level: 'all' }), get(0, 1500, { level: 'one' })),
    ],
  ])('%s', (_, history) => {
    expect(judgeHistory(history).violation).toBeUndefined();
  });

  it.each<[sentence: string, calls: readonly Call[], text: string]>([
    ['may not be absent before its moment', calls(expiring(1), get(0, 500)), 'no legal order'],
    ['may not be read by who began after it', calls(expiring(1), get(1, 1100)), 'had expired 100 us before it began'],
    [
      'may not be read then at level one either',
      calls(expiring(1), get(1, 1100, { level: 'one' })),
      'had expired 100 us before it began',
    ],
    [
      'may not be read again after it was absent',
      calls(expiring(1), get(0, 990, { endUs: 1010 }), get(1, 999, { endUs: 1020 })),
      'no legal order',
    ],
    [
      'may not take away what is written over it',
      calls(expiring(1), { call: 'put', value: 10 }, get(0, 1500)),
      'no legal order',
    ],
  ])('%s', (_, history, text) => {
    expect(judgeHistory(history).violation?.text).toContain(text);
  });
});

describe('In simulated runs', () => {
  it('values expire, are changed meanwhile, and no read shows that it went otherwise', { timeout: 60_000 }, () => {
    let absent = 0;
    for (let run = 0; run < RUNS; run++) {
      const { violation, calls: seen } = runPlan(expiryPlan((SEED + run) % 1_000_000), { rules: RULES });
      expect(violation, `${REPLAY}, run ${run}`).toBeUndefined();
      absent += seen.filter(({ outcome }) => outcome === 'absent').length;
    }
    expect(absent).toBeGreaterThan(RUNS);
  });
});
