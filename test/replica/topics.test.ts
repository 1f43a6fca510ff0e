// Ballots under faults: random schedules in which voters die and recover, proposers die on their way, and proposals
// exclude each other. What must hold is looked at after every step (topic-world.ts).
import { describe, expect, it } from 'vitest';
import { replayCommand, testSeed } from '../support/seed.ts';
import { playTopics } from './topic-schedule.ts';
import { TopicWorld } from './topic-world.ts';

const RUNS = Number(process.env['QUORATE_BALLOTS'] ?? 60);

describe('Ballots', () => {
  it('keep what they promise in random schedules', () => {
    const seed = testSeed();
    const sums = { commits: 0, aborts: 0, undecided: 0 };
    for (let run = 0; run < RUNS; run++) {
      try {
        const { commits, aborts, undecided } = playTopics(seed + run);
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
  }, 60_000);

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
