import { describe, expect, it } from 'vitest';
import { registerQuorums } from '../../src/quorum/index.ts';
import { CLUSTER_CLOSED, CLUSTER_OPEN, CLUSTER_STATE_LOST } from '../../src/replica/environment.ts';
import { MemoryRoll } from '../../src/replica/memory-roll.ts';
import { SimLife } from '../../src/sim/cluster/sim-epochs.ts';

/** A roll of five replicas of which those in `operational` answer; at most two may be without memory. */
function rollOf(operational: readonly number[]): MemoryRoll {
  return bothOf(operational).roll;
}

/** The roll, and the words that it writes. */
function bothOf(operational: readonly number[]): { readonly roll: MemoryRoll; readonly life: SimLife } {
  const life = new SimLife();
  const epochs = { isOperational: (each: number): boolean => operational.includes(each) };
  return { roll: new MemoryRoll(registerQuorums({ replicas: 5 }), epochs, life), life };
}

/** A roll of seven threads, all of which have had a memory, that hold three copies of each key. */
function rollOfSeven(operational: readonly number[]): MemoryRoll {
  const epochs = { isOperational: (each: number): boolean => operational.includes(each) };
  const roll = new MemoryRoll(registerQuorums({ replicas: 3, threads: 7 }), epochs, new SimLife());
  for (let replica = 0; replica < 7; replica++) roll.noteOperational(replica);
  return roll;
}

describe('A roll of memories', () => {
  it('lets a replica begin empty until it has answered once', () => {
    const roll = rollOf([]);
    roll.noteOperational(2);
    expect([1, 2].map((replica) => roll.beginsEmpty(replica))).toEqual([true, false]);
  });

  it('counts a memory that its replica got unseen', () => {
    const roll = rollOf([2]);
    roll.noteDown(1);
    roll.noteDown(2);
    expect([1, 2].map((replica) => roll.beginsEmpty(replica))).toEqual([true, false]);
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

describe('A roll of more threads than copies', () => {
  // Any two of them may be homes of one key, of whose three copies only one may be missing.
  it.each([
    [[0, 1, 2, 3, 4, 5, 6], false, true],
    [[0, 1, 2, 4, 5, 6], false, false],
    [[0, 1, 2, 4, 6], true, false],
  ])('With %j operational the state is lost: %j; replica 0 may be ended: %j', (operational, isLost, mayEnd) => {
    const roll = rollOfSeven(operational);
    expect([roll.isLost, roll.mayEnd(0, 0)]).toEqual([isLost, mayEnd]);
  });
});

describe('A lost state', () => {
  it('is told once, and only while the cluster is open', () => {
    const { roll, life } = bothOf([0, 1]);
    expect(roll.declareLoss()).toBe(false);
    for (let replica = 0; replica < 5; replica++) roll.noteOperational(replica);
    expect([roll.declareLoss(), life.state, roll.declareLoss()]).toEqual([true, CLUSTER_STATE_LOST, false]);
  });
});

describe('A reset', () => {
  it('lets every replica begin empty until it has ended, also one that has answered meanwhile', () => {
    const { roll, life } = bothOf([0, 1, 2, 3, 4]);
    roll.noteOperational(0);
    roll.beginReset();
    roll.noteOperational(0);
    roll.noteDown(1);
    expect([0, 1].map((replica) => roll.beginsEmpty(replica))).toEqual([true, true]);
    expect([life.state, life.resets]).toEqual([CLUSTER_STATE_LOST, 0]);
    expect([roll.endReset(true), roll.isResetting, life.state, life.resets]).toEqual([true, false, CLUSTER_OPEN, 1]);
    expect([0, 1].map((replica) => roll.beginsEmpty(replica))).toEqual([false, true]);
  });

  it('is counted before anybody is served', () => {
    const { roll, life } = bothOf([0, 1, 2, 3, 4]);
    const states: number[] = [];
    life.countReset = () => states.push(life.state);
    roll.beginReset();
    roll.endReset(true);
    expect(states).toEqual([CLUSTER_STATE_LOST]);
  });

  it.each([
    ['that fails', false, CLUSTER_STATE_LOST],
    ['of a cluster that is closed meanwhile', true, CLUSTER_CLOSED],
  ])('%s opens nothing', (_, isEmpty, state) => {
    const { roll, life } = bothOf([]);
    roll.beginReset();
    life.state = state;
    expect([roll.endReset(isEmpty), roll.isResetting, life.state, life.resets]).toEqual([false, false, state, 0]);
  });
});
