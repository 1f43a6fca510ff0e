import { describe, expect, it } from 'vitest';
import { UnresolvedWrites } from '../../src/replica/unresolved.ts';
import { Operation } from '../../src/replica/operation.ts';

describe('An unknown write that is resolved', () => {
  it('keeps its first tag, and may have happened even if the second try never leaves', () => {
    const unresolved = new UnresolvedWrites();
    const write = new Operation();
    write.first.low = 7;
    const operationId = unresolved.keep(write);
    const again = new Operation();
    unresolved.restore(operationId, again);
    expect(again.first).toEqual({ high: 0, low: 7 });
    expect(again.hasLeft).toBe(true); // So it ends as unknown, never as unavailable.
  });
});
