// The two decisions of a coordinator that are pure: when a read may return, and how a blind write is finished.
import { describe, expect, it } from 'vitest';
import { judgeRead } from '../../src/protocol/read.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { decideFinish } from '../../src/protocol/write.ts';

const tag = (low: number): { high: number; low: number } => ({ high: 0, low });

describe('judgeRead', () => {
  it.each([
    // R, S, answered, agreeing, everybody answered
    [2, 2, 1, 1, false, 'wait'],
    [2, 2, 2, 2, false, 'return'],
    [2, 2, 2, 1, false, 'wait'],
    [2, 2, 3, 2, false, 'return'],
    [2, 2, 3, 1, true, 'stabilise'],
    [2, 2, 2, 1, true, 'stabilise'], // the third is not waited for any more
    [2, 4, 2, 2, false, 'wait'], // N5 R2 W4: two that agree are too few
    [2, 4, 4, 4, false, 'return'],
    [2, 4, 5, 3, true, 'stabilise'],
    [3, 4, 3, 3, false, 'wait'], // N5 R3 W4 P2: three that agree are too few
    [3, 4, 4, 4, false, 'return'],
    [1, 0, 1, 0, false, 'return'], // a level that does not ask for stability
    [1, 0, 0, 0, true, 'wait'],
  ] as const)(
    'R %i, S %i: %i answered, %i agree (complete: %s): %s',
    (read, agree, answered, agreeing, all, verdict) => {
      expect(judgeRead({ answered, agreeing }, { read, agree }, all)).toBe(verdict);
    },
  );
});

describe('decideFinish', () => {
  it.each([
    // first tag, latest tag, root of the newest entry, up to which tag deletions may have been erased
    [4, 7, 0, 0, 'propose'],
    [4, 7, 3, 0, 'propose'],
    [4, 7, 4, 0, 'adopt'], // it landed
    [4, 7, 5, 0, 'adopt'], // it landed and was overwritten, or counts as if
    [4, 7, 9, 0, 'adopt'],
    [4, 7, 0, 3, 'propose'],
    [4, 7, 0, 4, 'lost'], // it may have landed, been deleted, and been erased with its deletion
    [4, 7, 3, 6, 'lost'],
    [4, 7, 4, 6, 'adopt'],
  ] as const)(
    'A write that began at %i and now holds %i meets root %i, erased up to %i: %s',
    (first, latest, root, erased, finish) => {
      const write = { first: tag(first), latest: tag(latest), erased: tag(erased) };
      expect(decideFinish(write, tag(root), RULES)).toBe(finish);
    },
  );

  it('Negative control: without heedsErased, a write that was erased with its deletion happens again', () => {
    const write = { first: tag(4), latest: tag(7), erased: tag(6) };
    expect(decideFinish(write, tag(0), { ...RULES, heedsErased: false })).toBe('propose');
  });

  it('Negative control: comparing with the latest tag proposes a write that landed once more', () => {
    const write = { first: tag(4), latest: tag(7), erased: tag(0) };
    expect(decideFinish(write, tag(5), { ...RULES, comparesFirstTag: false })).toBe('propose');
  });
});
