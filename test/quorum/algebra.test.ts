// Every function of a quorum system against the definition: all subsets, one by one.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  among,
  and,
  choose,
  disjointQuorums,
  dual,
  hierarchical,
  majority,
  minimalQuorums,
  or,
  predicateOf,
  quorumSystem,
  smallestQuorum,
  weighted,
} from '../../src/quorum/index.ts';
import { popcount } from '../../src/base/bits.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { allMasks, anyPair, anySystemUpTo, setOf, slowIsQuorum, slowMinimal, slowQuorums } from './systems.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/quorum/algebra.test.ts', SEED);
const RUNS = { seed: SEED, numRuns: 300 };

describe('Any system', () => {
  it('Its table, its predicate and its data all say what the definition says', () => {
    fc.assert(
      fc.property(anySystemUpTo(7), (system) => {
        const isQuorum = predicateOf(system);
        const read = quorumSystem(JSON.parse(JSON.stringify(system)));
        for (const mask of allMasks(system.voters)) {
          const expected = slowIsQuorum(system, setOf(mask));
          expect([isQuorum(mask), system.isQuorum(mask), read.isQuorum(mask)], REPLAY).toEqual([
            expected,
            expected,
            expected,
          ]);
        }
      }),
      RUNS,
    );
  });

  it('Of more voters than a table has, predicates say what the definition says', () => {
    const masks = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 20, maxLength: 20 });
    const system = fc.integer({ min: 14, max: 31 }).chain((voters) => fc.tuple(anySystemUpTo(voters), masks));
    fc.assert(
      fc.property(system, ([large, some]) => {
        const isQuorum = predicateOf(large);
        for (const mask of some) expect(isQuorum(mask), REPLAY).toBe(slowIsQuorum(large, setOf(mask)));
      }),
      RUNS,
    );
  });

  it('A superset of a quorum is a quorum, everybody is one and nobody is none', () => {
    fc.assert(
      fc.property(anySystemUpTo(7), fc.nat({ max: 127 }), fc.nat({ max: 127 }), (system, some, more) => {
        expect(!system.isQuorum(some) || system.isQuorum(some | more), REPLAY).toBe(true);
        expect([system.isQuorum(0), system.isQuorum(2 ** system.voters - 1)], REPLAY).toEqual([false, true]);
      }),
      RUNS,
    );
  });

  it('Bits of voters that do not exist count for nothing', () => {
    fc.assert(
      fc.property(anySystemUpTo(5), fc.nat({ max: 31 }), (system, mask) => {
        const own = mask & (2 ** system.voters - 1);
        for (const isQuorum of [predicateOf(system), (each: number): boolean => system.isQuorum(each)]) {
          expect(isQuorum(mask | (-1 << system.voters)), REPLAY).toBe(isQuorum(own));
        }
      }),
      RUNS,
    );
  });

  it('Its minimal quorums are those of which no other is a part, and the smallest is the smallest of them', () => {
    fc.assert(
      fc.property(anySystemUpTo(7), (system) => {
        const minimal = slowMinimal(system);
        expect(minimalQuorums(system), REPLAY).toEqual(minimal);
        expect(smallestQuorum(system), REPLAY).toBe(Math.min(...minimal.map(popcount)));
      }),
      RUNS,
    );
  });

  it('Its dual is of all sets that meet every quorum, and the dual of that is the system again', () => {
    fc.assert(
      fc.property(anySystemUpTo(7), (system) => {
        const quorums = slowQuorums(system);
        const meeting = allMasks(system.voters).filter((mask) => quorums.every((quorum) => (quorum & mask) !== 0));
        expect(slowQuorums(dual(system)), REPLAY).toEqual(meeting);
        expect(slowQuorums(dual(dual(system))), REPLAY).toEqual(quorums);
        expect(disjointQuorums(system, dual(system)), REPLAY).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('Two of them have disjoint quorums exactly when two disjoint sets are found by trying all', () => {
    let apart = 0;
    fc.assert(
      fc.property(anyPair(7), ([left, right]) => {
        const found = disjointQuorums(left, right);
        const rights = slowQuorums(right);
        const areApart = slowQuorums(left).some((mask) => rights.some((other) => (mask & other) === 0));
        expect(found !== undefined, REPLAY).toBe(areApart);
        if (found === undefined) return;
        apart++;
        expect(found.left & found.right, REPLAY).toBe(0);
        if (left.kind === 'threshold' && right.kind === 'threshold') return;
        expect([slowMinimal(left), slowMinimal(right)], REPLAY).toEqual([
          expect.arrayContaining([found.left]),
          expect.arrayContaining([found.right]),
        ]);
      }),
      RUNS,
    );
    expect(apart, REPLAY).toBeGreaterThan(RUNS.numRuns / 20);
  });

  it('Once its data has crossed to another thread it is the same system, also without a predicate', () => {
    fc.assert(
      fc.property(anySystemUpTo(7), (system) => {
        const data = structuredClone(system);
        expect('isQuorum' in data, REPLAY).toBe(false);
        expect(minimalQuorums(data), REPLAY).toEqual(minimalQuorums(system));
        expect(slowQuorums(dual(data)), REPLAY).toEqual(slowQuorums(dual(system)));
        expect(JSON.stringify(quorumSystem(data)), REPLAY).toBe(JSON.stringify(system));
      }),
      RUNS,
    );
  });

  it('A predicate is made once per value', () => {
    const system = or(and(0, 1), 2);
    expect(predicateOf(system)).toBe(predicateOf(system));
    expect(predicateOf(structuredClone(system))).not.toBe(predicateOf(system));
  });
});

describe('Systems of 27 to 31 voters', () => {
  it('Thresholds as choices of voters are counted, compared and turned over', () => {
    const voters = Array.from({ length: 31 }, (_, voter) => voter);
    const [half, more] = [choose(15, voters), choose(16, voters)];
    expect([smallestQuorum(half), smallestQuorum(more), smallestQuorum(dual(more))]).toEqual([15, 16, 16]);
    expect(disjointQuorums(more, more)).toBeUndefined();
    const found = disjointQuorums(more, half)!;
    expect([popcount(found.left), popcount(found.right), found.left & found.right]).toEqual([16, 15, 0]);
    expect(() => minimalQuorums(more)).toThrow(
      expect.objectContaining({
        code: 'ERR_QUORATE_INVALID_ARGUMENT',
        message: 'Cannot list the minimal quorums of a system of 31 voters: there must be at most 65536',
      }),
    );
  });

  it('A hierarchy of three levels of three has 2187 quorums of 8, any two of which meet', () => {
    const system = hierarchical([3, 3, 3]);
    const minimal = minimalQuorums(system);
    expect([system.voters, minimal.length, new Set(minimal.map(popcount))]).toEqual([27, 2187, new Set([8])]);
    expect(disjointQuorums(system, system)).toBeUndefined();
    expect(disjointQuorums(system, majority(27))).toBeDefined();
  });

  it('Weights that tell almost all sets apart are refused rather than looked through for ever', () => {
    const weights = Array.from({ length: 31 }, (_, voter) => 2 ** (voter % 29) + 7 ** (voter % 10));
    const system = weighted(weights, Math.floor(weights.reduce((sum, weight) => sum + weight, 0) / 2));
    expect(() => smallestQuorum(system)).toThrow(
      'Cannot look through a quorum system of 31 voters: there must be at most 65536 cases',
    );
  });
});

describe('What is no system', () => {
  const deep = Array.from({ length: 17 }).reduce<number | ReturnType<typeof and>>(
    (system) => (typeof system === 'number' ? and(system) : { ...and(0), of: [system] }),
    0,
  );
  const wide = and(...Array.from({ length: 31 }, (_, voter) => voter));
  const own: { kind: 'choice'; voters: number; needed: number; of: unknown[] } = {
    kind: 'choice',
    voters: 1,
    needed: 1,
    of: [],
  };
  own.of.push(own);
  it.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'quorum system undefined: it must be an object'],
    ['a text', 'majority', "quorum system 'majority': it must be an object"],
    ['another kind', { kind: 'grid' }, "quorum system of kind 'grid': it must be one of threshold, weighted, choice"],
    ['no kind', {}, 'quorum system of kind undefined: it must be one of threshold, weighted, choice'],
    ['too many voters', { kind: 'threshold', voters: 32, needed: 2 }, 'voters 32'],
    ['nothing needed', { kind: 'threshold', voters: 3, needed: 0 }, 'quorum 0: it must be an integer from 1 to 3'],
    ['weights missing', { kind: 'weighted', voters: 3, needed: 1 }, 'weights undefined: it must be a list of integers'],
    ['a weight missing', { kind: 'weighted', voters: 3, needed: 1, weights: [1, 1] }, 'voters of weighted system 3'],
    ['no members', { kind: 'choice', voters: 3, needed: 1, of: [] }, '0 members: there must be at least 1'],
    ['no list', { kind: 'choice', voters: 3, needed: 1, of: 2 }, 'members 2: it must be a list of voters and quorum'],
    ['voter 31', { kind: 'choice', voters: 31, needed: 1, of: [31] }, 'voter 31: it must be an integer from 0 to 30'],
    ['voter 0.5', { kind: 'choice', voters: 31, needed: 1, of: [0.5] }, 'voter 0.5: it must be an integer'],
    ['a voter twice', { kind: 'choice', voters: 3, needed: 1, of: [2, 2] }, 'voter 2 twice: give it a weight'],
    ['voters missing', { kind: 'choice', voters: 2, needed: 1, of: [2] }, 'voters 2: it must be an integer from 3'],
    ['more than all', { kind: 'choice', voters: 2, needed: 3, of: [0, 1] }, 'quorum 3: it must be an integer from 1'],
    ['nested too deep', deep, 'members of members: nested at most 16 deep'],
    ['itself', own, 'members of members: nested at most 16 deep'],
    [
      'too many members',
      { kind: 'choice', voters: 31, needed: 1, of: Array.from({ length: 133 }, () => wide) },
      'members of members: at most 4096 of them in all',
    ],
  ])('%s is refused', (_, value, message) => {
    const error = expect.objectContaining({
      code: 'ERR_QUORATE_INVALID_ARGUMENT',
      message: expect.stringContaining(`Cannot use ${message}`),
    });
    expect(() => quorumSystem(value)).toThrow(error);
  });

  it.each([
    ['and of nothing', () => and()],
    ['or of a fraction', () => or(1.5)],
    ['two of one', () => choose(2, [0])],
    ['none of one', () => choose(0, [0])],
    ['a voter twice', () => choose(1, [0, 0])],
    ['fewer than there are', () => among(2, majority(3))],
  ])('%s is refused where it is made', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }));
  });
});
