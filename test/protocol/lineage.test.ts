import { assert, integer, property, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutableBallot } from '../../src/protocol/ballot.ts';
import type { Ballot } from '../../src/protocol/ballot.ts';
import { judgeChange } from '../../src/protocol/change.ts';
import {
  CHANGES_MAX,
  LINEAGE_WORDS_MAX,
  emptyLineage,
  extendLineage,
  findChange,
  mayHaveForgotten,
  readVersion,
} from '../../src/protocol/lineage.ts';
import type { Lineage } from '../../src/protocol/lineage.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';

const tag = (low: number): Ballot => ({ high: 0, low });
const NONE = tag(0);
const NOBODYS: readonly number[] = [];

/**
 * The lineage of a value that these changes made of a blind write's, in this order, each applied under id + 100 and
 * asked for by a client of its own, unless one `owner` asked for all.
 */
function lineageOf(ids: readonly number[], rules: Rules = RULES, owner?: number, undecided = NOBODYS): Lineage {
  let lineage = emptyLineage();
  for (const id of ids) {
    const next = emptyLineage();
    const isUndecided = ({ low }: Ballot): boolean => undecided.includes(low);
    extendLineage(lineage, { id: tag(id), ballot: tag(id + 100), owner: owner ?? id, isUndecided }, next, rules);
    lineage = next;
  }
  return lineage;
}

function appliedAt(lineage: Lineage, id: number): number | undefined {
  const ballot = mutableBallot();
  return findChange(lineage, tag(id), ballot) ? ballot.low : undefined;
}

