// What clients saw, as a history for the checkers: which calls count, and which of them anybody may rely on.
import type { Operation as HistoryOperation } from '../../check/history.ts';
import type { Outcome } from '../../replica/operation.ts';
import type { Call } from './client.ts';
import type { PlanLevel } from './plan.ts';

/** What is wrong with a history. */
export interface Finding {
  /** The key whose history is wrong, where it is one. */
  readonly key: string | undefined;
  /** For people: what, and where. */
  readonly text: string;
}

/** Outcomes of a write of which nothing has left. */
const WITHOUT_EFFECT: ReadonlySet<Outcome | undefined> = new Set(['unavailable', 'aborted', 'closed', 'state-lost']);

/** Levels that meet each other: what is linearizable together. */
const QUORATE: readonly PlanLevel[] = ['quorum', 'all'];

/** A call that counts, with what the checkers see of it. */
export interface Counted<Seen extends Call> {
  readonly call: Seen;
  readonly operation: HistoryOperation;
}

/**
 * The history of calls, for the checkers. Weaker operations must not harm the others: a put at level `one` may take
 * effect later or be lost, as if it had no answer; what a get at a level that is not among `levels` returned binds
 * nobody.
 */
export function historyOf(calls: readonly Call[], levels: readonly PlanLevel[] = QUORATE): HistoryOperation[] {
  return countedOf(calls, levels).map(({ operation }) => operation);
}

/** The same, with the calls. A write and what finishes it are one operation. */
export function countedOf<Seen extends Call>(calls: readonly Seen[], levels: readonly PlanLevel[]): Counted<Seen>[] {
  const ends = endsOf(calls);
  const answers = answersOf(calls);
  return calls
    .filter((call) => !isWithoutEffect(call) && call.finishes === undefined)
    .filter((call) => call.kind !== 'scan' && (call.kind !== 'get' || levels.includes(strengthOf(call))))
    .map((call) => {
      const { process, key, value, start } = call;
      const end = ends.get(call) ?? Number.POSITIVE_INFINITY;
      const shown = value === 0 ? null : value;
      const told = answers.get(call);
      const found = told?.before === 0 ? null : told?.before;
      const operation =
        call.kind === 'get'
          ? { process, key, call: 'read', input: undefined, output: shown, start, end }
          : told?.outcome === 'kept'
            ? { process, key, call: 'read', input: undefined, output: found, start, end }
            : call.kind === 'change'
              ? { process, key, call: 'exchange', input: shown, output: found, start, end }
              : { process, key, call: 'write', input: shown, output: undefined, start, end };
      return { call, operation };
    });
}

/** An operation as checkers see it that know reads and writes only: an exchange is a write. */
export function withoutExchanges(operation: HistoryOperation): HistoryOperation {
  return operation.call === 'exchange' ? { ...operation, call: 'write', output: undefined } : operation;
}

/** The call that first told what an operation came to: its own, or one that finished it. */
export function answersOf(calls: readonly Call[]): ReadonlyMap<Call, Call> {
  const answers = new Map<Call, Call>();
  for (const call of calls) {
    const named = call.finishes ?? call;
    if (isAnswered(call) && !answers.has(named)) answers.set(named, call);
  }
  return answers;
}

/** When clients first heard that a call has happened; those of which nobody knows are left out. */
export function endsOf(calls: readonly Call[]): ReadonlyMap<Call, number> {
  const ends = new Map<Call, number>();
  for (const call of calls) {
    const named = call.finishes ?? call;
    // Of a write at level `one` or `two` nobody may rely on more than that so many replicas had it.
    const isKnown = isAnswered(call) && (call.kind !== 'put' || QUORATE.includes(strengthOf(named)));
    const end = call.hint === undefined ? call.end! : finishedAt(call.hint);
    if (isKnown && end !== undefined && !ends.has(named)) ends.set(named, end);
  }
  return ends;
}

/** When a quorum was known to have what was hinted; nobody may rely on it before. */
function finishedAt({ end }: NonNullable<Call['hint']>): number | undefined {
  return end?.as === 'finished' ? end.at : undefined;
}

/** What a call at level `available` came to: the quorum, or whatever there was. */
function strengthOf({ plan, isStale }: Call): PlanLevel {
  if (plan.level !== 'available') return plan.level;
  return isStale ? 'one' : 'quorum';
}

/** Whether it was answered with a result. */
export function isAnswered({ outcome }: Call): boolean {
  return outcome === 'ok' || outcome === 'absent' || outcome === 'kept';
}

/** Whether a call certainly did nothing: a write of which nothing has left, a read without a result. */
export function isWithoutEffect(call: Call): boolean {
  const { kind, outcome } = call;
  if (kind === 'get' || kind === 'scan') return !isAnswered(call);
  return WITHOUT_EFFECT.has(outcome);
}

/** Tells the position in the history behind all that happened before a moment, in microseconds of virtual time. */
export function positionsOf(calls: readonly Call[]): (us: number) => number {
  const positions = calls.flatMap(({ start, atUs, end, endUs }) => [
    { at: start, us: atUs },
    ...(end === undefined ? [] : [{ at: end, us: endUs }]),
  ]);
  return (moment) => Math.max(-1, ...positions.filter(({ us }) => us < moment).map(({ at }) => at)) + 0.5;
}
