import { describe, expect, it } from 'vitest';
import { lowestBits } from '../../src/base/bits.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Configuration, Membership } from '../../src/quorum/configuration.ts';
import { dual, grid, registerQuorums, weighted } from '../../src/quorum/index.ts';
import { Electorate } from '../../src/replica/electorate.ts';
import type { Purpose } from '../../src/replica/electorate.ts';

const OLD: Membership = { members: 0b0111, quorums: registerQuorums({ replicas: 3 }) };
const GROWN: Membership = { members: 0b1_1111, quorums: registerQuorums({ replicas: 5 }) };
const REPLACED: Membership = { members: 0b1101, quorums: registerQuorums({ replicas: 3 }) };
const SPREAD: Membership = { members: 0b111_1111, quorums: registerQuorums({ replicas: 3, threads: 7 }) };

function electorate(phase: Configuration['phase'], current: Membership, next?: Membership): Electorate {
  return new Electorate({ number: 7, phase, current, ...(next && { next }) });
}

describe('Votes under one membership', () => {
  it.each<[purpose: Purpose, votes: number, isMet: boolean]>([
    ['write', 0b0011, true],
    ['write', 0b0001, false],
    ['write', 0b1001, false],
    ['read', 0b0110, true],
    ['prepare', 0b0100, false],
    ['agreeing', 0b0101, true],
  ])('decide a %s with %i: %s', (purpose, votes, isMet) => {
    expect(electorate('stable', OLD).isMet(purpose, votes, 0, 2)).toBe(isMet);
    expect(electorate('learning', OLD, GROWN).isMet(purpose, votes, 0, 2)).toBe(isMet);
  });

  it('of members whose numbers have gaps count as those of others do', () => {
    expect(electorate('stable', REPLACED).isMet('write', 0b1100, 0, 2)).toBe(true);
    expect(electorate('stable', REPLACED).isMet('write', 0b0110, 0, 2)).toBe(false);
  });
});

describe('Votes while members change', () => {
  it.each([
    [0b00111, 'of all old members alone', true], // Three of five, and three of three.
    [0b00011, 'of a majority of the old members alone', false],
    [0b11100, 'of a majority of the new members, with one old one', false],
    [0b11110, 'of majorities of both', true],
  ])('%i, %s, decide a write: %o', (votes, _who, isMet) => {
    expect(electorate('joint', OLD, GROWN).isMet('write', votes, 0, 3)).toBe(isMet);
  });

  it('below the quorum need only be as many on each side', () => {
    const joint = electorate('joint', OLD, REPLACED);
    expect(joint.isMet('write', 0b0001, 0, 1)).toBe(true);
    expect(joint.isMet('write', 0b0010, 0, 1)).toBe(false);
    expect(joint.isMet('write', 0b1010, 0, 1)).toBe(true);
  });

  it('at all need all of both', () => {
    const joint = electorate('joint', OLD, GROWN);
    expect(joint.isMet('write', 0b0_1111, 0, 5)).toBe(false);
    expect(joint.isMet('write', 0b1_1111, 0, 5)).toBe(true);
  });
});

describe('A thread without memory', () => {
  it.each([
    ['stable', 0, 0b0110, true],
    ['stable', 0, 0b0100, false],
    ['learning', 3, 0b0110, true],
    ['learning', 3, 0b0010, false],
    ['joint', 0, 0b0110, false],
    ['joint', 0, 0b1110, true],
    ['joint', 4, 0b0111, true],
    ['joint', 4, 0b0011, false],
  ] as const)('in a %s configuration, number %i, may take part having heard %i: %s', (phase, self, heard, may) => {
    expect(electorate(phase, OLD, GROWN).mayRecover(self, heard, RULES)).toBe(may);
  });

  it('is one too many where the old side cannot recover: it knows what both have decided', () => {
    const joint = electorate('joint', OLD, GROWN);
    expect(joint.isLost(0b0_0001)).toBe(false);
    expect(joint.isLost(0b0_0011)).toBe(true);
    expect(joint.isLost(0b1_1000)).toBe(false);
    expect(joint.isLost(0b1_1100)).toBe(false);
  });
});

