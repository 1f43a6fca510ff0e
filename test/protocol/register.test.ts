import { describe, expect, it } from 'vitest';
import {
  emptyRegister,
  judgeAccept,
  judgePrepare,
  mayErase,
  mergeReport,
  promise,
  store,
} from '../../src/protocol/register.ts';
import type { Register } from '../../src/protocol/register.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';

const tag = (low: number): { high: number; low: number } => ({ high: 0, low });

/** A register that promised p and holds an entry of ballot b, voted for or inherited. */
function registerAt(p: number, b: number, isVoted = true): Register {
  return { promised: tag(p), accepted: tag(b), root: tag(b), isVoted };
}

/** A register that merged answers of (promised, accepted, root). */
function merged(reports: readonly (readonly [p: number, b: number, r: number])[], rules: Rules = RULES): Register {
  const register = emptyRegister();
  for (const [p, b, r] of reports) {
    mergeReport(register, { promised: tag(p), accepted: tag(b), root: tag(r) }, rules);
  }
  return register;
}

const plain = ({ promised, accepted, root, isVoted }: Register): readonly (number | boolean)[] => [
  promised.low,
  accepted.low,
  root.low,
  isVoted,
];

describe('judgeAccept', () => {
  it.each([
    // promised, accepted, voted, ballot
    [0, 0, true, 1, 'store'],
    [5, 3, true, 5, 'store'], // its own promise
    [5, 3, true, 6, 'store'],
    [5, 3, true, 4, 'refuse'], // below the promise
    [5, 5, true, 5, 'repeat'], // the same accept again
    [7, 5, true, 5, 'repeat'], // again, though a later prepare came: the vote was cast
    [7, 5, false, 5, 'refuse'], // inherited: this incarnation never voted for it
    [5, 5, false, 6, 'store'],
    [5, 5, true, 4, 'refuse'], // older than the entry
  ] as const)('Promised %i, accepted %i (voted: %s): accept(%i) is judged %s', (p, b, isVoted, ballot, verdict) => {
    expect(judgeAccept(registerAt(p, b, isVoted), tag(ballot), RULES)).toBe(verdict);
  });

  it('Negative control: without promises, an accept below the promise is stored', () => {
    const rules: Rules = { ...RULES, keepsPromises: false };
    expect(judgeAccept(registerAt(5, 3), tag(4), rules)).toBe('store');
  });
});

describe('judgePrepare', () => {
  it.each([
    [0, 0, 1, 'promise'],
    [5, 3, 6, 'promise'],
    [5, 3, 5, 'promise'], // the same proposer asks again
    [5, 3, 4, 'refuse'],
    [5, 5, 5, 'refuse'], // accepted already: nothing is left to prepare
    [5, 5, 6, 'promise'],
  ] as const)('Promised %i, accepted %i: prepare(%i) is judged %s', (p, b, ballot, verdict) => {
    expect(judgePrepare(registerAt(p, b), tag(ballot), RULES)).toBe(verdict);
  });
});

describe('store and promise', () => {
  it('A stored entry is voted for and raises the promise to its ballot', () => {
    const register = registerAt(2, 1, false);
    store(register, tag(4), tag(3));
    expect(plain(register)).toEqual([4, 4, 3, true]);
  });

  it('A stored entry does not lower a higher promise', () => {
    const register = registerAt(9, 1);
    store(register, tag(9), tag(3));
    expect(plain(register)).toEqual([9, 9, 3, true]);
  });

  it('A promise leaves the entry as it is', () => {
    const register = registerAt(2, 1);
    promise(register, tag(6), RULES);
    expect(plain(register)).toEqual([6, 1, 1, true]);
  });
});

describe('mayErase', () => {
  it.each([
    // promised, accepted, confirmed deletion, floor
    [5, 5, 5, 9, true],
    [9, 5, 5, 9, true], // the floor covers the promise too
    [10, 5, 5, 9, false], // somebody may be about to write
    [6, 6, 5, 9, false], // something has come since
    [5, 5, 5, 4, false], // who wrote before the floor could not tell
    [7, 0, 0, 9, true], // nothing but a promise
    [7, 3, 0, 9, false],
  ] as const)('Promised %i, holds %i, confirmed %i, floor %i: %s', (p, b, deletion, floor, isErased) => {
    expect(mayErase(registerAt(p, b), tag(deletion), tag(floor), RULES)).toBe(isErased);
  });

  it('Negative control: without erasesExactly, what has come since is erased', () => {
    const rules = { ...RULES, erasesExactly: false };
    expect(mayErase(registerAt(6, 6), tag(5), tag(9), rules)).toBe(true);
  });
});

describe('mergeReport', () => {
  it.each([
    [[[1, 1, 1]], [1, 1, 1, true]],
    [
      [
        [1, 1, 1],
        [2, 0, 0],
      ],
      [2, 1, 1, false],
    ], // The schedule "a merged entry counted as a vote".
    [
      [
        [2, 0, 0],
        [1, 1, 1],
      ],
      [2, 1, 1, false],
    ],
    [
      [
        [1, 1, 1],
        [3, 3, 2],
      ],
      [3, 3, 2, true],
    ],
    [
      [
        [3, 3, 2],
        [4, 1, 1],
      ],
      [4, 3, 2, false],
    ],
    [[[5, 0, 0]], [5, 0, 0, false]],
  ] as const)('Answers %j of (promised, accepted, root) merge to %j', (reports, expected) => {
    expect(plain(merged(reports))).toEqual(expected);
  });

  it('It says whether the entry is newer, so that its value is taken over', () => {
    const register = emptyRegister();
    const report = { promised: tag(2), accepted: tag(2), root: tag(1) };
    expect(mergeReport(register, report, RULES)).toBe(true);
    expect(mergeReport(register, report, RULES)).toBe(false);
    expect(mergeReport(register, { ...report, accepted: tag(1) }, RULES)).toBe(false);
  });

  it('Negative controls: a promise is forgotten, or an inherited entry counts as a vote', () => {
    const reports = [
      [1, 1, 1],
      [2, 0, 0],
    ] as const;
    expect(plain(merged(reports, { ...RULES, recoversPromises: false }))).toEqual([0, 1, 1, true]);
    expect(plain(merged(reports, { ...RULES, inheritedIsNoVote: false }))).toEqual([2, 1, 1, true]);
  });
});
