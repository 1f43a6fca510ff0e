import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, disjointQuorums, majority, readWrite, votersIn } from '../../src/quorum/index.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/quorum/quorum-system.test.ts', SEED);

/** Slow and obvious: a set of indices and its size. */
function slowIsQuorum(needed: number, voters: number, mask: number): boolean {
  const present = new Set<number>();
  for (let voter = 0; voter < voters; voter++) {
    if (Math.floor(mask / 2 ** voter) % 2 === 1) present.add(voter);
  }
  return present.size >= needed;
}

/** Slow and obvious: tries every pair of a set and what it leaves out. */
function slowAreDisjoint(leftNeeded: number, rightNeeded: number, voters: number): boolean {
  for (let mask = 0; mask < 2 ** voters; mask++) {
    const rest = 2 ** voters - 1 - mask;
    if (slowIsQuorum(leftNeeded, voters, mask) && slowIsQuorum(rightNeeded, voters, rest)) return true;
  }
  return false;
}

const threshold = fc
  .integer({ min: 1, max: 31 })
  .chain((voters) => fc.tuple(fc.integer({ min: 1, max: voters }), fc.constant(voters)));

describe('majority', () => {
  const table = [
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
    [8, 5],
    [9, 5],
    [30, 16],
    [31, 16],
  ] as const;
  it.each(table)('A majority of %i voters is %i', (voters, needed) => {
    expect(majority(voters).needed).toBe(needed);
  });

  it.each(Array.from({ length: 31 }, (_, index) => index + 1))(
    'Any two majorities of %i voters meet, and the largest minority is none',
    (voters) => {
      const system = majority(voters);
      expect(disjointQuorums(system, system)).toBeUndefined();
      expect(system.isQuorum(2 ** (system.needed - 1) - 1)).toBe(false);
      expect(system.isQuorum(2 ** system.needed - 1)).toBe(true);
      expect(system.isQuorum(2 ** voters - 1)).toBe(true);
    },
  );
});

describe('choose', () => {
  it('A threshold agrees with counting a set of indices, for every size up to 31 voters', () => {
    fc.assert(
      fc.property(threshold, fc.integer({ min: 0, max: 2 ** 31 - 1 }), ([needed, voters], mask) => {
        expect(choose(needed, voters).isQuorum(mask), REPLAY).toBe(slowIsQuorum(needed, voters, mask));
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it('A superset of a quorum is a quorum', () => {
    const mask = fc.integer({ min: 0, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(threshold, mask, mask, ([needed, voters], some, more) => {
        const system = choose(needed, voters);
        expect(!system.isQuorum(some) || system.isQuorum(some | more), REPLAY).toBe(true);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it('Voters that do not exist count for nothing', () => {
    expect(choose(2, 3).isQuorum(0b1111_1001)).toBe(false);
    expect(choose(1, 3).isQuorum(-8)).toBe(false);
  });

  it.each([
    [0, 3, 'Cannot use quorum 0: it must be an integer from 1 to 3'],
    [4, 3, 'Cannot use quorum 4: it must be an integer from 1 to 3'],
    [1.5, 3, 'Cannot use quorum 1.5: it must be an integer from 1 to 3'],
    [1, 0, 'Cannot use voters 0: it must be an integer from 1 to 31'],
    [1, 32, 'Cannot use voters 32: it must be an integer from 1 to 31'],
    [1, Number.NaN, 'Cannot use voters NaN: it must be an integer from 1 to 31'],
  ])('choose(%d, %d) is refused: %s', (needed, voters, message) => {
    const code = 'ERR_QUORATE_INVALID_ARGUMENT';
    expect(() => choose(needed, voters)).toThrow(expect.objectContaining({ name: 'RangeError', code, message }));
  });
});

describe('disjointQuorums', () => {
  it('It agrees with trying every set, for every pair of sizes up to 7 voters', () => {
    for (let voters = 1; voters <= 7; voters++) {
      for (let left = 1; left <= voters; left++) {
        for (let right = 1; right <= voters; right++) {
          const found = disjointQuorums(choose(left, voters), choose(right, voters)) !== undefined;
          expect(found, `${left} and ${right} of ${voters}`).toBe(slowAreDisjoint(left, right, voters));
        }
      }
    }
  });

  it('Its counterexample is a quorum of each system, with no voter in both', () => {
    const pair = threshold.chain(([left, voters]) =>
      fc.tuple(fc.constant(left), fc.integer({ min: 1, max: voters }), fc.constant(voters)),
    );
    fc.assert(
      fc.property(pair, ([leftNeeded, rightNeeded, voters]) => {
        const [left, right] = [choose(leftNeeded, voters), choose(rightNeeded, voters)];
        const found = disjointQuorums(left, right);
        expect(found === undefined, REPLAY).toBe(leftNeeded + rightNeeded > voters);
        if (found === undefined) return;
        expect(left.isQuorum(found.left) && right.isQuorum(found.right), REPLAY).toBe(true);
        expect(found.left & found.right, REPLAY).toBe(0);
        expect((found.left | found.right) >>> 0, REPLAY).toBeLessThan(2 ** voters);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it.each([2, 4, 6, 8, 30])(
    'Negative control: N/2 instead of N/2+1 of %i voters has two disjoint quorums',
    (voters) => {
      const half = choose(voters / 2, voters);
      const found = disjointQuorums(half, half);
      expect(found).toBeDefined();
      expect(found!.left + found!.right).toBe(2 ** voters - 1);
    },
  );

  it('Systems over different voters are refused', () => {
    expect(() => disjointQuorums(majority(3), majority(5))).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }),
    );
  });
});

describe('readWrite', () => {
  it('Its sides always meet exactly when R + W > N', () => {
    for (let voters = 1; voters <= 31; voters++) {
      for (let read = 1; read <= voters; read++) {
        for (let write = 1; write <= voters; write++) {
          const { reads, writes } = readWrite({ voters, read, write });
          expect(disjointQuorums(reads, writes) === undefined).toBe(read + write > voters);
        }
      }
    }
  });

  it.each([
    [{ voters: 5, read: 0, write: 3 }, 'read quorum 0'],
    [{ voters: 5, read: 3, write: 6 }, 'write quorum 6'],
    [{ voters: 40, read: 3, write: 6 }, 'voters 40'],
  ])('%j is refused, naming %s', (sizes, named) => {
    expect(() => readWrite(sizes)).toThrow(`Cannot use ${named}: it must be`);
  });
});

describe('votersIn', () => {
  it.each([
    [0, []],
    [0b1, [0]],
    [0b10110, [1, 2, 4]],
    [2 ** 30, [30]],
  ])('Mask %i holds voters %j', (mask, voters) => {
    expect(votersIn(mask)).toEqual(voters);
  });
});
