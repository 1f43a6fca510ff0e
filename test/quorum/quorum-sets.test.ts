import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowestBits, popcount } from '../../src/base/bits.ts';
import { seededRandom } from '../../src/base/random.ts';
import { choose, dual, grid, hierarchical, registerQuorums, weighted } from '../../src/quorum/index.ts';
import type { QuorumSystem, RegisterQuorums } from '../../src/quorum/index.ts';
import { quorumSets } from '../../src/quorum/quorum-sets.ts';
import type { QuorumSets } from '../../src/quorum/quorum-sets.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { allMasks, anySystem, slowQuorums } from './systems.ts';
import { forgotten } from './memory-model.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/quorum/quorum-sets.test.ts', SEED);

/** What is refused is `undefined`: another test says what. */
function quorumsOf(options: Parameters<typeof registerQuorums>[0]): RegisterQuorums | undefined {
  try {
    return registerQuorums(options);
  } catch {
    return undefined;
  }
}

/** Every allowed register of `replicas` replicas, by its sizes. */
function allSized(replicas: number): readonly RegisterQuorums[] {
  const sizes = Array.from({ length: replicas }, (_, size) => size + 1);
  return sizes.flatMap((read) =>
    sizes.flatMap((write) => sizes.flatMap((prepare) => quorumsOf({ replicas, read, write, prepare }) ?? [])),
  );
}

/** The same register, by systems. */
function inSystems({ replicas, read, write, prepare }: RegisterQuorums): RegisterQuorums {
  const quorum = {
    read: choose(read, replicas),
    write: choose(write, replicas),
    prepare: choose(prepare, replicas),
  };
  return registerQuorums({ replicas, quorum });
}

/** A register of 2 to 6 replicas by any systems that are allowed: two of three are given, or all. */
const anyRegister = fc
  .integer({ min: 2, max: 6 })
  .chain((replicas) => {
    const system = anySystem(replicas);
    const either = fc.record({ write: system }).map(({ write }) => ({ write }));
    const both = fc.tuple(system, system).map(([read, other]) => ({ read, write: dual(read), prepare: other }));
    const quorum: fc.Arbitrary<{ write: QuorumSystem }> = fc.oneof(either, both);
    return quorum.map((given) => quorumsOf({ replicas, quorum: given }));
  })
  .filter((quorums) => quorums !== undefined);

describe('quorumSets of sizes', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'Of %i replicas and all allowed R, W and P, sizes are all that counts',
    (replicas) => {
      for (const quorums of allSized(replicas)) {
        const sets = quorumSets(quorums);
        const { read, write, prepare, agreeing, recoverFrom, downMax, cachesPromises } = quorums;
        expect(sets.fewest).toEqual({ read, write, prepare, agreeing });
        expect(sets.cachesPromises).toBe(cachesPromises);
        for (const mask of allMasks(replicas)) {
          const size = popcount(mask);
          const said = [
            sets.isRead(mask),
            sets.isWrite(mask),
            sets.isPrepare(mask),
            sets.isAgreeing(mask),
            sets.isLost(mask),
          ];
          const sizes = [size >= read, size >= write, size >= prepare, size >= agreeing, size > downMax];
          const self = mask % replicas;
          const mayRecover = popcount(mask & ~(1 << self)) >= recoverFrom;
          if (said.join() === sizes.join() && sets.mayRecover(self, mask) === mayRecover) continue;
          expect({ mask, said, recovers: sets.mayRecover(self, mask) }, JSON.stringify(quorums)).toEqual({
            mask,
            said: sizes,
            recovers: mayRecover,
          });
        }
      }
    },
  );

  it('Of more threads than copies, the homes of a register alone count', () => {
    const sets = quorumSets(registerQuorums({ replicas: 5, threads: 9 }));
    expect([sets.mayRecover(0, 0b01110), sets.mayRecover(0, 0b00111), sets.mayRecover(0, 0b0110_0110)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([sets.isLost(0b00011), sets.isLost(0b00111), sets.isLost(0b1110_0000_0011)]).toEqual([false, true, false]);
  });
});

