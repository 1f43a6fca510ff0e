import { describe, expect, it } from 'vitest';
import type { Configuration, Membership } from '../../src/quorum/configuration.ts';
import type { Ballot } from '../../src/protocol/ballot.ts';
import { registerQuorums, votersIn } from '../../src/quorum/index.ts';
import { MembershipChange } from '../../src/replica/membership-change.ts';

const THREE: Membership = { members: 0b0111, quorums: registerQuorums({ replicas: 3 }) };
const REPLACED: Membership = { members: 0b1110, quorums: registerQuorums({ replicas: 3 }) };
const FOUR = { quorums: registerQuorums({ replicas: 4 }) };
const BEFORE: Configuration = { number: 4, phase: 'stable', current: THREE };

/** Threads that look at the configuration when they are told to. */
class Threads {
  running = 0b0111;
  operational = 0b0111;
  readonly published: Configuration[] = [];
  readonly started: number[] = [];
  readonly retired: number[] = [];
  readonly #seen = [4, 4, 4, 0, 0];

  lastTag(): Ballot {
    return { high: 0, low: 40 + this.published.length };
  }

  publish(configuration: Configuration): void {
    this.published.push(configuration);
  }

  seenBy(replica: number): number {
    return this.#seen[replica]!;
  }

  isRunning(replica: number): boolean {
    return ((this.running >>> replica) & 1) === 1;
  }

  isOperational(replica: number): boolean {
    return ((this.operational >>> replica) & 1) === 1;
  }

  start(replica: number): void {
    this.started.push(replica);
    this.running |= 1 << replica;
  }

  retire(replica: number): void {
    this.retired.push(replica);
  }

  /** These look which configuration is in force. */
  look(replicas: number): void {
    for (const replica of votersIn(replicas)) this.#seen[replica] = this.published.at(-1)!.number;
  }

  /** These have exited. */
  exit(replicas: number): void {
    this.running &= ~replicas;
    this.operational &= ~replicas;
  }
}

function begun(): { threads: Threads; change: MembershipChange; turn: (replicas: number) => string } {
  const threads = new Threads();
  const change = new MembershipChange(BEFORE, REPLACED, threads);
  const turn = (replicas: number): string => {
    threads.look(replicas);
    change.turn();
    return change.step;
  };
  return { threads, change, turn };
}

/** A change that waits for a comparison. */
function comparing(): ReturnType<typeof begun> {
  const all = begun();
  all.turn(0b0111);
  all.threads.operational |= 0b1000;
  all.turn(0b1111);
  all.turn(0b1111);
  expect(all.turn(0b1111)).toBe('comparing');
  return all;
}

