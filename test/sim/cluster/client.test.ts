// What simulated clients do beyond the plans that seeds draw most.
import { describe, expect, it } from 'vitest';
import { registerQuorums } from '../../../src/quorum/index.ts';
import type { Call } from '../../../src/sim/cluster/client.ts';
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import type { FaultPlan, OperationPlan, SimPlan } from '../../../src/sim/cluster/plan.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';

/** A calm run of three replicas and one client, which does just this. */
function callsOf(operations: readonly Partial<OperationPlan>[], changes: Partial<SimPlan> = {}): readonly Call[] {
  const drawn = drawPlan(1, 'calm', { cluster: { replicas: 3 } });
  const each = {
    client: 0,
    call: 'get',
    key: 'k0',
    value: 0,
    level: 'quorum',
    timeoutMs: 1000,
    thinkUs: 0,
    joins: false,
  };
  const plan: SimPlan = {
    ...drawn,
    cluster: { ...drawn.cluster, ...registerQuorums({ replicas: 3 }) },
    faults: [],
    stormUs: 1_000_000,
    endsWithStorm: true,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the defaults above are all of its fields
    operations: operations.map((operation) => ({ ...each, ...operation }) as OperationPlan),
    ...changes,
  };
  const { violation, calls } = runPlan(plan);
  expect(violation).toBeUndefined();
  return calls;
}

describe('A simulated client', () => {
  it.each(['one', 'two', 'quorum', 'all'] as const)('writes and reads at level %s', (level) => {
    const calls = callsOf([{ call: 'put', value: 7, level }, { level }, { call: 'delete', level }, { level }]);
    expect(calls.map(({ outcome, value }) => [outcome, value])).toEqual([
      ['ok', 7],
      ['ok', 7],
      ['ok', 0],
      ['absent', 0],
    ]);
  });

  it('writes and reads values that travel by reference, also from replicas that have recovered', () => {
    const put = { call: 'put', isLarge: true } as const;
    const pause = { thinkUs: 60_000, level: 'all' } as const;
    const faults = [1, 2].map((node): FaultPlan => ({ kind: 'crash', atUs: 20_000 + 60_000 * node, node }));
    const calls = callsOf([{ ...put, value: 7 }, pause, pause, { ...put, value: 8 }, pause], { faults });
    expect(calls.map(({ outcome, value }) => [outcome, value])).toEqual([
      ['ok', 7],
      ['ok', 7],
      ['ok', 7],
      ['ok', 8],
      ['ok', 8],
    ]);
  });

  it('is refused while the state is lost, and finds nothing of it after the reset', () => {
    const faults: readonly FaultPlan[] = [{ kind: 'lose', atUs: 60_000, nodes: 0b111, forUs: 30_000 }];
    const calls = callsOf(
      [{ call: 'put', value: 7 }, { thinkUs: 80_000 }, { thinkUs: 100_000 }, { call: 'put', value: 8 }, {}],
      { faults },
    );
    expect(calls.map(({ outcome, value, key }) => [outcome, value, key])).toEqual([
      ['ok', 7, 'k0'],
      ['state-lost', 0, 'k0'],
      ['absent', 0, 'k0 after reset 1'],
      ['ok', 8, 'k0 after reset 1'],
      ['ok', 8, 'k0 after reset 1'],
    ]);
  });

  it('stays in doubt about a write of a lost state that it resolves after the reset', () => {
    const calls = callsOf(
      [
        { call: 'put', value: 7, cancelAfterUs: 1 },
        { call: 'resolve', thinkUs: 200_000 },
        { level: 'all', thinkUs: 50_000 },
      ],
      { faults: [{ kind: 'lose', atUs: 60_000, nodes: 0b011, forUs: 30_000 }] },
    );
    expect(calls.map(({ outcome, value }) => [outcome, value])).toEqual([
      ['unknown', 7],
      ['unknown', 7],
      ['absent', 0],
    ]);
  });

  it('that gives up waiting does not know whether its write has happened, and resolves it', () => {
    const calls = callsOf([{ call: 'put', value: 7, cancelAfterUs: 1 }, { call: 'resolve' }, { cancelAfterUs: 1 }, {}]);
    expect(calls.map(({ outcome, value }) => [outcome, value])).toEqual([
      ['unknown', 7],
      ['ok', 7],
      ['aborted', 0],
      ['ok', 7],
    ]);
    expect(calls[1]!.finishes).toBe(calls[0]);
  });
});
