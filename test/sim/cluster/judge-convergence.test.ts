// Whether replicas agree in the end, and that a replica which does not is noticed.
import { describe, expect, it } from 'vitest';
import { judgeConvergence } from '../../../src/sim/cluster/judge-convergence.ts';
import type { Holding } from '../../../src/sim/cluster/judge-convergence.ts';
import { callsOf } from './calls.ts';

const CALLS = callsOf({ call: 'put', value: 1 }, { call: 'delete' }, { call: 'delete' }, { call: 'put', value: 2 });

function held(...values: readonly (number | undefined)[]): Holding[] {
  return values.map((value, index) => ({
    name: `A${index}`,
    values: new Map(value === undefined ? [] : [['k', value] as const]),
  }));
}

describe('Replicas of which nobody asks anything any more', () => {
  it.each<[string, readonly Holding[], string | undefined]>([
    ['all hold what was written last', held(2, 2, 2), undefined],
    ['one is older', held(2, 2, 1), 'Reads do not agree'],
    ['one holds a deleted key', held(2, 0, 2), 'Reads do not agree'],
    ['one has lost the key', held(undefined, 2, 2), 'Reads do not agree'],
    ['all have lost the key', held(undefined, undefined, undefined), 'What was written is lost'],
    ['all hold what nobody wrote', held(3, 3, 3), 'Nobody wrote what was read'],
    ['there are none', [], 'Not decided'],
  ])('agree unless some differ or all have lost something: %s', (_title, holdings, text) => {
    const finding = judgeConvergence(CALLS, holdings);
    if (text === undefined) expect(finding).toBeUndefined();
    else expect(finding?.text).toContain(text);
  });
});
