import { describe, expect, it } from 'vitest';
import { disjointQuorums, dual, grid, hierarchical, minimalQuorums, smallestQuorum } from '../../src/quorum/index.ts';
import type { QuorumData } from '../../src/quorum/index.ts';
import { allMasks, setOf, slowIsQuorum } from './systems.ts';

/** By definition: the chance that those who are up hold a quorum, where each is down with probability `p`. */
function availability(system: QuorumData, p: number): number {
  return allMasks(system.voters).reduce((sum, mask) => {
    const up = setOf(mask);
    if (!slowIsQuorum(system, up)) return sum;
    return sum + (1 - p) ** up.size * p ** (system.voters - up.size);
  }, 0);
}

const SHAPES = [1, 2, 3, 4, 5].flatMap((rows) => [1, 2, 3, 4, 5].map((columns) => [rows, columns] as const));

describe('grid', () => {
  it.each(SHAPES)('Of %i rows and %i columns, reads meet writes and writes meet writes', (rows, columns) => {
    const { voters, reads, writes } = grid(rows, columns);
    expect(voters).toBe(rows * columns);
    expect(disjointQuorums(reads, writes)).toBeUndefined();
    expect(disjointQuorums(writes, writes)).toBeUndefined();
    expect([smallestQuorum(reads), smallestQuorum(writes), smallestQuorum(dual(reads))]).toEqual([
      columns,
      rows + columns - 1,
      rows,
    ]);
  });

  it.each([
    [2, 2],
    [2, 4],
    [3, 3],
  ] as const)(
    'Of %i rows and %i columns, a read is one of each column and a write a column besides',
    (rows, columns) => {
      const { reads, writes } = grid(rows, columns);
      const inColumn = (mask: number, column: number): number =>
        [...setOf(mask)].filter((voter) => voter % columns === column).length;
      const all = Array.from({ length: columns }, (_, column) => column);
      for (const mask of allMasks(rows * columns)) {
        const isCover = all.every((column) => inColumn(mask, column) > 0);
        const isFull = all.some((column) => inColumn(mask, column) === rows);
        expect([reads.isQuorum(mask), writes.isQuorum(mask), dual(reads).isQuorum(mask)]).toEqual([
          isCover,
          isCover && isFull,
          isFull,
        ]);
      }
    },
  );

  it('Two lines of three are as available as computed elsewhere', () => {
    const { reads } = grid(3, 2);
    expect(availability(dual(reads), 0.1)).toBeCloseTo(0.926559, 6);
    expect(availability(reads, 0.1)).toBeCloseTo(0.998001, 6);
  });

  it.each([
    [0, 3, 'Cannot use rows 0: it must be an integer from 1 to 31'],
    [3, 0, 'Cannot use columns 0: it must be an integer from 1 to 10'],
    [4, 8, 'Cannot use columns 8: it must be an integer from 1 to 7'],
    [2.5, 2, 'Cannot use rows 2.5: it must be an integer from 1 to 31'],
  ])('%d rows and %d columns are refused', (rows, columns, message) => {
    const code = 'ERR_QUORATE_INVALID_ARGUMENT';
    expect(() => grid(rows, columns)).toThrow(expect.objectContaining({ code, message }));
  });
});

describe('hierarchical', () => {
  it('Three groups of three are as available as the recurrence of Kumar says', () => {
    const groupFails = 3 * 0.1 ** 2 - 2 * 0.1 ** 3;
    const fails = 3 * groupFails ** 2 - 2 * groupFails ** 3;
    expect(availability(hierarchical([3]), 0.1)).toBeCloseTo(1 - groupFails, 12);
    expect(availability(hierarchical([3, 3]), 0.1)).toBeCloseTo(1 - fails, 12);
  });

  it('Three groups of three have 27 quorums of four, any two of which meet', () => {
    const system = hierarchical([3, 3]);
    expect([minimalQuorums(system).length, smallestQuorum(system)]).toEqual([27, 4]);
    expect(disjointQuorums(system, system)).toBeUndefined();
    expect(dual(system)).toEqual(system);
  });

  it('Two levels of 1 of 3 and 3 of 3 are each other turned over, level by level', () => {
    const reads = hierarchical([
      { of: 3, needed: 1 },
      { of: 3, needed: 3 },
    ]);
    const writes = hierarchical([
      { of: 3, needed: 3 },
      { of: 3, needed: 1 },
    ]);
    expect(dual(reads)).toEqual(writes);
    expect([smallestQuorum(reads), smallestQuorum(writes)]).toEqual([3, 3]);
  });

  it.each([
    ['no levels', [], 'number of levels 0'],
    ['too many voters', [4, 8], 'a hierarchy of 32 voters: there must be at most 31'],
    ['a level of nothing', [3, 0], 'groups of a level 0'],
    ['more than there are', [{ of: 3, needed: 4 }], 'groups needed 4: it must be an integer from 1 to 3'],
  ])('%s: refused', (_, levels, message) => {
    expect(() => hierarchical(levels)).toThrow(`Cannot use ${message}`);
  });
});
