// Keys that a session was told to be absent without being told of which version that is: by a page that does not have
// them, or by a cache. Where it knew a value of the key, something must have deleted that; and it must not come back.
import { compareBallots } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { Call } from './client.ts';
import { nameOf } from './client.ts';
import { isDeletion } from './judge-cached.ts';
import { momentsOf } from './judge-expiry.ts';
import type { Moment } from './judge-expiry.ts';
import { isAnswered } from './judge-history.ts';
import type { Finding } from './judge-history.ts';
import { sessionOf } from './judge-reads.ts';

/** Whether a call of a session was told of an absence, and not of its version. */
export function isBareAbsence({ kind, outcome, version, page, ageMs }: Call): boolean {
  if (kind !== 'get' || outcome !== 'absent' || version !== undefined) return false;
  return page !== undefined || ageMs !== undefined;
}

/**
 * What is wrong with such absences; `undefined` where nothing is. Calls are those of the history, pages apart;
 * `moments` tells when what they have written expires.
 */
export function judgeAbsences(
  calls: readonly Call[],
  moments: ReadonlyMap<Call, Moment> = momentsOf(calls),
): Finding | undefined {
  for (const absence of calls) {
    if (absence.plan.session === undefined || !isBareAbsence(absence)) continue;
    const { key, start, end } = absence;
    const ofSession = calls.filter((call) => call.key === key && isToldIn(sessionOf(absence), call));
    const known = newestOf(ofSession.filter((call) => call.end! < start));
    if (known?.version === undefined || known.value === 0) continue;
    const least = known.version;
    const text = `${nameOf(absence)} found nothing of ${key}, which its session knew by "${nameOf(known)}"`;
    const mayBeGone = (call: Call): boolean =>
      call.key === key && isDeletion(call) && call.start < end! && isNewer(call.version, least);
    const mayHaveExpired = [...moments].some(
      ([call, { earliestUs }]) => call.key === key && earliestUs <= absence.endUs,
    );
    if (!mayHaveExpired && !calls.some(mayBeGone)) return { key, text: `${text}, and nobody had deleted it` };
    const back = ofSession.find((call) => call.start > end! && call.value !== 0 && !isNewer(call.version, least));
    if (back !== undefined) return { key, text: `${text}; then "${nameOf(back)}" came back to what it had known` };
  }
  return undefined;
}

function isToldIn(session: string, call: Call): boolean {
  const isOfSession = call.plan.session !== undefined && sessionOf(call) === session;
  return isOfSession && call.finishes === undefined && isAnswered(call) && call.version !== undefined;
}

function newestOf(calls: readonly Call[]): Call | undefined {
  return calls.reduce<Call | undefined>(
    (newest, call) => (newest === undefined || isNewer(call.version, newest.version!) ? call : newest),
    undefined,
  );
}

/** A version that nobody knows may be newer. */
function isNewer(version: Ballot | undefined, other: Ballot): boolean {
  return version === undefined || compareBallots(version, other) > 0;
}
