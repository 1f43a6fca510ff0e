// What levels promise to those who read at them, besides linearizability: a session's own order, or a bound on how old
// a read may be. What sessions are promised is judged in every run; a run that is asked to holds its reads to more.
import type { Operation as HistoryOperation, Verdict } from '../../check/history.ts';
import { ANY } from '../../check/model.ts';
import { SESSION_GUARANTEES, checkSession } from '../../check/sessions.ts';
import type { SessionGuarantee } from '../../check/sessions.ts';
import { checkStaleness } from '../../check/staleness.ts';
import { NO_BALLOT, compareBallots, isNone } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { Call } from './client.ts';
import { isBareAbsence } from './judge-absences.ts';
import { countedOf, isAnswered, withoutExchanges } from './judge-history.ts';
import type { Counted, Finding } from './judge-history.ts';
import { sessionOf } from './judge-reads.ts';
import type { PlanLevel } from './plan.ts';

/** What reads at some levels are promised. A session is a process of the history. */
export interface LevelPromise {
  /** Levels whose reads it holds for. */
  readonly levels: readonly PlanLevel[];
  /** Guarantees that each session has, one or several together. */
  readonly guarantees?: readonly SessionGuarantee[];
  /** Of how many latest versions a read may return any. */
  readonly maxVersions?: number;
  /** How old what a read returns may be, in microseconds. */
  readonly maxStaleUs?: number;
}

/** What is wrong with the reads that a promise holds for; `undefined` when it is kept. */
export function judgePromise(calls: readonly Call[], promise: LevelPromise): Finding | undefined {
  const { levels, guarantees, maxVersions, maxStaleUs } = promise;
  const counted = countedOf(calls, levels).map(({ call, operation }) => ({
    call,
    operation: withoutExchanges(operation),
  }));
  const by = areVersioned(counted) ? 'version' : 'value';
  const history = by === 'version' ? counted.map((each) => byVersion(each, calls)) : byValue(counted);
  const verdicts: readonly (Verdict | undefined)[] = [
    guarantees && checkSession(history, guarantees, { by }),
    maxVersions === undefined ? undefined : checkStaleness(history, { maxVersions, by }),
    maxStaleUs === undefined ? undefined : checkStaleness(inTime(history, calls), { maxStale: maxStaleUs, by }),
  ];
  for (const verdict of verdicts) {
    if (verdict === undefined || verdict.verdict === 'ok') continue;
    if (verdict.verdict === 'unknown') return { key: undefined, text: `Not decided: ${verdict.reason}` };
    return verdict.explanation;
  }
  return undefined;
}

/** What sessions are promised: all but causality across keys. */
const PROMISED = SESSION_GUARANTEES.filter((guarantee) => guarantee !== 'causal');

/** What is wrong with what the sessions of a run saw; `undefined` when each was shown nothing older. */
export function judgeSessions(calls: readonly Call[]): Finding | undefined {
  const judged = calls.filter(isJudged);
  for (const session of new Set(judged.map(sessionOf))) {
    const accesses = judged.filter((call) => sessionOf(call) === session);
    const versioned = accesses.map((call) => withErased(call, accesses, calls));
    const verdict = checkSession(versioned.flatMap(accessOf), PROMISED, { by: 'version' });
    if (verdict.verdict === 'illegal') return verdict.explanation;
    if (verdict.verdict === 'unknown') return { key: undefined, text: `Not decided: ${verdict.reason}` };
  }
  return undefined;
}

/**
 * A call of a session that was answered. One that was resolved promises nothing: it may have happened before or after
 * what its session did meanwhile. Nor does a change that found nothing, whose version its client is not told.
 */
function isJudged(call: Call): boolean {
  if (call.plan.session === undefined || call.finishes !== undefined || !isAnswered(call)) return false;
  return call.version !== undefined || (call.kind === 'get' && !isBareAbsence(call));
}

/**
 * What a session was shown, where the deletion that it tells of may have been erased: then nobody knows its version any
 * more. If some deletion may be as new as all that the session knew of the key, that is as good as what it knew.
 */
