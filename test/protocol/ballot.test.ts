import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NO_BALLOT,
  ballotOf,
  compareBallots,
  copyBallot,
  isNone,
  laterBallot,
  mutableBallot,
  versionOf,
} from '../../src/protocol/ballot.ts';
import type { Ballot } from '../../src/protocol/ballot.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/protocol/ballot.test.ts', SEED);

/** Slow and obvious: the 64-bit number. */
const numberOf = ({ high, low }: Ballot): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
const ballotFrom = (tag: bigint): Ballot => ({ high: Number(tag >> 32n) | 0, low: Number(tag & 0xffff_ffffn) | 0 });

// Tags at the ends of the words are as likely as all others together. The counter never reaches 2^63.
const EDGES = [0n, 1n, 2n ** 31n - 2n, 2n ** 31n, 2n ** 32n - 2n, 2n ** 32n, 2n ** 53n - 2n, 2n ** 53n, 2n ** 63n - 1n];
const tag = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.constantFrom(...EDGES));

describe('compareBallots', () => {
  it('It orders ballots as the 64-bit numbers they are', () => {
    fc.assert(
      fc.property(tag, tag, (a, b) => {
        const order = Math.sign(compareBallots(ballotFrom(a), ballotFrom(b)));
        expect(order, REPLAY).toBe(a < b ? -1 : Number(a > b));
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });
});

describe('Negative controls: other orders of tags differ from that of the 64-bit numbers', () => {
  it.each<[string, (one: Ballot, other: Ballot) => number]>([
    ['by signed words', (one, other) => one.high - other.high || one.low - other.low],
    ['by the lower word', (one, other) => (one.low >>> 0) - (other.low >>> 0)],
    ['by numbers of 53 bits', (one, other) => Number(numberOf(one)) - Number(numberOf(other))],
  ])('%s', (_order, compare) => {
    const tags = EDGES.flatMap((edge) => (edge < EDGES.at(-1)! ? [edge, edge + 1n] : [edge]));
    const wrongIn = (order: typeof compare): number =>
      tags.filter((a) => tags.some((b) => a < b && order(ballotFrom(a), ballotFrom(b)) >= 0)).length;
    expect(wrongIn(compare)).toBeGreaterThan(0);
    expect(wrongIn(compareBallots)).toBe(0);
  });
});

describe('laterBallot', () => {
  it.each([2n ** 31n - 2n, 2n ** 32n - 2n, 2n ** 53n - 2n])('It counts on from %i without a gap', (start) => {
    for (let steps = 0; steps < 8; steps++) {
      expect(numberOf(laterBallot(ballotFrom(start), steps))).toBe(start + BigInt(steps));
    }
  });

  it('It adds as 64-bit numbers do', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), fc.integer({ min: 0, max: 2 ** 31 - 1 }), (start, steps) => {
        expect(numberOf(laterBallot(ballotFrom(start), steps)), REPLAY).toBe(start + BigInt(steps));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

describe('versionOf', () => {
  it('The order of versions as strings is the order of ballots', () => {
    fc.assert(
      fc.property(tag, tag, (a, b) => {
        const [one, two] = [versionOf(ballotFrom(a)), versionOf(ballotFrom(b))];
        expect(one < two, REPLAY).toBe(a < b);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it('ballotOf reads what versionOf wrote', () => {
    fc.assert(
      fc.property(tag, (value) => {
        expect(ballotOf(versionOf(ballotFrom(value))), REPLAY).toEqual(ballotFrom(value));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it.each(['', '0', '000000000000000g', '0000000000000001 ', '00000000000000001', '000000000000000A'])(
    '%j is no version',
    (text) => {
      expect(ballotOf(text)).toBeUndefined();
    },
  );
});

describe('No ballot', () => {
  it('It is below every tag, and a fresh ballot is none', () => {
    expect(isNone(NO_BALLOT) && isNone(mutableBallot())).toBe(true);
    expect(compareBallots(NO_BALLOT, ballotFrom(1n))).toBeLessThan(0);
    expect(isNone(ballotFrom(2n ** 32n))).toBe(false);
  });

  it('A copied ballot equals its source and stays when the source moves on', () => {
    const source = { high: 1, low: -1 };
    const target = mutableBallot();
    copyBallot(target, source);
    source.low = 7;
    expect(target).toEqual({ high: 1, low: -1 });
  });
});
