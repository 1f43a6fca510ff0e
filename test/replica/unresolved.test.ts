import { describe, expect, it } from 'vitest';
import { AVAILABLE_HINTS_MAX, AVAILABLE_HINT_BYTES_MAX } from '../../src/base/limits.ts';
import { versionOf } from '../../src/protocol/ballot.ts';
import type { LargeValue } from '../../src/replica/environment.ts';
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

  it('is forgotten when many others have come, unless it is pinned', () => {
    const unresolved = new UnresolvedWrites();
    const [forgotten, pinned] = [keep(unresolved, 1), keep(unresolved, 2)];
    expect(unresolved.pin(pinned)).toBe(true);
    for (let tag = 3; tag < 3000; tag++) keep(unresolved, tag);
    expect([unresolved.has(forgotten), unresolved.has(pinned)]).toEqual([false, true]);
    unresolved.unpin(pinned);
    expect(unresolved.has(pinned)).toBe(false);
  });

  it('is not pinned where it is not known, or there is no room', () => {
    const unresolved = new UnresolvedWrites();
    expect(unresolved.pin(versionOf({ high: 0, low: 1 }))).toBe(false);
    const ids = Array.from({ length: AVAILABLE_HINTS_MAX + 1 }, (_, tag) => keep(unresolved, tag + 1));
    expect(ids.map((id) => unresolved.pin(id)).filter(Boolean)).toHaveLength(AVAILABLE_HINTS_MAX);
    unresolved.unpin(ids[0]!);
    expect(unresolved.pin(ids.at(-1)!)).toBe(true);
  });

  it('is not pinned where pinned ones have too many bytes', () => {
    const unresolved = new UnresolvedWrites();
    const byteLength = AVAILABLE_HINT_BYTES_MAX / 4;
    const pinned = [1, 2, 3, 4].map((tag) => unresolved.pin(keep(unresolved, tag, byteLength)));
    expect(pinned).toEqual([true, true, true, false]); // Their requests have bytes, too.
  });
});

/** Keeps the write of a tag. @returns its operation id. */
function keep(unresolved: UnresolvedWrites, tag: number, largeBytes?: number): string {
  const write = new Operation();
  write.first.low = tag;
  if (largeBytes !== undefined) write.large = largeOf(largeBytes);
  return unresolved.keep(write);
}

function largeOf(byteLength: number): LargeValue {
  return { byteLength, hold: () => undefined, release: () => undefined };
}
