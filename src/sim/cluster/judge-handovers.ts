// Sessions that go on from that of another client: what that had seen by then, they have seen too.
import { compareBallots } from '../../protocol/ballot.ts';
import type { Call } from './client.ts';
import { isAnswered } from './judge-history.ts';
import { sessionOf } from './judge-reads.ts';

/**
 * The calls, and, before each one with which a session goes on from another, reads by which it would have seen what
 * that had seen: the newest version of each key. For judges of sessions.
 */
export function withHandovers(calls: readonly Call[]): readonly Call[] {
  const handovers = calls.filter(({ handedFrom }) => handedFrom !== undefined);
  if (handovers.length === 0) return calls;
  const told = [...calls];
  for (const handover of handovers.toSorted((a, b) => a.start - b.start)) {
    const { client, handedFrom, start } = handover;
    const sessions = new Set(calls.filter((call) => call.client === client).map(sessionOf));
    const before = told.filter((call) => isToldBy(start, call));
    const seen = newestByKey(before.filter((call) => call.client === handedFrom));
    for (const process of sessions) {
      const own = newestByKey(before.filter((call) => sessionOf(call) === process));
      for (const [key, each] of seen) {
        const known = own.get(key);
        if (known !== undefined && compareBallots(known.version!, each.version!) >= 0) continue;
        // Between what came before the handover and the handover.
        const read = { ...each, kind: 'get', client, process, finishes: undefined, page: undefined } as const;
        told.push({ ...read, start: start - 0.5, end: start - 0.25 });
      }
    }
  }
  return told;
}

function isToldBy(position: number, call: Call): boolean {
  if (call.plan.session === undefined || call.finishes !== undefined || call.end === undefined) return false;
  return call.end < position && isAnswered(call) && call.version !== undefined;
}

function newestByKey(calls: readonly Call[]): ReadonlyMap<string, Call> {
  const newest = new Map<string, Call>();
  for (const call of calls) {
    const known = newest.get(call.key);
    if (known === undefined || compareBallots(call.version!, known.version!) > 0) newest.set(call.key, call);
  }
  return newest;
}