describe('A change of members', () => {
  it('waits until no more are down than the new members survive, however many the old ones do', () => {
    const five = { members: 0b1_1111, quorums: registerQuorums({ replicas: 5 }) };
    const threads = new Threads();
    threads.running = 0b1_1111;
    threads.operational = 0b0_0111; // Two recover, as two of five may.
    const change = new MembershipChange({ ...BEFORE, current: five }, { ...five, members: 0b1_0111, ...FOUR }, threads);
    const turn = (operational: number): string => {
      threads.operational = operational;
      threads.look(0b1_1111);
      change.turn();
      return change.step;
    };
    expect(turn(0b0_0011)).toBe('learning'); // Of 0, 1, 2 and 4 two are away, and one may be.
    expect(turn(0b0_0111)).toBe('joint');
  });

  it('waits at each step until every live replica has seen it', () => {
    const { threads, change, turn } = begun();
    expect(turn(0b0011)).toBe('announced');
    expect(threads.started).toEqual([]);
    expect(turn(0b0100)).toBe('learning');
    expect(threads.started).toEqual([3]);
    expect(turn(0b1111)).toBe('learning'); // The newcomer does not answer yet.
    threads.operational |= 0b1000;
    expect(turn(0)).toBe('joint');
    expect(turn(0b1101)).toBe('joint');
    expect(turn(0b0010)).toBe('joint'); // Behind a barrier now, of which nobody knows yet.
    expect(turn(0b1101)).toBe('joint');
    expect(turn(0b0010)).toBe('comparing');
    change.compared(0b1111, change.configuration.number);
    expect(turn(0b0110)).toBe('settling');
    expect(turn(0b1000)).toBe('leaving');
    expect(threads.retired).toEqual([0]);
    threads.exit(0b0001);
    expect(turn(0)).toBe('done');
    expect(threads.published.map(({ number, phase, barrier }) => [number, phase, barrier?.low])).toEqual([
      [5, 'learning', undefined],
      [6, 'joint', undefined],
      [7, 'joint', 42],
      [8, 'stable', 42],
    ]);
    expect(threads.published.at(-1)!.current).toEqual(REPLACED);
  });

  it('does not wait for who is dead: it looks when it starts', () => {
    const { threads, turn } = begun();
    threads.exit(0b0001);
    expect(turn(0b0110)).toBe('learning');
  });

  it('waits until those are back whose absence the new members would not survive', () => {
    const threads = new Threads();
    const alone: Membership = { members: 0b0001, quorums: registerQuorums({ replicas: 1 }) };
    const change = new MembershipChange(BEFORE, alone, threads);
    threads.exit(0b0001); // Two of three are enough to recover from; of the new ones, nobody else.
    threads.look(0b0110);
    change.turn();
    expect(change.step).toBe('learning');
    threads.running |= 0b0001;
    threads.look(0b0001);
    change.turn();
    expect(change.step).toBe('learning'); // It recovers.
    threads.operational |= 0b0001;
    change.turn();
    expect(change.step).toBe('joint');
  });

  it('breaks without more of the new members than those can spare, while they decide with the old ones', () => {
    const { change, threads, turn } = begun();
    expect(change.breaksWithout(0b1100)).toBe(false); // It waits for them.
    turn(0b0111);
    threads.operational |= 0b1000;
    expect(turn(0b1111)).toBe('joint');
    expect([0b1100, 0b1001].map((gone) => change.breaksWithout(gone))).toEqual([true, false]);
    threads.exit(0b1100);
    expect(turn(0)).toBe('undoing');
  });

  it('goes on only once a write quorum of the new members holds what a read quorum of the old ones knew', () => {
    const { change } = comparing();
    const { number } = change.configuration;
    for (const replicas of [0b0001, 0b1000, 0b1001]) change.compared(replicas, number);
    expect(change.step).toBe('comparing');
    change.compared(0b1110, number - 1); // What was compared before both sides decided.
    expect(change.step).toBe('comparing');
    change.compared(0b0110, number);
    expect(change.step).toBe('settling');
  });

  it.each([
    ['announced', 0, []],
    ['learning', 1, [3]],
    ['comparing', 2, [3]],
  ] as const)('is taken back from %s, and its newcomers end', (_step, stage, retired) => {
    const { threads, change, turn } = stage === 2 ? comparing() : begun();
    if (stage === 1) turn(0b0111);
    change.undo();
    expect(turn(0b0111)).toBe(retired.length > 0 ? 'leaving' : 'undone');
    expect(threads.retired).toEqual(retired);
    threads.exit(0b1000);
    expect(turn(0)).toBe('undone');
    expect(threads.published.at(-1)).toMatchObject({ phase: 'stable', current: THREE });
  });

  it('is taken back where more of the new members are gone than their quorums survive', () => {
    const { change, threads, turn } = comparing();
    threads.operational &= ~0b1000;
    expect(turn(0)).toBe('comparing');
    threads.operational &= ~0b0100;
    change.compared(0b1111, change.configuration.number);
    expect(change.step).toBe('undoing');
    expect(turn(0b0111)).toBe('leaving');
    expect(threads.published.at(-1)).toMatchObject({ phase: 'stable', current: THREE });
  });

  it('is not taken back any more once the new members decide alone', () => {
    const { change, threads, turn } = comparing();
    change.compared(0b1111, change.configuration.number);
    change.undo();
    expect(turn(0b1110)).toBe('leaving');
    threads.exit(0b0001);
    expect(turn(0)).toBe('done');
  });
});
