// When is a live thread hung? It has something to read, does not sleep, and has not finished a turn for `hungMs` of
// the observer's own observed progress. Where the observer itself was stopped (SIGSTOP, a starved machine), the
// measurement starts again, so that nobody is convicted for time in which nobody ran.
import { SUPERVISION_RULES } from './rules.ts';
import type { SupervisionRules } from './rules.ts';

/** How long is too long. */
export interface HangPolicy {
  /** Observed time without progress after which a thread is hung, in milliseconds. */
  readonly hungMs: number;
  /** The observer's own period, in milliseconds; a gap of more than two periods restarts the measurement. */
  readonly tickMs: number;
}

/** One look at one thread, read from shared memory. */
export interface Observation {
  /** On the observer's clock. */
  readonly nowMs: number;
  readonly hasUnread: boolean;
  readonly isParked: boolean;
  /** The thread's turn counter; it may wrap. */
  readonly turns: number;
}

/** What is remembered of one thread between two looks. A new incarnation begins without one. */
export interface HangMeasurement {
  readonly nowMs: number;
  readonly turns: number;
  /** Whether it had something to read and did not sleep. */
  readonly isBusy: boolean;
  /** Observed time without progress, in milliseconds. */
  readonly stuckMs: number;
}

/** The measurement after one more look. Pure. */
export function measure(
  policy: HangPolicy,
  before: HangMeasurement | undefined,
  { nowMs, hasUnread, isParked, turns }: Observation,
  rules: SupervisionRules = SUPERVISION_RULES,
): HangMeasurement {
  const isBusy = hasUnread && !(rules.sparesSleepers && isParked);
  const passedMs = before === undefined ? 0 : nowMs - before.nowMs;
  // Time counts between two looks that both found it busy, in the same turn.
  const isSameTurn = turns === before?.turns || !rules.seesProgress;
  const isStuck = before !== undefined && before.isBusy && isBusy && isSameTurn;
  const isObserved = passedMs <= 2 * policy.tickMs || !rules.discountsGaps;
  const stuckMs = isStuck && isObserved ? before.stuckMs + passedMs : 0;
  return { nowMs, turns, isBusy, stuckMs };
}

/** Whether the measured thread is hung. Pure. */
export function isHung(policy: HangPolicy, { stuckMs }: HangMeasurement): boolean {
  return stuckMs >= policy.hungMs;
}
