import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/base/random.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ExitReason } from '../../src/supervision/exit-reason.ts';
import type { Directive, FailureHistory } from '../../src/supervision/restart-policy.ts';
import { NO_FAILURES, decide, restartPolicy } from '../../src/supervision/restart-policy.ts';

const CRASH: ExitReason = { kind: 'crashed', error: new Error('boom') };
const NO_JITTER: Random = { nextUint32: () => 0 };
const POLICY = restartPolicy({
  restartsMax: 3,
  windowMs: 1_000,
  backoffMsMin: 10,
  backoffMsMax: 80,
  jitter: 0.5,
  healthyMs: 500,
});

/** Directives for failures given as [seen at, after running for], as texts. */
function directives(failures: readonly (readonly [nowMs: number, ranMs: number])[], random = NO_JITTER): string[] {
  let history: FailureHistory = NO_FAILURES;
  return failures.map(([nowMs, ranMs]) => {
    const decision = decide(POLICY, history, { reason: CRASH, nowMs, ranMs }, random);
    history = decision.history;
    return directiveText(decision.directive);
  });
}

function directiveText(directive: Directive): string {
  if (directive.kind === 'leave') return 'leave';
  return directive.kind === 'restart' ? `restart ${directive.afterMs}` : `escalate ${directive.retryAfterMs}`;
}

describe('A restart policy', () => {
  it.each([
    { sentence: 'restarts a first failure at once', failures: [[0, 0]], expected: ['restart 0'] },
    {
      sentence: 'doubles the back-off of failures in a row, then escalates beyond restartsMax',
      failures: [
        [0, 0],
        [10, 0],
        [30, 0],
        [60, 0],
      ],
      expected: ['restart 0', 'restart 10', 'restart 20', 'escalate 80'],
    },
    {
      sentence: 'goes on escalating while the window is full',
      failures: [
        [0, 0],
        [1, 0],
        [2, 0],
        [3, 0],
        [83, 0],
      ],
      expected: ['restart 0', 'restart 10', 'restart 20', 'escalate 80', 'escalate 80'],
    },
    {
      sentence: 'counts only failures within the window, its end excluded',
      failures: [
        [0, 0],
        [10, 0],
        [30, 0],
        [1000, 400],
        [1009, 0],
      ],
      expected: ['restart 0', 'restart 10', 'restart 20', 'restart 40', 'escalate 80'],
    },
    {
      sentence: 'starts the back-off afresh after a healthy run',
      failures: [
        [0, 0],
        [10, 0],
        [510, 500],
        [520, 0],
      ],
      expected: ['restart 0', 'restart 10', 'restart 0', 'escalate 80'],
    },
    {
      sentence: 'never backs off for longer than backoffMsMax',
      failures: [
        [0, 0],
        [2000, 0],
        [4000, 0],
        [6000, 0],
        [8000, 0],
        [10000, 0],
      ],
      expected: ['restart 0', 'restart 10', 'restart 20', 'restart 40', 'restart 80', 'restart 80'],
    },
  ] as const)('$sentence', ({ failures, expected }) => {
    expect(directives(failures)).toEqual(expected);
  });

  it('Leaves a stopped child alone and forgets its failures', () => {
    const history = { failuresMs: [1, 2], inARow: 2 };
    expect(decide(POLICY, history, { reason: { kind: 'stopped' }, nowMs: 3, ranMs: 1 }, NO_JITTER)).toEqual({
      directive: { kind: 'leave' },
      history: NO_FAILURES,
    });
  });

  it.each([{ kind: 'oom' }, { kind: 'hung' }, { kind: 'exit', code: 0 }, { kind: 'exit', code: 7 }] as const)(
    'Restarts after $kind as after a crash',
    (reason) => {
      const { directive } = decide(POLICY, NO_FAILURES, { reason, nowMs: 0, ranMs: 0 }, NO_JITTER);
      expect(directive).toEqual({ kind: 'restart', afterMs: 0 });
    },
  );

  it('Takes at most the share of jitter off a back-off', () => {
    const random = seededRandom(7);
    const history = { failuresMs: [0], inARow: 3 };
    const waits = Array.from({ length: 200 }, () => {
      const { directive } = decide(POLICY, history, { reason: CRASH, nowMs: 1, ranMs: 0 }, random);
      return directive.kind === 'restart' ? directive.afterMs : Number.NaN;
    });
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...waits)).toBeLessThanOrEqual(40);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(15);
  });

  it('Remembers no more failures than it needs', () => {
    let history = NO_FAILURES;
    for (let nowMs = 0; nowMs < 100; nowMs++) {
      history = decide(POLICY, history, { reason: CRASH, nowMs, ranMs: 0 }, NO_JITTER).history;
    }
    expect(history.failuresMs).toHaveLength(POLICY.restartsMax + 1);
  });

  it.each([
    { restartsMax: 1.5 },
    { restartsMax: -1 },
    { jitter: 1.1 },
    { windowMs: Number.NaN },
    { backoffMsMin: 100, backoffMsMax: 50 },
    { healthyMs: Infinity },
  ])('Refuses %o', (options) => {
    expect(() => restartPolicy(options)).toThrow(RangeError);
  });
});
