// Ballots under faults: random schedules in which voters die and recover, proposers die on their way, and proposals
// exclude each other. What must hold is looked at after every step (topic-world.ts).
import { describe, expect, it } from 'vitest';
import { replayCommand, testSeed } from '../support/seed.ts';
import { playTellsAgain, playTopics } from './topic-schedule.ts';
import { majority } from '../../src/quorum/index.ts';
import { Failure } from '../../src/replica/results.ts';
import type { Decided, ProposeOptions } from '../../src/store/topic.ts';
import { TopicWorld } from './topic-world.ts';

const RUNS = Number(process.env['QUORATE_BALLOTS'] ?? 60);

/** A proposal of client 0, of which replica 0 alone is heard, and then the members change. */
function changedMeanwhile(options: ProposeOptions, members: number): { world: TopicWorld; result: unknown } {
  const world = new TopicWorld({ seed: 3, replicas: 3, places: 6, clients: 2 });
  world.propose(0, { timeoutMs: 100_000, ...options }, { amount: 1, refusedBy: 0 });
  world.deliver(/^C0>A0$|^A0>C0$/);
  expect([0, 1, 2].map((replica) => world.votesOf(replica))).toEqual([1, 0, 0]);
  world.changeBy(members, /^(A\d|C1)>(A\d|C1)$/);
  world.heal();
  return { world, result: world.results[0]!.result };
}

describe('Ballots', () => {
  it.each([
    ['in random schedules', false],
    ['in random schedules in which members change', true],
  ])(
    'keep what they promise %s',
    (_where, isChanging) => {
      const seed = testSeed();
      const sums = { commits: 0, aborts: 0, undecided: 0 };
      for (let run = 0; run < RUNS; run++) {
        try {
          const { commits, aborts, undecided } = playTopics(seed + run, {}, isChanging);
          sums.commits += commits;
          sums.aborts += aborts;
          sums.undecided += undecided;
        } catch (cause) {
          const again = replayCommand('test/replica/topics.test.ts', seed + run);
          throw new Error(`Schedule ${run} is broken: ${again}`, { cause });
        }
      }
      // Schedules in which nothing is decided would prove nothing.
      expect(sums.commits).toBeGreaterThan(2 * RUNS);
      expect(sums.aborts).toBeGreaterThan(RUNS / 4);
      expect(sums.undecided).toBeGreaterThan(0);
    },
    60_000,
  );

  it.each([
    ['one of whom stays', 0b01_1001, [0, 3, 4]],
    ['none of whom stays', 0b11_1000, [3, 4, 5]],
    ['more of them', 0b10_1111, [0, 1, 2, 3, 5]],
    ['fewer of them', 0b00_0101, [0, 2]],
  ])('ask whoever are members then, where votes were heard before: %s', (_who, members, voters) => {
    const { world, result } = changedMeanwhile({ threshold: 'unanimous' }, members);
    expect(result).toMatchObject({ outcome: 'commit', decision: { needed: voters.length } });
    const { votes } = (result as Decided).decision;
    expect(votes.map(({ voter, vote }) => [voter, vote])).toEqual(voters.map((voter) => [voter, 'yes']));
    if (voters.includes(0)) expect(world.votesOf(0)).toBe(2);
  });

  it.each<[rule: string, options: ProposeOptions, message: string]>([
    ['weights', { weights: [2, 1, 1] }, 'number of weights 3'],
    ['a system', { quorum: majority(3) }, 'voters of quorum 3'],
    ['a threshold', { threshold: 3 }, 'Cannot use threshold 3'],
    ['a veto', { vetoes: [2] }, 'Cannot use replica in vetoes 2'],
  ])('end with what is wrong where %s fit the members no more', (_rule, options, message) => {
    const { result } = changedMeanwhile(options, 0b01_1000);
    expect(result).toBeInstanceOf(Failure);
    const { error } = result as Failure;
    expect(error).toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
    expect(String(error)).toContain(message);
  });

  it('ask a system that their caller brings along no more than once about a set of voters', () => {
    let asked = 0;
    const quorum = {
      voters: 3,
      isQuorum: (mask: number): boolean => {
        asked++;
        return mask === 7;
      },
    };
    const { result } = changedMeanwhile({ quorum }, 0b11_1000);
    expect(result).toMatchObject({ outcome: 'commit' });
    expect(asked).toBe(8);
  });

  it('V7: ask again under a higher ballot where a vote is missing, so often and no more, and abort then', () => {
    const world = new TopicWorld({ seed: 5, replicas: 3, clients: 1 });
    world.propose(0, { threshold: 'unanimous', timeoutMs: 2000, retries: 2 }, { amount: 1, refusedBy: 0 });
    for (let turn = 0; world.results.length === 0 && turn < 1000; turn++) {
      world.deliver(/^C0>A[02]$|^A[02]>/);
      world.pass(10);
    }
    expect(world.results[0]?.result).toMatchObject({ outcome: 'abort', decision: { why: 'timeout', rounds: 3 } });
    expect([0, 1, 2].map((replica) => world.votesOf(replica))).toEqual([3, 0, 3]);
  });

  it('V9: are not decided by a vote that nobody has asked for: it is dropped, and counted', () => {
    const world = new TopicWorld({ seed: 5, replicas: 3, clients: 1 });
    expect(world.answerUnasked(0, 1, 1)).toBe(1);
    world.propose(0, { threshold: 2, timeoutMs: 2000 }, { amount: 1, refusedBy: 0b110 });
    expect([0, 1, 2].map((replica) => world.answerUnasked(0, replica, 1))).toEqual([2, 3, 4]);
    while (world.results.length === 0) world.step();
    expect(world.results[0]?.result).toMatchObject({ outcome: 'abort', decision: { why: 'refused' } });
  });

  it('go on where their proposer alone knows of the last decision, which it told in vain', () => {
    const world = playTellsAgain();
    world.heal();
    expect(world.applied).toEqual([2, 2, 2]);
    expect(() => playTellsAgain({ tellsAgain: false })).toThrow('What all agree to is not committed');
  });

  it('reach all voters though their proposer dies before it tells anybody, and nobody proposes after it', () => {
    const world = new TopicWorld({ seed: 7, replicas: 3, clients: 2 });
    world.silence(0);
    world.propose(0, { threshold: 'unanimous', timeoutMs: 100_000 }, { amount: 1, refusedBy: 0 });
    while (world.isAlive(0)) world.step();
    world.heal();
    expect(world.applied).toEqual([0, 0, 0]);
    world.sweep(1, 0);
    while (Math.min(...world.applied) === 0) world.step();
    world.heal();
    expect(world.applied).toEqual([1, 1, 1]);
    expect(world.commits).toBe(0); // Who proposed it was never told.
  });
});
