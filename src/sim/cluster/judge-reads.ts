// What clients have read, for judges that know gets of one key at one moment: a page as the gets that it is made of,
// and what a cache has answered as a get that may have happened when the cache was filled.
import type { Call } from './client.ts';
import { keyInState } from './client.ts';
import { positionsOf } from './judge-history.ts';
import type { PlanLevel } from './plan.ts';

/** What is not exact where milliseconds become microseconds again. */
const ROUNDING_US = 1;

/**
 * The calls, with a get of each key of its range in place of every scan. Each key is read at some moment between the
 * call of the scan and its return, also one that the page does not have: nobody says that those are the same moment.
 */
export function withPagesApart(calls: readonly Call[]): readonly Call[] {
  if (!calls.some(({ kind }) => kind === 'scan')) return calls;
  const keys = [...new Set(calls.flatMap(keysOf))];
  return calls.flatMap((call) => {
    if (call.kind !== 'scan') return [call];
    return call.page === undefined ? [] : keys.filter((key) => isInPage(call, key)).map((key) => getOf(call, key));
  });
}

/** The calls, of which those that a cache has answered begin as long ago as what they were told is old. */
export function withAgesGranted(calls: readonly Call[]): readonly Call[] {
  if (!calls.some(({ ageMs }) => ageMs !== undefined)) return calls;
  const positionAt = positionsOf(calls);
  return calls.map((call) => {
    const { ageMs, atUs, start, plan } = call;
    if (ageMs === undefined) return call;
    const staleMs = Math.min(ageMs, plan.maxStaleMs ?? Number.POSITIVE_INFINITY);
    return { ...call, start: Math.min(start, positionAt(atUs - 1000 * staleMs - ROUNDING_US)) };
  });
}

function keysOf({ kind, plan, page }: Call): readonly string[] {
  return kind === 'scan' ? (page?.entries ?? []).map(({ key }) => key) : [plan.key];
}

/** Whether a page says something of a key. */
function isInPage({ plan, page }: Call, key: string): boolean {
  const { from = '', after, entries } = page!;
  if (entries.some((entry) => entry.key === key)) return true; // In its range or not.
  return key.startsWith(plan.key) && key > from && (after === undefined || key <= after);
}

function getOf(scan: Call, key: string): Call {
  const { process, state, plan, page } = scan;
  const entry = page!.entries.find((each) => each.key === key);
  return {
    ...scan,
    kind: 'get',
    process: `${process} ${key}`,
    plan: { ...plan, level: levelOf(scan) },
    key: keyInState(key, state),
    value: entry?.number ?? 0,
    outcome: entry === undefined ? 'absent' : 'ok',
    version: entry?.version,
  };
}

/** Scans of sessions are at the quorum, or above. */
function levelOf({ plan }: Call): PlanLevel {
  return plan.session !== undefined && plan.level !== 'all' ? 'quorum' : plan.level;
}

/** The session of a call: gets that a page was taken apart into are of that of their scan. */
export function sessionOf({ process, page }: Call): string {
  return page === undefined ? process : process.slice(0, process.indexOf(' '));
}

/** The calls of which each was of one key, and none may have been answered by a cache. */
export function plainOf(calls: readonly Call[]): readonly Call[] {
  return calls.filter(({ kind, ageMs }) => kind !== 'scan' && ageMs === undefined);
}
