import { describe, expect, it } from 'vitest';
import { choose, disjointQuorums, registerQuorums } from '../../src/quorum/index.ts';

/** Whether two thresholds of `replicas` always meet. */
const meet = (replicas: number, left: number, right: number): boolean =>
  disjointQuorums(choose(left, replicas), choose(right, replicas)) === undefined;

describe('registerQuorums', () => {
  // N, R, W, P as configured; then P, S, M and how many may be down.
  it.each([
    [{ replicas: 1 }, [1, 1, 1, 1, 1, 1, 0]],
    [{ replicas: 2 }, [2, 2, 2, 2, 2, 1, 1]],
    [{ replicas: 3 }, [3, 2, 2, 2, 2, 2, 1]],
    [{ replicas: 4 }, [4, 3, 3, 3, 2, 3, 1]],
    [{ replicas: 5 }, [5, 3, 3, 3, 3, 3, 2]],
    [{ replicas: 7 }, [7, 4, 4, 4, 4, 4, 3]],
    [{ replicas: 9 }, [9, 5, 5, 5, 5, 5, 4]],
    [{ replicas: 15 }, [15, 8, 8, 8, 8, 8, 7]],
    [{ replicas: 5, read: 3, write: 4 }, [5, 3, 4, 3, 3, 3, 2]],
    [{ replicas: 5, read: 3, write: 4, prepare: 2 }, [5, 3, 4, 2, 4, 4, 1]],
    [{ replicas: 5, read: 2, write: 4, prepare: 2 }, [5, 2, 4, 2, 4, 4, 1]],
    [{ replicas: 5, read: 2, write: 4 }, [5, 2, 4, 3, 4, 3, 2]],
    [{ replicas: 3, read: 1, write: 3 }, [3, 1, 3, 2, 3, 2, 1]],
    [{ replicas: 5, read: 4, write: 2 }, [5, 4, 2, 4, 2, 4, 1]],
    [{ replicas: 3, read: 3, write: 2, prepare: 3 }, [3, 3, 2, 3, 2, 2, 1]],
  ] as const)('%j gives N, R, W, P, S, M and downMax %j', (options, expected) => {
    const { replicas, read, write, prepare, agreeing, recoverFrom, downMax } = registerQuorums(options);
    expect([replicas, read, write, prepare, agreeing, recoverFrom, downMax]).toEqual(expected);
  });

  // T, N and the sizes as configured; then how many others are heard, and how many may be down.
  it.each([
    [{ replicas: 3, threads: 3 }, [3, 3, 2, 1]],
    [{ replicas: 3, threads: 4 }, [4, 3, 3, 1]],
    [{ replicas: 3, threads: 7 }, [7, 3, 6, 1]],
    [{ replicas: 5, threads: 7 }, [7, 5, 5, 2]],
    [{ replicas: 5, threads: 15, read: 3, write: 4 }, [15, 5, 13, 2]],
    [{ replicas: 1, threads: 2 }, [2, 1, 2, 0]],
  ] as const)('%j gives T, N, T - N + M and downMax %j', (options, expected) => {
    const { threads, replicas, recoverFrom, downMax } = registerQuorums(options);
    expect([threads, replicas, recoverFrom, downMax]).toEqual(expected);
    expect(threads - recoverFrom).toBe(downMax);
  });

  it('Who hears T - N + M others hears M of the other homes of every register, and one fewer would not do', () => {
    for (let replicas = 2; replicas <= 7; replicas++) {
      for (let threads = replicas; threads <= 15; threads++) {
        const { recoverFrom } = registerQuorums({ replicas, threads });
        const heard = registerQuorums({ replicas }).recoverFrom;
        const missed = threads - 1 - recoverFrom;
        expect(replicas - 1 - missed).toBe(heard);
      }
    }
  });

  it.each([
    [{ replicas: 3, threads: 2 }, 'Cannot use threads 2: it must be an integer from 3 to 15'],
    [{ replicas: 3, threads: 16 }, 'Cannot use threads 16: it must be an integer from 3 to 15'],
    [{ replicas: 3, threads: 3.5 }, 'Cannot use threads 3.5: it must be an integer from 3 to 15'],
  ])('%j is refused: %s', (options, message) => {
    expect(() => registerQuorums(options)).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT', message }),
    );
  });

  it('Every configuration up to 15 replicas is either sound or refused, and never refused without a reason', () => {
    for (let replicas = 1; replicas <= 15; replicas++) {
      for (let sizes = 0; sizes < replicas ** 3; sizes++) {
        const read = (sizes % replicas) + 1;
        const write = (Math.floor(sizes / replicas) % replicas) + 1;
        const prepare = Math.floor(sizes / replicas ** 2) + 1;
        expectSoundOrRefused({ replicas, read, write, prepare });
      }
    }
  });

  it.each([
    [
      { replicas: 4, read: 2, write: 2 },
      'Cannot use read quorum 2 with write quorum 2 of 4 replicas: R + W must be at least 5, ' +
        'else a read at replicas 0 and 1 misses a write at replicas 2 and 3',
    ],
    [
      { replicas: 5, read: 4, write: 3, prepare: 2 },
      'Cannot use prepare quorum 2 with write quorum 3 of 5 replicas: P + W must be at least 6, ' +
        'else a prepare at replicas 0 and 1 misses a write at replicas 2, 3 and 4',
    ],
    [
      { replicas: 3, read: 1 },
      'Cannot use read quorum 1 with write quorum 2 of 3 replicas: R + W must be at least 4, ' +
        'else a read at replica 0 misses a write at replicas 1 and 2',
    ],
    [
      { replicas: 3, read: 3, write: 1 },
      'Cannot use write quorum 1 and prepare quorum 3 of 3 replicas: a restarted replica would have to hear 3 others ' +
        'and there are 2; each must be at least 2',
    ],
    [
      { replicas: 3, write: 3, prepare: 1 },
      'Cannot use write quorum 3 and prepare quorum 1 of 3 replicas: a restarted replica would have to hear 3 others ' +
        'and there are 2; each must be at least 2',
    ],
  ])('%j contradicts itself: %s', (options, message) => {
    const code = 'ERR_QUORATE_CONFIGURATION';
    expect(() => registerQuorums(options)).toThrow(expect.objectContaining({ name: 'RangeError', code, message }));
  });

  it.each([
    [{ replicas: 0 }, 'replicas 0'],
    [{ replicas: 16 }, 'replicas 16'],
    [{ replicas: 2.5 }, 'replicas 2.5'],
    [{ replicas: Number.NaN }, 'replicas NaN'],
    [{ replicas: 5, read: 6 }, 'read quorum 6'],
    [{ replicas: 5, read: 0 }, 'read quorum 0'],
    [{ replicas: 5, write: -1 }, 'write quorum -1'],
    [{ replicas: 5, prepare: 3.5 }, 'prepare quorum 3.5'],
  ])('%j is refused, naming %s and what is allowed', (options, named) => {
    expect(() => registerQuorums(options)).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        code: 'ERR_QUORATE_INVALID_ARGUMENT',
        message: expect.stringMatching(`^Cannot use ${named}: it must be an integer from 1 to (?:5|15)$`),
      }),
    );
  });
});

interface Sizes {
  readonly replicas: number;
  readonly read: number;
  readonly write: number;
  readonly prepare: number;
}

function expectSoundOrRefused(sizes: Sizes): void {
  const { replicas, read, write, prepare } = sizes;
  const isStrong = meet(replicas, read, write) && meet(replicas, prepare, write);
  const canRecover = replicas === 1 || Math.min(write, prepare) >= 2;
  if (!isStrong || !canRecover) {
    expect(() => registerQuorums(sizes)).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_CONFIGURATION' }));
    return;
  }
  const { agreeing, recoverFrom, downMax } = registerQuorums(sizes);
  const label = JSON.stringify(sizes);
  expect(meet(replicas, agreeing, read) && meet(replicas, agreeing, prepare), label).toBe(true);
  expect(downMax, label).toBe(replicas - recoverFrom);
  if (replicas === 1) return;
  for (const quorum of [prepare, write, agreeing]) expect(meet(replicas, recoverFrom, quorum), label).toBe(true);
  expect(recoverFrom, label).toBeLessThan(replicas);
}