function versionOf(lineage: Lineage, root: number): number {
  const version = mutableBallot();
  readVersion(lineage, tag(root), version);
  return version.low;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('A lineage', () => {
  it('names the last changes, each with the ballot under which it was applied', () => {
    const lineage = lineageOf([1, 2, 3]);
    expect([1, 2, 3, 4].map((id) => appliedAt(lineage, id))).toEqual([101, 102, 103, undefined]);
    expect(mayHaveForgotten(lineage, tag(1))).toBe(false);
  });

  it('has the version of its last change; without any change it is that of the blind write', () => {
    expect(versionOf(emptyLineage(), 7)).toBe(7);
    expect(versionOf(lineageOf([1, 2]), 7)).toBe(102);
  });

  it('forgets the oldest change for want of room, and says up to where it has forgotten', () => {
    const lineage = lineageOf(upTo(CHANGES_MAX + 2));
    expect(lineage.length).toBe(LINEAGE_WORDS_MAX);
    expect([1, 2, 3].map((id) => appliedAt(lineage, id))).toEqual([undefined, undefined, 103]);
    expect([1, 2, 3].map((id) => mayHaveForgotten(lineage, tag(id)))).toEqual([true, true, false]);
  });

  it('forgets by id, not by the order in which changes were applied', () => {
    const lineage = lineageOf([90, ...upTo(CHANGES_MAX)]);
    expect([90, 1, 2].map((id) => appliedAt(lineage, id))).toEqual([190, undefined, 102]);
  });

  it('never neither names a change that went into it nor admits that it may have', () => {
    const ids = uniqueArray(integer({ min: 1, max: 1000 }), { maxLength: 40 });
    assert(
      property(ids, (applied) => {
        const lineage = lineageOf(applied);
        return applied.every((id) => appliedAt(lineage, id) === id + 100 || mayHaveForgotten(lineage, tag(id)));
      }),
    );
  });

  it('drops the decided changes of a client that makes the next one, and keeps those that it may try again', () => {
    const lineage = lineageOf([1, 2, 3, 4], RULES, 7, [2]);
    expect([1, 2, 3, 4].map((id) => appliedAt(lineage, id))).toEqual([undefined, 102, undefined, 104]);
    expect(mayHaveForgotten(lineage, tag(1))).toBe(false);
  });

  it('Negative control: a client that drops what it may try again denies a change that went into it', () => {
    const lineage = lineageOf([1, 2], { ...RULES, keepsUndecided: false }, 7, [1]);
    expect([appliedAt(lineage, 1), mayHaveForgotten(lineage, tag(1))]).toEqual([undefined, false]);
  });

  it('Negative control: a lineage that does not note what it forgets denies a change that went into it', () => {
    const lineage = lineageOf(upTo(CHANGES_MAX + 1), { ...RULES, notesForgotten: false });
    expect([appliedAt(lineage, 1), mayHaveForgotten(lineage, tag(1))]).toEqual([undefined, false]);
  });
});

describe('judgeChange', () => {
  const many = lineageOf(upTo(CHANGES_MAX + 1));
  it.each([
    // id, floor, root, lineage of the newest entry
    ['has proposed nothing', 5, 0, 9, lineageOf([5]), 'apply'],
    ['is in the newest value', 5, 105, 0, lineageOf([4, 5, 6]), 'landed'],
    ['is in no value yet', 5, 105, 3, lineageOf([4]), 'apply'],
    ['was proposed on an empty register', 5, 105, 0, emptyLineage(), 'apply'],
    ['was overwritten, or never happened', 5, 105, 106, emptyLineage(), 'lost'],
    ['was overwritten and changed again', 5, 105, 106, lineageOf([7]), 'lost'],
    ['is too old to be remembered', 1, 50, 0, many, 'lost'],
    ['is remembered among many', 2, 50, 0, many, 'landed'],
  ] as const)('A change that %s (id %i, floor %i, root %i) is judged', (_, id, floor, root, lineage, state) => {
    const entry = { root: tag(root), lineage };
    expect(judgeChange({ id: tag(id), floor: tag(floor), erased: NONE }, entry, mutableBallot(), RULES)).toBe(state);
  });

  it.each([
    ['below what it has proposed', 5, 105, 104, 'apply'],
    ['up to what it has proposed', 5, 105, 105, 'lost'],
    ['up to what it has proposed under a promise of before its tag', 5, 3, 4, 'lost'],
    ['while it has proposed nothing', 5, 0, 200, 'apply'],
  ] as const)('Of a change of which nothing is found, and deletions may be erased %s: %#', (...row) => {
    const [, id, floor, erased, state] = row;
    const change = { id: tag(id), floor: tag(floor), erased: tag(erased) };
    expect(judgeChange(change, { root: NONE, lineage: emptyLineage() }, mutableBallot(), RULES)).toBe(state);
  });

  it('tells under which ballot a change has landed', () => {
    const applied = mutableBallot();
    judgeChange(
      { id: tag(5), floor: tag(105), erased: NONE },
      { root: NONE, lineage: lineageOf([5, 6]) },
      applied,
      RULES,
    );
    expect(applied.low).toBe(105);
  });

  it.each([
    ['looksForItself', 0, lineageOf([5]), 'apply'],
    ['heedsFloors', 106, emptyLineage(), 'apply'],
  ] as const)(
    'Negative control: without %s, a change that may have happened happens again',
    (rule, root, lineage, state) => {
      const entry = { root: tag(root), lineage };
      const rules = { ...RULES, [rule]: false };
      const change = { id: tag(5), floor: tag(105), erased: NONE };
      expect(judgeChange(change, entry, mutableBallot(), rules)).toBe(state);
    },
  );

  it.each([
    ['has proposed nothing', 0, emptyLineage(), true, 'apply'],
    ['may have been erased with the deletion that came after it', 105, emptyLineage(), true, 'lost'],
    ['is found', 105, lineageOf([5]), true, 'landed'],
    ['may have been erased, without heedsErased', 105, emptyLineage(), false, 'apply'],
  ] as const)(
    'A change whose proposal is as old as what was erased, and that %s, is judged',
    (_, floor, lineage, heedsErased, state) => {
      const change = { id: tag(5), floor: tag(floor), erased: tag(105) };
      const rules = { ...RULES, heedsErased };
      expect(judgeChange(change, { root: NONE, lineage }, mutableBallot(), rules)).toBe(state);
    },
  );
});
