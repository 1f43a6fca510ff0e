import { expect, test } from 'vitest';
import { freePlaces, membersAfter } from '../../src/quorum/configuration.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';

const WHOLE = { members: 0b10110, quorums: registerQuorums({ replicas: 3 }) };
const SPREAD = { members: 0b11111, quorums: registerQuorums({ replicas: 3, threads: 5 }) };

test('the free places of a cluster are those whose threads are no members, in order', () => {
  expect(freePlaces(WHOLE, 7)).toEqual([0, 3, 5, 6]);
  expect(freePlaces(SPREAD, 5)).toEqual([]);
});

test.each([
  ['every member had a copy of each key, and has one', WHOLE, { added: [0, 3], removed: 0b10 }, 0b11101, 4, 4],
  ['a cluster of fewer copies than threads keeps their number', SPREAD, { added: [6], removed: 0 }, 0b1011111, 6, 3],
  ['the number of copies is what is asked for', SPREAD, { added: [], removed: 0b1, copies: 2 }, 0b11110, 4, 2],
  ['all may go: it is for the caller to refuse that', WHOLE, { added: [], removed: 0b10110 }, 0, 0, 0],
])('%s', (_name, before, { added, removed, copies }: Asked, members, threads, replicas) => {
  expect(membersAfter(before, added, { removed, copies })).toEqual({ members, threads, replicas });
});

interface Asked {
  readonly added: readonly number[];
  readonly removed: number;
  readonly copies?: number;
}
