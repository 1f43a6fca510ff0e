import { describe, expect, it } from 'vitest';
import { registerQuorums } from '../../src/quorum/index.ts';
import { MemoryRoll } from '../../src/replica/memory-roll.ts';

/** A roll of five replicas of which those in `operational` answer; at most two may be without memory. */
function rollOf(operational: readonly number[]): MemoryRoll {
  return new MemoryRoll(registerQuorums({ replicas: 5 }), { isOperational: (each) => operational.includes(each) });
}

describe('A roll of memories', () => {
  it('lets a replica begin empty until it has answered once', () => {
    const roll = rollOf([]);
    roll.noteOperational(2);
    expect([1, 2].map((replica) => roll.beginsEmpty(replica))).toEqual([true, false]);
    roll.forget();
    expect(roll.beginsEmpty(2)).toBe(true);
  });

  it.each([
    [[0, 1, 2, 3, 4], [], false],
    [[0, 1, 2], [3, 4], false],
    [[0, 1], [2, 3, 4], true],
    [[], [0, 1, 2, 3, 4], true],
  ])('With %j operational, %j are without memory; lost: %j', (operational, without, isLost) => {
    const roll = rollOf(operational);
    for (let replica = 0; replica < 5; replica++) roll.noteOperational(replica);
    expect([roll.withoutMemory(), roll.isLost]).toEqual([without, isLost]);
  });

  it('counts nobody who never had a memory', () => {
    expect([rollOf([]).withoutMemory(), rollOf([]).isLost]).toEqual([[], false]);
  });

  it.each([
    [[0, 1, 2, 3, 4], 0, true],
    [[0, 1, 2, 3, 4], 0b10, true],
    [[0, 1, 2, 3, 4], 0b110, false],
    [[0, 1, 2], 0, false],
  ])('With %j operational and %i doomed, replica 0 may be ended: %j', (operational, doomed, mayEnd) => {
    expect(rollOf(operational).mayEnd(0, doomed)).toBe(mayEnd);
  });
});
