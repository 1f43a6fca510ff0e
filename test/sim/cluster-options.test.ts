// What a user may ask of a simulated cluster, and what the user is told who asks for something else.
import { describe, expect, it } from 'vitest';
import { shrink, simulate, simulatePlan } from '../../src/sim/index.ts';
import type { SimCheck, SimulateOptions } from '../../src/sim/index.ts';

const CLUSTER = { replicas: 3, coordinators: 2 };
const CUT = { kind: 'cut', atUs: 1, from: 1, to: 2, forUs: 9 };
const CRASH_AT = { kind: 'crash-at', atUs: 1, node: 0, point: 'accept', nth: 1, loses: 'vote' };

/** Options as one without types may give them. */
function simulated(options: unknown, check?: unknown): () => unknown {
  return () => simulate(options as SimulateOptions, check as SimCheck);
}

const failing = (): never => {
  throw new Error('no such key');
};

const lacksThe7: SimCheck = ({ replicas }) =>
  replicas.some(({ entries }) => entries.some(({ value }) => value === 7)) ? 'The 7 was written' : undefined;

function refusal(text: string): unknown {
  return expect.objectContaining({
    code: 'ERR_QUORATE_INVALID_ARGUMENT',
    message: expect.stringMatching(new RegExp(`^Cannot (use|simulate) ${text.replaceAll(/[^\w ]/g, '\\$&')}`)),
  });
}

describe('A simulation refuses', () => {
  it.each<readonly [said: string, options: unknown]>([
    ['undefined: it must be an object with a seed, or with actors', undefined],
    ['null: it must be an object with a seed', null],
    ['seed undefined: it must be an integer from 0 to 4294967295', {}],
    ['profile sunshine: it must be one of calm,', { profile: 'sunshine' }],
    ['cluster 5: it must be an object', { cluster: 5 }],
    ['cluster.coordinators 0: it must be an integer from 1 to 16', { cluster: { coordinators: 0 } }],
    ['workload () => 1: it must be an object', { workload: () => 1 }],
    ['workload null: it must be an object', { workload: null }],
    ['workload.clients 17: it must be an integer from 1 to 16', { workload: { clients: 17 } }],
    ['workload.operations 1.5: it must be an integer from 1 to 80', { workload: { operations: 1.5 } }],
    ['workload.keys 0: it must be an integer from 1 to 1000', { workload: { keys: 0 } }],
    ['workload.writes 1.1: it must be a number from 0 to 1', { workload: { writes: 1.1 } }],
    ['workload.writes NaN: it must be a number from 0 to 1', { workload: { writes: Number.NaN } }],
    ['faults [object Object]: it must be an array', { faults: { crash: 0.3 } }],
    ['faults[0].kind undefined: it must be one of crash, crash-at, lose, pause,', { faults: [null] }],
    ['faults[1].kind flood: it must be one of', { faults: [CUT, { kind: 'flood' }] }],
    ['faults[0].atUs -1: it must be a number from 0 to 60000000', { faults: [{ ...CUT, atUs: -1 }] }],
    ['faults[0].node 5: it must be an integer from 0 to 4', { faults: [{ kind: 'crash', atUs: 1, node: 5 }] }],
    ['faults[0].from 32: it must be an integer from 1 to 31', { faults: [{ ...CUT, from: 32 }] }],
    ['faults[0].messages smoke: it must be one of', { faults: [{ ...CUT, messages: 'smoke' }] }],
    ['faults[0].point never: it must be one of accept,', { faults: [{ ...CRASH_AT, point: 'never' }] }],
    ['faults[0].forUs undefined: it must be a number', { faults: [{ kind: 'pause', atUs: 1, node: 0 }] }],
  ])('%s', (said, options) => {
    const whole = typeof options === 'object' && options !== null && Object.keys(options).length > 0;
    expect(simulated(whole ? { seed: 1, cluster: CLUSTER, ...options } : options)).toThrow(refusal(said));
  });

  it.each<readonly [said: string, check: unknown]>([
    ['a check 7: it must be a function', 7],
    ['a check that returns a promise: it must return a text', () => Promise.reject(new Error('late'))],
    ['a check that returns false: it must return a text that says what is wrong, or undefined', () => false],
  ])('%s', (said, check) => {
    expect(simulated({ seed: 1 }, check)).toThrow(refusal(said));
  });

  it('to shrink in no run', () => {
    expect(() => shrink(simulate({ seed: 1 }).plan, { runsMax: 0 })).toThrow(refusal('runsMax 0: it must be an'));
  });
});

describe('A simulation takes', () => {
  it('every fault that it lists', () => {
    const faults = [
      CUT,
      CRASH_AT,
      { ...CUT, kind: 'clog', messages: 'vote' },
      { kind: 'crash', atUs: 21_000, node: 0 },
      { kind: 'pause', atUs: 21_000, node: 3, forUs: 10 },
      { kind: 'slow', atUs: 21_000, node: 1, forUs: 10, factor: 3 },
      { kind: 'leap', atUs: 21_000, node: 1, byMs: -5 },
      { kind: 'freeze', atUs: 21_000, node: 1, forUs: 10 },
      { kind: 'drift', atUs: 21_000, node: 2, rate: 0.5 },
      { kind: 'leave', atUs: 21_000, node: 4 },
    ];
    expect(simulated({ seed: 2, profile: 'calm', cluster: CLUSTER, faults })()).toMatchObject({
      plan: { faults },
      faults: { cut: 1, clog: 1, slow: 1, leap: 1, freeze: 1, drift: 1, leave: 1 },
    });
  });

  it('a check that throws as one that says what is wrong', () => {
    const { violations, plan } = simulate({ seed: 1, profile: 'calm' }, failing);
    expect(violations).toEqual([{ kind: 'check', text: 'Error: no such key' }]);
    expect(simulatePlan(plan, { check: failing }).violations).toEqual(violations);
  });

  it('a check to shrink by: what is left is what the check needs', () => {
    let seed = 0;
    while (simulate({ seed, profile: 'calm' }, lacksThe7).violations.length === 0) seed++;
    const { plan } = simulate({ seed, profile: 'calm' });
    expect(shrink(plan)).toBeUndefined();
    const shrunk = shrink(plan, { check: lacksThe7 });
    expect(shrunk?.violation).toEqual({ kind: 'check', text: 'The 7 was written' });
    expect(shrunk?.plan.operations.map(({ value }) => value)).toEqual([7]);
    expect(shrunk?.plan.faults).toEqual([]);
  });
});