describe('What the old members had decided', () => {
  it.each([
    [0b0_0111, true], // The old ones alone are a write quorum of the new ones too.
    [0b1_1001, false],
    [0b1_1011, true],
    [0b1_1000, false],
  ])('is known to the new ones once %i were compared: %s', (compared, isCovered) => {
    expect(electorate('joint', OLD, GROWN).isCoveredBy(compared)).toBe(isCovered);
  });

  it('is known of every range of keys, where keys are spread', () => {
    const wider = { members: 0b1111_1111, quorums: registerQuorums({ replicas: 3, threads: 8 }) };
    const joint = electorate('joint', SPREAD, wider);
    expect(joint.isCoveredBy(0b1111_1111)).toBe(true);
    expect(joint.isCoveredBy(0b0111_1111)).toBe(true);
    expect(joint.isCoveredBy(0b0011_1111)).toBe(false);
  });
});

describe('The keys of a thread', () => {
  it('are those that it has, and those that it is about to have', () => {
    const learning = electorate('learning', OLD, GROWN);
    expect([0, 3, 4, 5].map((thread) => learning.keeps(thread, 0))).toEqual([true, true, true, false]);
    expect(learning.homesOf(0)).toBe(lowestBits(3));
    expect(electorate('joint', OLD, GROWN).homesOf(0)).toBe(lowestBits(5));
    expect(electorate('stable', GROWN).homesOf(0)).toBe(lowestBits(5));
  });
});

describe('A read by a system', () => {
  const { reads, writes } = grid(2, 2);

  it.each([
    ['whose writes need not meet', { read: reads, write: dual(reads) }, 0b1111, [0b0111, 0b1011, 0b1101, 0b1110]],
    ['whose writes meet', { read: reads, write: writes }, 0b1111, [0b0111, 0b1011, 0b1101, 0b1110]],
    ['of weights', { write: weighted([3, 1, 1, 1], 4) }, 0b1111, [0b0011, 0b0101, 0b1001]],
    ['with gaps', { write: weighted([3, 1, 1, 1], 4) }, 0b11_0110, [0b00_0110, 0b01_0010, 0b10_0010]],
  ] as const)('%s asks one of the smallest quorums that may agree', (_system, quorum, members, expected) => {
    const one = electorate('stable', { members, quorums: registerQuorums({ replicas: 4, quorum }) });
    expect(one.isSystem).toBe(true);
    expect(one.smallestReads.toSorted((left, right) => left - right)).toEqual(expected);
  });
});

describe('What some threads know', () => {
  const { reads, writes } = grid(2, 2);
  const GRID: Membership = {
    members: 0b1_0111,
    quorums: registerQuorums({ replicas: 4, quorum: { read: reads, write: writes } }),
  };

  it.each([
    ['of a majority', electorate('stable', OLD), 0b011, true],
    ['of one', electorate('stable', OLD), 0b100, false],
    ['of a majority of one side', electorate('joint', OLD, REPLACED), 0b0011, false],
    ['of majorities of both sides', electorate('joint', OLD, REPLACED), 0b0101, true],
    ['of W where keys are spread', electorate('stable', SPREAD), 0b100_0001, true],
    ['of no column', electorate('stable', GRID), 0b0_0011, false],
    ['of a column and one of the other, by position', electorate('stable', GRID), 0b0_0111, true],
  ])('%s is known to whoever recovers: %#', (_who, who, threads, isKnown) => {
    expect(who.isKnownTo(threads)).toBe(isKnown);
  });

  it.each([
    ['a majority', electorate('stable', OLD), 0b011, 2, true],
    ['majorities of one side', electorate('joint', OLD, REPLACED), 0b0011, 2, false],
    ['one of each row', electorate('stable', GRID), 0b0_0101, 2, false],
    ['one of each column', electorate('stable', GRID), 0b0_0011, 2, true],
    ['5 of 7', electorate('stable', SPREAD), 0b001_1111, 2, false],
    ['6 of 7', electorate('stable', SPREAD), 0b011_1111, 2, true],
  ])('heard from %s is a read of every key, or is none: %#', (_who, who, threads, needed, isMet) => {
    expect(who.isMetOnAll('read', threads, needed)).toBe(isMet);
  });
});
