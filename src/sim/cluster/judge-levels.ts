// What is promised to reads of any level, also where linearizability says nothing: no value from nowhere, none of a
// write that certainly did not happen, and after a write at level `all` nothing older.
import type { Call } from './client.ts';
import { momentsOf } from './judge-expiry.ts';
import type { Moment } from './judge-expiry.ts';
import { nameOf } from './client.ts';
import { endsOf, isAnswered, isWithoutEffect } from './judge-history.ts';
import type { Finding } from './judge-history.ts';

/** The writes of one key. */
interface Writes {
  /** By the value that they write; deletes, which all write the same, are by {@link deletes}. */
  readonly byValue: Map<number, Call>;
  readonly deletes: Call[];
  /** Those whose values expire, and when. */
  readonly expiring: { readonly call: Call; readonly moment: Moment }[];
  /** Those at level `all`, with the position at which all replicas had them. */
  readonly toAll: { readonly call: Call; readonly end: number }[];
}

/** What is wrong with the reads of a run; `undefined` when nothing is. */
export function judgeLevels(
  calls: readonly Call[],
  moments: ReadonlyMap<Call, Moment> = momentsOf(calls),
): Finding | undefined {
  const ends = endsOf(calls);
  const writesOf = new Map<string, Writes>();
  const kept = new Set(calls.filter(({ outcome }) => outcome === 'kept').map((call) => call.finishes ?? call));
  for (const call of calls) {
    if (call.kind !== 'get' && call.finishes === undefined) addWrite(writesOf, call, kept.has(call) ? NO_ENDS : ends);
  }
  for (const [call, moment] of moments) writesOf.get(call.key)?.expiring.push({ call, moment });
  for (const read of calls) {
    if (read.kind !== 'get' || !isAnswered(read)) continue;
    const text = judgeRead(read, writesOf.get(read.key), ends);
    if (text !== undefined) return { key: read.key, text: `${nameOf(read)} returned ${text}` };
  }
  return undefined;
}

/** For a change that has found something else: weak reads may have seen what it proposed in vain, and nobody had to. */
const NO_ENDS: ReadonlyMap<Call, number> = new Map();

function addWrite(writesOf: Map<string, Writes>, call: Call, ends: ReadonlyMap<Call, number>): void {
  const writes = writesOf.get(call.key) ?? { byValue: new Map<number, Call>(), deletes: [], expiring: [], toAll: [] };
  writesOf.set(call.key, writes);
  if (call.value === 0) writes.deletes.push(call);
  else writes.byValue.set(call.value, call);
  const end = ends.get(call);
  if (call.plan.level === 'all' && end !== undefined) writes.toAll.push({ call, end });
}

function judgeRead(read: Call, writes: Writes | undefined, ends: ReadonlyMap<Call, number>): string | undefined {
  const isAbsent = read.value === 0;
  const write = isAbsent ? undefined : writes?.byValue.get(read.value);
  if (!isAbsent) {
    if (write === undefined) return `v${read.value}, which nobody has written`;
    if (write.start > read.end!) return `v${read.value} before it was written`;
    if (isWithoutEffect(write)) return `v${read.value}, whose write has ended as ${write.outcome}`;
  }
  const expired = (writes?.expiring ?? []).filter(({ moment }) => moment.earliestUs <= read.endUs);
  const sources = isAbsent ? [...(writes?.deletes ?? []), ...expired.map(({ call }) => call)] : [write!];
  for (const { call, end } of writes?.toAll ?? []) {
    // A write may be newer than this one unless it had ended before; before any write a key is absent.
    const mayBeNewer = sources.some((each) => each === call || !isOver(each, call.start, ends));
    if (end < read.start && !mayBeNewer) {
      return `${isAbsent ? 'absent' : `v${read.value}`} after all replicas had acknowledged "${nameOf(call)}"`;
    }
  }
  return undefined;
}

/** Whether a write was over before a position, or never had an effect. */
function isOver(write: Call, position: number, ends: ReadonlyMap<Call, number>): boolean {
  return isWithoutEffect(write) || (ends.get(write) ?? Number.POSITIVE_INFINITY) < position;
}
