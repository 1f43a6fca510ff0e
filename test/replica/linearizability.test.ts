import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { checkRegister, describeOperation } from './linearizability.ts';
import type { Operation } from './linearizability.ts';

const SEED = testSeed();

/** `w a 1 4`: a write of a from 1 to 4; `r - 5 6`: a read of the absent value; `w b 2 ?`: a write without an answer. */
function historyOf(...lines: readonly string[]): Operation[] {
  return lines.map((line) => {
    const [kind, value, start, end] = line.split(' ');
    return {
      kind: kind === 'w' ? 'write' : 'read',
      value: value === '-' ? undefined : value,
      start: Number(start),
      end: end === '?' ? undefined : Number(end),
    };
  });
}

describe('checkRegister accepts', () => {
  it.each([
    ['an empty history', []],
    ['a read of a register that was never written', ['r - 1 2']],
    ['a read of the write before it', ['w a 1 2', 'r a 3 4']],
    ['a read that overlaps a write and sees the old value', ['w a 1 2', 'w b 3 6', 'r a 4 5']],
    ['a read that overlaps a write and sees the new value', ['w a 1 2', 'w b 3 6', 'r b 4 5']],
    ['a write without an answer that a later read sees', ['w a 1 ?', 'r - 2 3', 'r a 4 5']],
    ['a write without an answer that nobody sees', ['w a 1 ?', 'r - 2 3', 'r - 4 5']],
    ['concurrent writes in either order', ['w a 1 4', 'w b 2 3', 'r a 5 6']],
    ['a delete', ['w a 1 2', 'w - 3 4', 'r - 5 6']],
    ['a read without an answer', ['w a 1 2', 'r zzz 3 ?']],
  ])('%s', (_, lines) => {
    expect(checkRegister(historyOf(...lines))).toEqual({ kind: 'linearizable' });
  });
});

describe('checkRegister rejects', () => {
  it.each([
    ['a lost write', ['w a 1 2', 'r - 3 4']],
    ['a stale read', ['w a 1 2', 'w b 3 4', 'r a 5 6']],
    ['a value that was never written', ['w a 1 2', 'r b 3 4']],
    ['new before old: two reads that disagree with each other', ['w a 1 2', 'w b 3 ?', 'r b 4 5', 'r a 6 7']],
    ['a read of a write that had not begun', ['r a 1 2', 'w a 3 4']],
    ['a write that happens twice', ['w a 1 ?', 'r a 2 3', 'w b 4 5', 'r a 6 7']],
    ['a deleted value that comes back', ['w a 1 2', 'w - 3 4', 'r a 5 6']],
    ['the order of two reads against two writes', ['w a 1 8', 'w b 2 9', 'r a 3 4', 'r b 5 6', 'r a 7 10']],
  ])('%s', (_, lines) => {
    const verdict = checkRegister(historyOf(...lines));
    expect(verdict.kind).toBe('violation');
  });

  it('It names the operation that no order explains', () => {
    const verdict = checkRegister(historyOf('w a 1 2', 'w b 3 4', 'r a 5 6'));
    expect(verdict.kind === 'violation' && verdict.stuck.map(describeOperation)).toEqual(['read a [5, 6]']);
  });
});

describe('checkRegister against the definition', () => {
  it('It agrees with trying every order, on 3000 random histories of up to 6 operations', () => {
    const random = seededRandom(SEED);
    const counts = { linearizable: 0, violation: 0 };
    for (let run = 0; run < 3000; run++) {
      const history = randomHistory(random, 1 + below(random, 6));
      const { kind } = checkRegister(history);
      const slow = hasSomeOrder([], history) ? 'linearizable' : 'violation';
      const hint = replayCommand('test/replica/linearizability.test.ts', SEED);
      expect(kind, `${history.map(describeOperation).join(', ')}; ${hint}`).toBe(slow);
      counts[kind]++;
    }
    // Both answers occur often, so the comparison means something.
    expect(Math.min(counts.linearizable, counts.violation)).toBeGreaterThan(300);
  });
});

/** Slow and obvious: every order of every choice of operations that contains all which have ended. */
function hasSomeOrder(order: readonly Operation[], rest: readonly Operation[]): boolean {
  if (rest.every(({ end }) => end === undefined) && isLegal(order)) return true;
  return rest.some((next) =>
    hasSomeOrder(
      [...order, next],
      rest.filter((each) => each !== next),
    ),
  );
}

/** Whether the order respects real time and every answered read returns the write before it. */
function isLegal(order: readonly Operation[]): boolean {
  let value: string | undefined;
  return order.every((operation, index) => {
    const isInTime = order.slice(index + 1).every(({ end }) => end === undefined || end > operation.start);
    if (operation.kind === 'write') value = operation.value;
    return isInTime && (operation.kind === 'write' || operation.end === undefined || operation.value === value);
  });
}

function randomHistory(random: Random, count: number): Operation[] {
  const times = Array.from({ length: 2 * count }, (_, index) => index);
  const take = (): number => times.splice(below(random, times.length), 1)[0]!;
  return Array.from({ length: count }, (_, index) => {
    const [one, two] = [take(), take()];
    const isRead = below(random, 2) === 0;
    const written = ['v0', 'v1', 'v2', undefined][below(random, 4)];
    return {
      kind: isRead ? ('read' as const) : ('write' as const),
      value: isRead ? written : `v${index % 3}`,
      start: Math.min(one, two),
      end: below(random, 5) === 0 ? undefined : Math.max(one, two),
    };
  });
}
