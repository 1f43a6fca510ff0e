// The order in which transactions were called, as edges: of each process, and in real time.
import type { DependencyGraph } from './dependency-graph.ts';
import type { TransactionOperation } from './transaction.ts';

/** Adds an edge from each transaction of a process to the next one that it called. */
export function addProcessOrder(
  graph: DependencyGraph,
  operations: readonly TransactionOperation[],
  members: number[],
): void {
  const last = new Map<string | number, number>();
  const startOf = (member: number): number => operations[member]?.start ?? 0;
  for (const member of members.toSorted((a, b) => startOf(a) - startOf(b))) {
    const { process: caller, start } = operations[member]!;
    const before = last.get(caller);
    if (before !== undefined && endOf(operations[before]!) < start) graph.add(before, member, { kind: 'process' });
    // A process that went on after a call without an answer: that transaction may commit at any later time.
    if (endOf(operations[member]!) !== Number.POSITIVE_INFINITY) last.set(caller, member);
  }
}

/**
 * Adds real time: whatever returned comes before whatever was called later. Each return is a relay, linked to the next
 * one, so that the number of edges is linear.
 *
 * Source: Kingsbury and Alvaro, "Elle" (VLDB 2020), real-time order, whose reduction has an edge for each two
 * transactions that are next to each other; relays say the same with fewer.
 */
export function addRealTime(
  graph: DependencyGraph,
  operations: readonly TransactionOperation[],
  members: number[],
): void {
  const returned = members.filter((member) => endOf(operations[member]!) !== Number.POSITIVE_INFINITY);
  const byEnd = returned.toSorted((a, b) => operations[a]!.end - operations[b]!.end);
  const byStart = members.toSorted((a, b) => operations[a]!.start - operations[b]!.start);
  let relay: number | undefined;
  let at = 0;
  for (const member of byStart) {
    for (; at < byEnd.length && operations[byEnd[at]!]!.end < operations[member]!.start; at++) {
      const next = graph.relay();
      if (relay !== undefined) graph.add(relay, next, { kind: 'realtime' });
      graph.add(byEnd[at]!, next, { kind: 'realtime' });
      relay = next;
    }
    if (relay !== undefined) graph.add(relay, member, { kind: 'realtime' });
  }
}

/** What a transaction did to a key: the version that it met first there, and last. */
export interface Touch<Version> {
  readonly by: number;
  readonly first: Version;
  readonly last: Version;
}

/** Pairs of touches of one key, of which one transaction came before the other; those next to each other. */
export function successionsByCall<Version>(
  operations: readonly TransactionOperation[],
  touches: readonly Touch<Version>[],
  order: 'none' | 'process' | 'real-time',
): readonly { readonly earlier: Touch<Version>; readonly later: Touch<Version> }[] {
  if (order === 'none') return [];
  if (order === 'real-time') return adjacent(operations, touches);
  const byProcess = new Map<string | number, Touch<Version>[]>();
  for (const touch of touches) {
    const { process: caller } = operations[touch.by]!;
    const known = byProcess.get(caller);
    if (known === undefined) byProcess.set(caller, [touch]);
    else known.push(touch);
  }
  return [...byProcess.values()].flatMap((ofProcess) => adjacent(operations, ofProcess));
}

function adjacent<Version>(
  operations: readonly TransactionOperation[],
  touches: readonly Touch<Version>[],
): { readonly earlier: Touch<Version>; readonly later: Touch<Version> }[] {
  const startOf = ({ by }: Touch<Version>): number => operations[by]!.start;
  const returnOf = ({ by }: Touch<Version>): number => endOf(operations[by]!);
  const byEnd = touches.toSorted((a, b) => returnOf(a) - returnOf(b) || startOf(a) - startOf(b));
  const pairs: { readonly earlier: Touch<Version>; readonly later: Touch<Version> }[] = [];
  // Those that returned, without those that came before another of them: as many as overlap, no more.
  let frontier: Touch<Version>[] = [];
  let at = 0;
  for (const later of touches.toSorted((a, b) => startOf(a) - startOf(b))) {
    for (; at < byEnd.length && returnOf(byEnd[at]!) < startOf(later); at++) {
      const next = byEnd[at]!;
      frontier = frontier.filter((touch) => returnOf(touch) >= startOf(next));
      frontier.push(next);
    }
    for (const earlier of frontier) pairs.push({ earlier, later });
  }
  return pairs;
}

/** When its answer arrived: one that was given up without an answer may commit at any later time. */
function endOf({ output, end }: TransactionOperation): number {
  return output === undefined ? Number.POSITIVE_INFINITY : end;
}
