// One for one: a child that fails is restarted, its siblings are left alone. The decision is pure; time and chance are
// arguments.
import { assert } from '../base/assert.ts';
import { rangeError } from '../base/errors.ts';
import { unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import type { ExitReason } from './exit-reason.ts';
import { SUPERVISION_RULES } from './rules.ts';
import type { SupervisionRules } from './rules.ts';

/** How often, and how fast, one child may be restarted. */
export interface RestartPolicy {
  /** Restarts within `windowMs` before the supervisor escalates; an integer, 0 or more. */
  readonly restartsMax: number;
  /** Length of the window in which restarts are counted, in milliseconds. */
  readonly windowMs: number;
  /**
   * Back-off before the second restart in a row, in milliseconds; the first one is immediate. It doubles from there.
   */
  readonly backoffMsMin: number;
  /** Longest back-off, in milliseconds; also the time after which an escalated child is tried again. */
  readonly backoffMsMax: number;
  /** Share of a back-off that chance may take off, from 0 to 1, so that children do not restart in step. */
  readonly jitter: number;
  /** A child that ran for so long counts as healthy: its next restart is the first in a row. In milliseconds. */
  readonly healthyMs: number;
}

/** The policy where none is given. */
const RESTART_POLICY_DEFAULT: RestartPolicy = {
  restartsMax: 10,
  windowMs: 10_000,
  backoffMsMin: 10,
  backoffMsMax: 5_000,
  jitter: 0.2,
  healthyMs: 1_000,
};

/** What is remembered of one child's failures. */
export interface FailureHistory {
  /** When the failures of the present window happened. Invariant: at most `restartsMax + 1` entries, oldest first. */
  readonly failuresMs: readonly number[];
  /** Failures since the child last ran for `healthyMs`. */
  readonly inARow: number;
}

export const NO_FAILURES: FailureHistory = { failuresMs: [], inARow: 0 };

/** One child's failure. */
export interface Failure {
  readonly reason: ExitReason;
  /** When it was seen, on the supervisor's clock. */
  readonly nowMs: number;
  /** How long the child had run. */
  readonly ranMs: number;
}

/** What the supervisor must do about a failed child. */
export type Directive =
  | { readonly kind: 'restart'; readonly afterMs: number }
  /** Too many restarts: the child stays down, those above are told, and it is tried again after `retryAfterMs`. */
  | { readonly kind: 'escalate'; readonly retryAfterMs: number }
  /** It ended because it was stopped. */
  | { readonly kind: 'leave' };

/** A decision and what to remember for the next one. */
export interface Decision {
  readonly directive: Directive;
  readonly history: FailureHistory;
}

/**
 * Decides about a failed child. Pure but for the numbers that it takes from `random`.
 *
 * Source: restart intensity as in Erlang/OTP's `supervisor`; exponential back-off with jitter and a reset window as in
 * Akka's `BackoffSupervisor`.
 */
export function decide(
  policy: RestartPolicy,
  history: FailureHistory,
  failure: Failure,
  random: Random,
  rules: SupervisionRules = SUPERVISION_RULES,
): Decision {
  const isStopped = failure.reason.kind === 'stopped' && rules.leavesTheStopped;
  if (isStopped) return { directive: { kind: 'leave' }, history: NO_FAILURES };
  const { nowMs, ranMs } = failure;
  const recent = history.failuresMs.filter((atMs) => nowMs - atMs < policy.windowMs || !rules.forgetsFailures);
  const failuresMs = [...recent, nowMs].slice(-(policy.restartsMax + 1));
  const inARow = ranMs >= policy.healthyMs && rules.forgivesTheHealthy ? 1 : history.inARow + 1;
  const remembered = { failuresMs, inARow };
  if (failuresMs.length > policy.restartsMax && rules.limitsRestarts) {
    return {
      directive: { kind: 'escalate', retryAfterMs: shortened(policy.backoffMsMax, policy, random) },
      history: remembered,
    };
  }
  const afterMs = rules.backsOff ? backoffMs(policy, inARow, random) : 0;
  return { directive: { kind: 'restart', afterMs }, history: remembered };
}

function backoffMs(policy: RestartPolicy, inARow: number, random: Random): number {
  assert(inARow >= 1, 'A back-off follows a failure');
  if (inARow === 1) return 0;
  return shortened(Math.min(policy.backoffMsMin * 2 ** (inARow - 2), policy.backoffMsMax), policy, random);
}

function shortened(durationMs: number, policy: RestartPolicy, random: Random): number {
  return durationMs * (1 - policy.jitter * unitOf(random));
}

/**
 * The default policy with some of its values replaced.
 *
 * @throws {RangeError} when a value is out of range, or the shortest back-off exceeds the longest.
 */
export function restartPolicy(options: Partial<RestartPolicy> = {}): RestartPolicy {
  const policy = { ...RESTART_POLICY_DEFAULT, ...options };
  for (const [name, value] of Object.entries(policy)) {
    if (!(value >= 0 && value < Infinity)) throw outOfRange(name, value, 'a finite number, 0 or more');
  }
  if (!Number.isInteger(policy.restartsMax)) throw outOfRange('restartsMax', policy.restartsMax, 'an integer');
  if (policy.jitter > 1) throw outOfRange('jitter', policy.jitter, 'from 0 to 1');
  if (policy.backoffMsMin > policy.backoffMsMax) {
    throw outOfRange('backoffMsMin', policy.backoffMsMin, `at most backoffMsMax, ${policy.backoffMsMax}`);
  }
  return policy;
}

function outOfRange(name: string, value: number, allowed: string): RangeError {
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${name} ${value}: it must be ${allowed}`);
}
