// Whether sessions saw what weak levels still promise them: their own writes, and no way back in time.
import { rangeError } from '../base/errors.ts';
import type { Operation, Verdict } from './history.ts';
import { demandCausality } from './sessions-causal.ts';
import { demandVersions, Demands } from './sessions-order.ts';
import { accessesOf, explanationOf, judgeVersions, pairsInWords } from './sessions-versions.ts';
import type { Access, Accesses, Version, VersionsBy } from './sessions-versions.ts';

/** What a session may be promised; the names that the checker knows. */
export const SESSION_GUARANTEES = [
  'read-your-writes',
  'monotonic-reads',
  'monotonic-writes',
  'writes-follow-reads',
  'causal',
] as const;

export type SessionGuarantee = (typeof SESSION_GUARANTEES)[number];

/** Options of {@link checkSession}. */
export interface SessionCheckOptions {
  /** How versions are told apart; default `value`. */
  readonly by?: VersionsBy;
}

/**
 * Checks guarantees of sessions, one or several together, where each process is a session.
 *
 * The history has the calls `read` and `write`, with the key in `key`. By `value` a write's `input` is what it wrote, a
 * value that no other write of the key has, and a read's `output` is what it returned, `null` where nothing was written
 * yet. By `version` the `output` of both is the number of the version that was made or read: larger is newer. What
 * certainly did not happen is left out of the history; a write that never returned (`end` is `Infinity`) may have
 * happened, and promises its session nothing.
 *
 * There must be one order of the versions of each key, the given one by `version` and any by `value`, in which
 * - `read-your-writes`: a read is not older than what its session wrote before;
 * - `monotonic-reads`: a read is not older than what its session read before;
 * - `monotonic-writes`: a write is newer than what its session wrote before;
 * - `writes-follow-reads`: a write is newer than what its session read before;
 * - `causal`: all four, across keys and sessions: one order of all writes, which contains causality, and in which each
 *   read returns the last write of its key among those that it causally follows.
 *
 * Several together must be met by one order: by `value`, `monotonic-writes` shows little where reads go back and forth.
 * The verdict is exact in this sense. It takes time linear in the history; for `causal` times the number of sessions.
 *
 * Source: Terry et al., "Session Guarantees for Weakly Consistent Replicated Data" (1994), the definitions of the
 * four; for `causal` Bouajjani et al., "On Verifying Causal Consistency" (POPL 2017), causal convergence.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when there is no such guarantee.
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an operation is neither a read nor a write.
 *
 * @example
 * import { checkSession } from 'quorate/check';
 *
 * const history = [
 *   { process: 'a', call: 'write', input: 1, output: 'ok', start: 0, end: 1 },
 *   { process: 'a', call: 'read', input: null, output: null, start: 2, end: 3 },
 * ];
 * console.log(checkSession(history, 'read-your-writes').verdict); // illegal
 * console.log(checkSession(history, 'monotonic-reads').verdict); // ok
 */
export function checkSession(
  history: readonly Operation[],
  guarantees: SessionGuarantee | readonly SessionGuarantee[],
  { by = 'value' }: SessionCheckOptions = {},
): Verdict {
  const asked = typeof guarantees === 'string' ? [guarantees] : guarantees;
  for (const guarantee of asked) {
    if (SESSION_GUARANTEES.includes(guarantee)) continue;
    const allowed = SESSION_GUARANTEES.join(', ');
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot check "${guarantee}": it must be one of ${allowed}`);
  }
  const operations = history.length;
  const accesses = accessesOf(history, by);
  const judged = judgeVersions(accesses, operations);
  if (judged !== undefined) return judged;
  const contradiction = asked.includes('causal') ? demandCausality(accesses, by) : demandPerKey(accesses, asked, by);
  if (contradiction === undefined) return { verdict: 'ok', operations };
  const text = `${asked.join(', ')} violated: no order of versions allows all of this`;
  const explanation = explanationOf(contradiction, [text, ...pairsInWords(contradiction)]);
  return { verdict: 'illegal', operations, explanation };
}

/** The accesses whose demands contradict, in pairs of an earlier and a later one; `undefined` when there are none. */
function demandPerKey(
  { all, versionsOf }: Accesses,
  guarantees: readonly SessionGuarantee[],
  by: VersionsBy,
): readonly Access[] | undefined {
  const demands = new Demands<Version, Access>();
  for (const versions of versionsOf.values()) demandVersions(demands, versions, by);
  for (const guarantee of guarantees) demandOf(demands, all, guarantee);
  return demands.contradiction();
}

/** Adds the demands of one of the four guarantees of Terry et al., which bind accesses to one key. */
function demandOf(demands: Demands<Version, Access>, all: readonly Access[], guarantee: SessionGuarantee): void {
  const isByReads = guarantee === 'monotonic-reads' || guarantee === 'writes-follow-reads';
  const bindsReads = guarantee === 'monotonic-reads' || guarantee === 'read-your-writes';
  // Of each session and key: where the demands of all its earlier accesses come together.
  const relays = new Map<string | number, Map<string, number>>();
  for (const access of all) {
    const { operation, version, isRead, isAnswered } = access;
    const ofSession = relays.get(operation.process) ?? new Map<string, number>();
    relays.set(operation.process, ofSession);
    const past = ofSession.get(version.key);
    if (past !== undefined && isRead === bindsReads) demands.add(past, demands.of(version), access);
    if (isRead !== isByReads || !isAnswered) continue;
    const relay = demands.relay();
    demands.add(demands.of(version), relay, access);
    if (past !== undefined) demands.add(past, relay);
    ofSession.set(version.key, relay);
  }
}