function withErased(call: Call, session: readonly Call[], calls: readonly Call[]): Call {
  const { key, outcome, version, erased, start } = call;
  if (outcome !== 'absent' || isNone(erased)) return call;
  if (version !== undefined && compareBallots(version, erased) > 0) return call;
  let known: Ballot = NO_BALLOT;
  for (const before of session) {
    if (before.key !== key || before.end! > start || before.version === undefined) continue;
    const isExact = before.outcome !== 'absent' || compareBallots(before.version, before.erased) > 0;
    if (isExact && compareBallots(before.version, known) > 0) known = before.version;
  }
  if (!calls.some((deletion) => mayShow(call, deletion, known))) return call;
  return { ...call, version: isNone(known) ? undefined : known };
}

/** Whether an absent key may be due to a deletion that was erased, and is not older than what was known. */
function mayShow({ key, erased, end }: Call, deletion: Call, known: Ballot): boolean {
  if (deletion.key !== key || deletion.value !== 0 || deletion.kind === 'get' || deletion.start > end!) return false;
  const { version } = deletion;
  if (version === undefined) return true;
  return compareBallots(version, known) >= 0 && compareBallots(version, erased) <= 0;
}

/** What a session did, and that others, of whom it knows nothing, may have written what it read. */
function accessOf(given: Call): HistoryOperation[] {
  const { key, kind, outcome, version, start, end } = given;
  const process = sessionOf(given);
  const others = { process: 'others', key, call: 'write', input: undefined, output: undefined };
  const call = kind === 'get' || outcome === 'kept' ? 'read' : 'write';
  const output = version === undefined ? null : numberOf(version);
  return [
    { ...others, start: -1, end: Number.POSITIVE_INFINITY },
    { process, key, call, input: undefined, output, start, end: end! },
  ];
}

/**
 * Whether versions say all: each read and each write that was answered has one, no two writes the same, as those of one
 * round have, and what was read is among those that were written.
 */
function areVersioned(counted: readonly Counted<Call>[]): boolean {
  const written = new Set<string>();
  for (const { call, operation } of counted) {
    if (operation.call === 'read' || operation.end === Number.POSITIVE_INFINITY) continue;
    if (call.version === undefined || written.has(placeOf(call))) return false;
    written.add(placeOf(call));
  }
  return counted.every(({ call, operation }) => {
    if (operation.call !== 'read') return true;
    return call.version === undefined ? call.outcome === 'absent' : written.has(placeOf(call));
  });
}

function placeOf({ key, version }: Call): string {
  return `${version?.high}:${version?.low} ${key}`;
}

/** An absent key has no version; where a deletion may have been erased, nobody knows which one it is due to. */
function byVersion({ call, operation }: Counted<Call>, calls: readonly Call[]): HistoryOperation {
  const { version, outcome, erased } = call;
  if (version !== undefined) return { ...operation, output: numberOf(version) };
  const isErased =
    outcome === 'absent' && !isNone(erased) && calls.some((deletion) => mayShow(call, deletion, NO_BALLOT));
  return isErased ? { ...operation, output: ANY } : operation;
}

function numberOf({ high, low }: Ballot): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** Deletes get values of their own; which of them an absent key is due to is not known, so that such a read is any. */
function byValue(counted: readonly Counted<Call>[]): HistoryOperation[] {
  const deleted = new Set(counted.filter(({ operation }) => isDelete(operation)).map(({ call }) => call.key));
  return counted.map(({ call, operation }) => {
    if (isDelete(operation)) return { ...operation, input: `deleted at ${call.start}` };
    const isAbsent = operation.call === 'read' && operation.output === null;
    return isAbsent && deleted.has(call.key) ? { ...operation, output: ANY } : operation;
  });
}

function isDelete({ call, input }: HistoryOperation): boolean {
  return call === 'write' && input === null;
}

/** The same history by the clock, for bounds of time; what happens in one microsecond happens at once. */
function inTime(history: readonly HistoryOperation[], calls: readonly Call[]): HistoryOperation[] {
  const timesUs = new Map<number, number>();
  for (const { start, atUs, end, endUs } of calls) {
    timesUs.set(start, atUs);
    if (end !== undefined) timesUs.set(end, endUs);
  }
  return history.map((operation) => ({
    ...operation,
    start: timesUs.get(operation.start)!,
    end: timesUs.get(operation.end) ?? Number.POSITIVE_INFINITY,
  }));
}
