import { describe, expect, it } from 'vitest';
import { grid, minimalQuorums } from '../../src/quorum/index.ts';
import { ReaderChoice } from '../../src/replica/reader-choice.ts';
import type { Health } from '../../src/replica/reader-choice.ts';
import { CapturingLink } from './network.ts';

const REPLICAS = 5;
const ALL = 2 ** REPLICAS - 1;
const READS = 200_000;
const BATCH = 64;

interface Fleet {
  readonly unreadBytes?: readonly number[];
  readonly epochs?: readonly number[];
  readonly health?: readonly Health[];
}

function choiceOf({ unreadBytes = [], epochs = [], health = [] }: Fleet, isOfQuorum: boolean, turn = 0): ReaderChoice {
  const links = Array.from({ length: REPLICAS }, (_, replica) => {
    return Object.assign(new CapturingLink(() => {}), { usedBytes: unreadBytes[replica] ?? 0 });
  });
  const ofEpochs = {
    epochOf: (replica: number) => epochs[replica] ?? 1,
    restarts: () => 0,
    isOperational: () => true,
  };
  return new ReaderChoice({ links, epochs: ofEpochs, healthOf: (replica) => health[replica] ?? 0 }, isOfQuorum, turn);
}

/** Shares of the reads that each replica gets. */
function sharesOf(choice: ReaderChoice, count: number): number[] {
  const reads = Array.from({ length: REPLICAS }, () => 0);
  for (let read = 0; read < READS; read++) {
    if (read % BATCH === 0) choice.refresh();
    const chosen = choice.next(count, ALL, 0);
    for (let replica = 0; replica < REPLICAS; replica++) reads[replica]! += (chosen >>> replica) & 1;
  }
  return reads.map((each) => each / READS);
}

describe('Reads', () => {
  it.each([
    ['below the quorum', 1, false],
    ['at the quorum', 3, true],
  ] as const)('%s, among equals, go to each replica as often, within a tenth', (_, count, isOfQuorum) => {
    const even = count / REPLICAS;
    for (const share of sharesOf(choiceOf({}, isOfQuorum), count)) {
      expect(Math.abs(share - even)).toBeLessThanOrEqual(0.1 * even);
    }
  });

  it.each<readonly [Fleet, number, boolean, readonly number[], string]>([
    [{ unreadBytes: [0, 50_000] }, 1, false, [0, 2, 3, 4], 'a loaded replica gets none while others have less to do'],
    [{ unreadBytes: [9e5, 9e5, 5e4, 9e5, 9e5] }, 1, false, [2], 'where all are loaded, the least loaded gets them'],
    [{ unreadBytes: [100, 900, 3000, 0, 4000] }, 1, false, [0, 1, 2, 3, 4], 'less than a batch is no load'],
    [{ health: [0, 2, 0, 2, 0] }, 1, false, [0, 2, 4], 'a suspect or one that is down gets nothing'],
    [{ health: [0, 1, 2, 2, 2] }, 2, true, [0, 1], 'one on trial goes before those, where others are too few'],
    [{ epochs: [2, 1, 1, 3, 1] }, 3, true, [1, 2, 4], 'at the quorum those that restarted least go first'],
    [{ epochs: [2, 1, 1, 3, 1], unreadBytes: [0, 9e5, 9e5, 0, 9e5] }, 3, true, [1, 2, 4], '... also where loaded'],
    [{ epochs: [2, 1, 1, 3, 1] }, 1, false, [0, 1, 2, 3, 4], 'below the quorum restarts do not matter'],
    [{ epochs: [1, 1, 2, 2, 2] }, 3, true, [0, 1, 2, 3, 4], 'among those that restarted as often it goes round'],
  ])('of %j, %i a read (quorum: %s), go to %j: %s', (...[fleet, count, isOfQuorum, expected]) => {
    const shares = sharesOf(choiceOf(fleet, isOfQuorum), count);
    expect([...shares.keys()].filter((replica) => shares[replica]! > 0)).toEqual(expected);
  });

  it('of several clients begin at different replicas', () => {
    const first = [0, 1, 2, 7].map((turn) => choiceOf({}, false, turn).next(1, ALL, 0));
    expect(first).toEqual([1, 2, 4, 4]);
  });

  it('of keys with other homes ask those, the best first, and begin elsewhere for each', () => {
    const choice = choiceOf({ health: [0, 2, 0, 0, 0] }, true);
    expect([0, 2, 3].map((first) => choice.next(2, 0b01111, first))).toEqual([0b00101, 0b01100, 0b01001]);
    expect(choice.next(2, 0b10010, 0)).toBe(0b10010);
    expect(choice.next(3, 0b10010, 0)).toBe(0b10010); // There are no more.
  });

  const GRID = grid(2, 2);
  const SETS = minimalQuorums(GRID.reads); // {0, 1}, {1, 2}, {0, 3} and {2, 3}.

  it.each<readonly [Fleet, readonly number[], string]>([
    [{}, [0b0011, 0b0110, 0b1001, 0b1100], 'all in turn'],
    [{ health: [2] }, [0b0110, 0b1100], 'those without a member that is down'],
    [{ unreadBytes: [0, 9e5] }, [0b1001, 0b1100], 'the least burdened'],
    [{ epochs: [1, 1, 1, 2] }, [0b0011, 0b0110], 'those that restarted least'],
    [{ health: [2, 0, 2] }, [0b1111], 'all others where each has a member that is down'],
  ])('that choose among quorums ask, of %j, %j: %s', (fleet, expected) => {
    const choice = choiceOf(fleet, true);
    const chosen = new Set<number>();
    for (let read = 0; read < READS; read++) {
      if (read % BATCH === 0) choice.refresh();
      chosen.add(choice.nextOf(SETS, 0b1111));
    }
    expect([...chosen].toSorted((one, other) => one - other)).toEqual(expected);
  });

  it('of one batch ask the same replicas: each further one would have to be woken', () => {
    const choice = choiceOf({}, false);
    choice.refresh();
    const chosen = Array.from({ length: 10_000 }, () => choice.next(1, ALL, 0));
    expect(new Set(chosen).size).toBe(1);
  });
});
