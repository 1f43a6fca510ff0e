// The rules of supervision. Production uses SUPERVISION_RULES; a test takes one rule away and must then see a thread
// wronged or a storm of restarts, which shows that the tests can fail (docs/TESTING.md, "Seeded bugs").

/** Each field names a rule of supervision; `true` keeps it. */
export interface SupervisionRules {
  /** Time in which the observer itself did not look convicts nobody. */
  readonly discountsGaps: boolean;
  /** A thread that sleeps does not hang, whatever it has left unread. */
  readonly sparesSleepers: boolean;
  /** A thread that has finished a turn since the last look does not hang. */
  readonly seesProgress: boolean;
  /** Restarts in a row are spaced, more and more. */
  readonly backsOff: boolean;
  /** Too many restarts within the window escalate. */
  readonly limitsRestarts: boolean;
  /** Failures count for the length of the window only. */
  readonly forgetsFailures: boolean;
  /** After a child that ran long enough, its next failure is the first in a row. */
  readonly forgivesTheHealthy: boolean;
  /** A child that was stopped is left alone. */
  readonly leavesTheStopped: boolean;
}

/** All rules kept: what production runs. */
export const SUPERVISION_RULES: SupervisionRules = Object.freeze({
  discountsGaps: true,
  sparesSleepers: true,
  seesProgress: true,
  backsOff: true,
  limitsRestarts: true,
  forgetsFailures: true,
  forgivesTheHealthy: true,
  leavesTheStopped: true,
});
