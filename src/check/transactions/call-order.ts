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
 * Source: Kingsbury and Alvaro, "Elle" (VLDB 2020), section 5.1, whose reduction has an edge for each two transactions
 * that are next to each other; relays say the same with fewer.
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

/** When its answer arrived: one that was given up without an answer may commit at any later time. */
function endOf({ output, end }: TransactionOperation): number {
  return output === undefined ? Number.POSITIVE_INFINITY : end;
}
