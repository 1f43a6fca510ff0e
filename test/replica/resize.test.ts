import { describe, expect, it } from 'vitest';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import { levelUnder } from '../../src/replica/level-sizes.ts';
import { Operation } from '../../src/replica/operation.ts';
import { resize } from '../../src/replica/resize.ts';
import type { Level } from '../../src/store/store.ts';

/** What an operation asks for that was made under some sizes and goes on under others: [read, write, agree]. */
function resized(level: Level | undefined, from: RegisterQuorums, to: RegisterQuorums): readonly number[] {
  const operation = new Operation();
  const { read, write } = levelUnder(level, from);
  const agreeNeeded = read < from.read ? 0 : from.agreeing;
  Object.assign(operation, { level, sizes: from, readNeeded: read, writeNeeded: write, agreeNeeded });
  resize(operation, to);
  return [operation.readNeeded, operation.writeNeeded, operation.agreeNeeded];
}

const of = (replicas: number): RegisterQuorums => registerQuorums({ replicas });

describe('An operation that goes on under other sizes', () => {
  it.each<[Level | undefined, from: number, to: number, asks: readonly number[]]>([
    [undefined, 2, 3, [2, 2, 2]], // Two of two was a quorum, not all.
    ['quorum', 2, 5, [3, 3, 3]],
    ['quorum', 5, 2, [2, 2, 2]],
    ['all', 1, 3, [3, 3, 2]],
    ['all', 2, 3, [3, 3, 2]],
    ['all', 5, 3, [3, 3, 2]],
    ['one', 5, 3, [1, 1, 0]],
    ['two', 5, 7, [2, 2, 0]],
    ['two', 3, 5, [3, 3, 3]], // It was as many as a quorum, and stays one.
    [{ r: 1, w: 5 }, 5, 3, [1, 3, 0]],
    [{ r: 1, w: 3 }, 3, 5, [1, 3, 0]],
  ])('%o, of %i replicas, then %i', (level, from, to, asks) => {
    expect(resized(level, of(from), of(to))).toEqual(asks);
  });

  it('of a session reads from a quorum there too where it did here, at whatever level', () => {
    const operation = new Operation();
    Object.assign(operation, { level: 'one', sizes: of(3), readNeeded: 2, writeNeeded: 2, agreeNeeded: 2 });
    resize(operation, of(5));
    expect([operation.readNeeded, operation.writeNeeded, operation.agreeNeeded]).toEqual([3, 3, 3]);
  });

  it('that is for all replicas is for all of them there', () => {
    const operation = new Operation();
    Object.assign(operation, { sizes: of(3), readNeeded: 3, agreeNeeded: 3, asksAll: true });
    resize(operation, of(5));
    expect([operation.readNeeded, operation.agreeNeeded]).toEqual([5, 5]);
  });
});
