// What levels promise to those who read at them, besides linearizability: a session's own order, or a bound on how old
// a read may be. Nobody is promised either yet; a run that is asked to holds its reads to it.
import type { Operation as HistoryOperation, Verdict } from '../../check/history.ts';
import { ANY } from '../../check/model.ts';
import { checkSession } from '../../check/sessions.ts';
import type { SessionGuarantee } from '../../check/sessions.ts';
import { checkStaleness } from '../../check/staleness.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { Call } from './client.ts';
import { countedOf, withoutExchanges } from './judge-history.ts';
import type { Counted, Finding } from './judge-history.ts';
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

/** A call that knows the version which it made or read; `undefined` for a key that never was. */
export interface VersionedCall extends Call {
  readonly version?: Ballot | undefined;
}

/** What is wrong with the reads that a promise holds for; `undefined` when it is kept. */
export function judgePromise(calls: readonly VersionedCall[], promise: LevelPromise): Finding | undefined {
  const { levels, guarantees, maxVersions, maxStaleUs } = promise;
  const counted = countedOf(calls, levels).map(({ call, operation }) => ({
    call,
    operation: withoutExchanges(operation),
  }));
  const by = counted.every(isVersioned) ? 'version' : 'value';
  const history = by === 'version' ? counted.map(byVersion) : byValue(counted);
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

/** Whether the version is known where the checkers ask for it: of every read, and of every write that was answered. */
function isVersioned({ call, operation }: Counted<VersionedCall>): boolean {
  return call.version !== undefined || operation.end === Number.POSITIVE_INFINITY || operation.output === null;
}

function byVersion({ call, operation }: Counted<VersionedCall>): HistoryOperation {
  const { version } = call;
  if (version === undefined) return operation;
  return { ...operation, output: (BigInt(version.high) << 32n) | BigInt(version.low >>> 0) };
}

/** Deletes get values of their own; which of them an absent key is due to is not known, so that such a read is any. */
function byValue(counted: readonly Counted<VersionedCall>[]): HistoryOperation[] {
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