describe('quorumSets of systems', () => {
  it('Thresholds as systems are the same register as their sizes, for all N to 6 and all allowed R, W and P', () => {
    for (const quorums of [1, 2, 3, 4, 5, 6].flatMap(allSized)) {
      const { systems, ...sizes } = inSystems(quorums);
      expect(systems).toBeDefined();
      expect(sizes).toEqual(quorums);
      expect(answersOf(quorumSets({ ...sizes, systems: systems! }))).toEqual(answersOf(quorumSets(quorums)));
    }
  });

  it('The sizes of a register are those of its smallest quorums, and hold whichever replicas they are', () => {
    fc.assert(
      fc.property(anyRegister, (quorums) => {
        const sets = quorumSets(quorums);
        const smallest = (isIn: (mask: number) => boolean): number =>
          Math.min(...allMasks(quorums.replicas).filter(isIn).map(popcount));
        expect([sets.fewest, sets.cachesPromises], REPLAY).toEqual([
          {
            read: smallest((mask) => sets.isRead(mask)),
            write: smallest((mask) => sets.isWrite(mask)),
            prepare: smallest((mask) => sets.isPrepare(mask)),
            agreeing: smallest((mask) => sets.isAgreeing(mask)),
          },
          quorums.cachesPromises,
        ]);
        expect(
          smallest((mask) => sets.isLost(mask)),
          REPLAY,
        ).toBe(quorums.downMax + 1);
        expect(quorums.recoverFrom, REPLAY).toBe(quorums.replicas - quorums.downMax);
        for (const mask of allMasks(quorums.replicas)) {
          for (let self = 0; self < quorums.replicas; self++) {
            const isEnough = popcount(mask & ~(1 << self)) >= quorums.recoverFrom;
            expect(!isEnough || sets.mayRecover(self, mask), REPLAY).toBe(true);
          }
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('Reads and prepares meet writes, and an agreeing set meets all that a later operation may ask', () => {
    fc.assert(
      fc.property(anyRegister, (quorums) => {
        const { read, write, prepare } = quorums.systems!;
        const [reads, writes, prepares] = [slowQuorums(read), slowQuorums(write), slowQuorums(prepare)];
        expect(
          [...reads, ...prepares].every((mask) => writes.every((other) => (mask & other) !== 0)),
          REPLAY,
        ).toBe(true);
        const doMeet = writes.every((mask) => writes.every((other) => (mask & other) !== 0));
        expect(quorums.cachesPromises, REPLAY).toBe(doMeet);
        const met = [...reads, ...prepares, ...(doMeet ? writes : [])];
        const sets = quorumSets(quorums);
        for (const mask of allMasks(quorums.replicas)) {
          const isAgreeing = popcount(mask) > 1 && met.every((other) => (mask & other) !== 0);
          expect(sets.isAgreeing(mask), REPLAY).toBe(isAgreeing);
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('Who takes part again has heard somebody of every quorum that it may have been part of', () => {
    fc.assert(
      fc.property(anyRegister, (quorums) => {
        const sets = quorumSets(quorums);
        const all = allMasks(quorums.replicas);
        const decided = all.filter((mask) => sets.isWrite(mask) || sets.isPrepare(mask) || sets.isAgreeing(mask));
        for (const heard of all) {
          expect(sets.isLost(heard), REPLAY).toBe(decided.some((mask) => (mask & ~heard) === 0));
          for (let self = 0; self < quorums.replicas; self++) {
            const others = heard & ~(1 << self);
            const isHeard = decided.every((mask) => ((mask >>> self) & 1) === 0 || (mask & others) !== 0);
            expect(sets.mayRecover(self, heard), REPLAY).toBe(isHeard);
          }
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('What a quorum knows outlives the memory of its replicas, which recover, until the state is lost', () => {
    const random = seededRandom(SEED);
    for (const quorums of fc.sample(anyRegister, { seed: SEED, numRuns: 300 })) {
      expect(forgotten(quorums, quorumSets(quorums), random), `${JSON.stringify(quorums)} ${REPLAY}`).toBeUndefined();
    }
  });

  it.each<readonly [string, (sets: QuorumSets) => Partial<QuorumSets>]>([
    ['a replica recovers from anybody', () => ({ mayRecover: (self, heard) => (heard & ~(1 << self)) !== 0 })],
    [
      'a replica counts as heard by itself',
      (sets) => ({ mayRecover: (self, heard) => !sets.isLost(~(heard | (1 << self))) }),
    ],
    ['a lost state is not noticed', () => ({ isLost: () => false, mayRecover: () => true })],
    ['one replica agrees with itself', () => ({ isAgreeing: (mask) => mask !== 0 })],
  ])('Negative control: where %s, something is forgotten', (_, broken) => {
    const random = seededRandom(1);
    const found = fc.sample(anyRegister, { seed: 1, numRuns: 300 }).find((quorums) => {
      const sets = quorumSets(quorums);
      return forgotten(quorums, { ...sets, ...broken(sets) }, random) !== undefined;
    });
    expect(found).toBeDefined();
  });

  it('Masks of replicas that do not exist count for nothing', () => {
    const sets = quorumSets(registerQuorums({ replicas: 4, quorum: { read: grid(2, 2).reads } }));
    const beyond = 0x7fff_0000;
    for (const mask of allMasks(4)) {
      expect([sets.isRead(mask | beyond), sets.isLost(mask | beyond), sets.mayRecover(0, mask | beyond)]).toEqual([
        sets.isRead(mask),
        sets.isLost(mask),
        sets.mayRecover(0, mask),
      ]);
    }
  });
});

/** Everything that the sets say, of all masks. */
function answersOf(sets: QuorumSets): unknown {
  const masks = allMasks(6);
  const of = (is: (mask: number) => boolean): string => masks.map((mask) => (is(mask) ? '1' : '0')).join('');
  return {
    read: of((mask) => sets.isRead(mask)),
    write: of((mask) => sets.isWrite(mask)),
    prepare: of((mask) => sets.isPrepare(mask)),
    agreeing: of((mask) => sets.isAgreeing(mask)),
    lost: of((mask) => sets.isLost(mask)),
    recovers: of((mask) => sets.mayRecover(0, mask)),
    fewest: sets.fewest,
    cachesPromises: sets.cachesPromises,
  };
}

describe('registerQuorums of systems', () => {
  // N, R, W, P, S, M and downMax.
  it.each<readonly [string, Parameters<typeof registerQuorums>[0], readonly number[]]>([
    ['a grid', { replicas: 9, quorum: { read: grid(3, 3).reads, write: grid(3, 3).writes } }, [9, 3, 5, 5, 5, 5, 4]],
    ['columns', { replicas: 9, quorum: { read: grid(3, 3).reads } }, [9, 3, 3, 3, 3, 7, 2]],
    ['a hierarchy', { replicas: 9, quorum: { write: hierarchical([3, 3]) } }, [9, 4, 4, 4, 4, 6, 3]],
    ['weights', { replicas: 4, quorum: { write: weighted([3, 1, 1, 1], 4) } }, [4, 1, 2, 2, 2, 3, 1]],
    ['one for reads, all for writes', { replicas: 5, quorum: { read: choose(1, 5) } }, [5, 1, 5, 3, 5, 3, 2]],
    ['one replica', { replicas: 1, quorum: { read: choose(1, 1) } }, [1, 1, 1, 1, 1, 1, 0]],
  ])('Of %s, N, R, W, P, S, M and downMax follow', (_, options, expected) => {
    const { replicas, read, write, prepare, agreeing, recoverFrom, downMax } = registerQuorums(options);
    expect([replicas, read, write, prepare, agreeing, recoverFrom, downMax]).toEqual(expected);
  });

  it('It is plain data, and of data that came from elsewhere it is the same', () => {
    const { reads, writes } = grid(2, 3);
    const quorums = registerQuorums({ replicas: 6, quorum: { read: reads, write: writes } });
    expect(structuredClone(quorums)).toEqual(quorums);
    const text = JSON.stringify(quorums);
    const quorum = (JSON.parse(text) as RegisterQuorums).systems!;
    expect(JSON.stringify(registerQuorums({ replicas: 6, quorum }))).toBe(text);
    expect(answersOf(quorumSets(structuredClone(quorums)))).toEqual(answersOf(quorumSets(quorums)));
  });

  const two = choose(2, 4);
  it.each<readonly [string, Parameters<typeof registerQuorums>[0], string]>([
    [
      'reads that miss writes',
      { replicas: 4, quorum: { read: two, write: two } },
      'read and write systems that do not always meet: a read at replicas 0 and 1 misses a write at replicas 2 and 3',
    ],
    [
      'rows that miss rows',
      { replicas: 4, quorum: { read: grid(2, 2).reads, write: grid(2, 2).reads } },
      'read and write systems that do not always meet: a read at replicas 0 and 1 misses a write at replicas 2 and 3',
    ],
    [
      'prepares that miss writes',
      { replicas: 4, quorum: { write: choose(3, 4), prepare: choose(1, 4) } },
      'prepare and write systems that do not always meet: a prepare at replica 0 misses a write at replicas 1, 2 and 3',
    ],
    [
      'a write at one replica',
      { replicas: 3, quorum: { write: weighted([3, 1, 1], 3) } },
      'a write quorum of replica 0 alone: a restarted replica would have to hear from itself; each must be of ' +
        'at least 2',
    ],
    [
      'a promise of one replica',
      { replicas: 3, quorum: { read: choose(1, 3), prepare: choose(1, 3) } },
      'a prepare quorum of replica 0 alone: a restarted replica would have to hear from itself; each must be of ' +
        'at least 2',
    ],
    [
      'sizes besides',
      { replicas: 4, read: 2, quorum: { write: two } },
      'read quorum 2 beside quorum: give one or the other',
    ],
    [
      'more threads than copies',
      { replicas: 4, threads: 6, quorum: { write: two } },
      'quorum with 6 threads and 4 copies: the homes of a register are its voters, so every thread must hold ' +
        'every register',
    ],
  ])('%s: a contradiction', (_, options, message) => {
    const code = 'ERR_QUORATE_CONFIGURATION';
    expect(() => registerQuorums(options)).toThrow(
      expect.objectContaining({ name: 'RangeError', code, message: `Cannot use ${message}` }),
    );
  });

  it.each<readonly [string, Parameters<typeof registerQuorums>[0], string]>([
    ['no system', { replicas: 4, quorum: {} }, 'quorum without systems: it must have read or write'],
    ['prepares alone', { replicas: 4, quorum: { prepare: two } }, 'quorum without systems: it must have read or write'],
    ['other voters', { replicas: 5, quorum: { write: two } }, 'voters of quorum 4: it must be an integer from 5 to 5'],
    ['no object', { replicas: 5, quorum: 3 as never }, 'quorum 3: it must be an object'],
    ['a size', { replicas: 5, quorum: { read: 3 as never } }, 'quorum system 3: it must be an object'],
  ])('%s: refused', (_, options, message) => {
    const code = 'ERR_QUORATE_INVALID_ARGUMENT';
    expect(() => registerQuorums(options)).toThrow(expect.objectContaining({ code, message: `Cannot use ${message}` }));
  });

  it('Of 15 replicas every set is looked up', () => {
    const { reads, writes } = grid(3, 5);
    const sets = quorumSets(registerQuorums({ replicas: 15, quorum: { read: reads, write: writes } }));
    expect([sets.isRead(lowestBits(5)), sets.isWrite(lowestBits(5)), sets.isWrite(lowestBits(15))]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
