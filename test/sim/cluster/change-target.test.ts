// What planned changes of members come to.
import { describe, expect, it } from 'vitest';
import type { Membership } from '../../../src/quorum/configuration.ts';
import { choose, grid, registerQuorums } from '../../../src/quorum/index.ts';
import type { RegisterSystemOptions } from '../../../src/quorum/index.ts';
import { changeTarget } from '../../../src/sim/cluster/change-target.ts';
import type { PlannedChange } from '../../../src/sim/cluster/change-target.ts';

const { reads, writes } = grid(2, 2);
const GRID: RegisterSystemOptions = { read: reads, write: writes };
const THREE: Membership = { members: 0b111, quorums: registerQuorums({ replicas: 3 }) };
const FOUR: Membership = { members: 0b1111, quorums: registerQuorums({ replicas: 4, quorum: GRID }) };
const PLACES = 6;

type Asked = Partial<PlannedChange>;

function target(current: Membership, asked: Asked): Membership | undefined {
  return changeTarget({ number: 1, phase: 'stable', current }, { add: 0, remove: 0, ...asked }, PLACES);
}

describe('A change to a system has as many members as that has voters', () => {
  it.each<[title: string, before: Membership, asked: Asked, members: number]>([
    ['free places are added', THREE, { quorum: GRID }, 0b1111],
    ['who is removed is made up for', THREE, { quorum: GRID, remove: 0b11 }, 0b111100],
    ['who is removed comes back where nobody else is there', THREE, { quorum: GRID, remove: 0b111 }, 0b111001],
    ['the last ones leave', FOUR, { quorum: { write: choose(2, 3) } }, 0b111],
  ])('%s', (_, before, asked, members) => {
    const found = target(before, asked);
    expect(found?.members).toBe(members);
    const { write = reads } = asked.quorum!;
    expect(found?.quorums.systems?.write).toEqual(write);
  });

  it('and does not happen where there are no such places, or it is not sound', () => {
    expect(target(THREE, { quorum: { write: choose(5, 8) } })).toBeUndefined();
    expect(target(THREE, { quorum: { read: choose(2, 4), write: choose(2, 4) } })).toBeUndefined();
  });
});

describe('A change without one keeps the system', () => {
  it.each<[title: string, asked: Asked, isKept: boolean]>([
    ['while as many replace who leaves', { add: 1, remove: 0b10 }, true],
    ['but not of more members', { add: 1 }, false],
    ['nor where it names sizes', { writeMore: 1 }, false],
    ['nor copies', { copies: 3 }, false],
  ])('%s', (_, asked, isKept) => {
    expect(target(FOUR, asked)?.quorums.systems !== undefined).toBe(isKept);
  });
});
