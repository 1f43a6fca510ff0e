// Registers whose written values all differ: each read names its write, so no search is needed. The operations of one
// value must lie together in any legal order; where some of value A come before some of value B and the other way
// round, there is none, and otherwise there is one. Source: Gibbons and Korach, "Testing shared memories" (1997),
// section 4 (clusters, and zones that are forward or backward).
import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { identityOf } from './models/value.ts';
import type { Identity } from './models/value.ts';

/** Most values of one object that are told apart: V8's Map holds 2^24 entries. */
export const VALUES_MAX = 8_000_000;

/** What a check without search found: legal; or the few operations that no order explains. */
export type DirectOutcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'illegal'; readonly among: readonly Operation[] };

/** The operations of one value: its write and the reads that returned it. */
interface Cluster {
  /** `undefined` for the initial value, until somebody writes it. */
  write: Operation | undefined;
  isRead: boolean;
  /** The operation that returned first, and when. All of another cluster called after that come after this one. */
  first: Operation | undefined;
  firstEnd: number;
  /** The operation called last, and when. */
  last: Operation | undefined;
  lastStart: number;
}

/**
 * Checks the operations of one register in n log n steps.
 *
 * @returns `undefined` when it does not apply: the model has something else than reads and writes, or some value is
 *   written twice.
 */
export function checkZones(operations: readonly Operation[], model: Model): DirectOutcome | undefined {
  if (model.asRegister === undefined) return undefined;
  const clusters = new Map<Identity, Cluster>();
  const initial = emptyCluster();
  initial.firstEnd = -Infinity;
  clusters.set(identityOf(model.initial), initial);
  for (const operation of operations) {
    const view = model.asRegister(operation);
    if (view === undefined) return undefined;
    if (view.kind === 'nothing') continue;
    const identity = identityOf(view.value);
    let cluster = clusters.get(identity);
    if (cluster === undefined) {
      if (clusters.size >= VALUES_MAX) return undefined;
      cluster = emptyCluster();
      clusters.set(identity, cluster);
    }
    if (view.kind === 'write') {
      if (cluster.write !== undefined || cluster === initial) return undefined;
      cluster.write = operation;
    } else {
      cluster.isRead = true;
    }
    widen(cluster, operation);
  }
  const known = [...clusters.values()];
  const unwritten = known.find((cluster) => isImpossible(cluster, initial));
  if (unwritten !== undefined) return { kind: 'illegal', among: membersOf(unwritten) };
  // A write that never returned and that nobody read is in nobody's way: nothing is called after its first return.
  const conflict = conflictOf(known);
  return conflict === undefined ? { kind: 'ok' } : { kind: 'illegal', among: conflict.flatMap(membersOf) };
}

function emptyCluster(): Cluster {
  return {
    write: undefined,
    isRead: false,
    first: undefined,
    firstEnd: Infinity,
    last: undefined,
    lastStart: -Infinity,
  };
}

function widen(cluster: Cluster, operation: Operation): void {
  if (operation.end < cluster.firstEnd) {
    cluster.first = operation;
    cluster.firstEnd = operation.end;
  }
  if (operation.start > cluster.lastStart) {
    cluster.last = operation;
    cluster.lastStart = operation.start;
  }
}

/** Whether a value was read that nobody wrote, or before it was written. */
function isImpossible(cluster: Cluster, initial: Cluster): boolean {
  if (cluster === initial || !cluster.isRead) return false;
  return cluster.write === undefined || cluster.firstEnd < cluster.write.start;
}

/**
 * Two clusters of which some operations must come before and others after some of the other, if there are such.
 *
 * A zone is forward where an operation of it returns before another is called: from the first return to the last call.
 * No two forward zones may overlap, and no other zone (from the last call to the first return) may lie within one.
 */
function conflictOf(clusters: readonly Cluster[]): readonly [Cluster, Cluster] | undefined {
  const forward: Cluster[] = [];
  const backward: Cluster[] = [];
  for (const cluster of clusters) (cluster.firstEnd < cluster.lastStart ? forward : backward).push(cluster);
  forward.sort((a, b) => a.firstEnd - b.firstEnd);
  for (let at = 1; at < forward.length; at++) {
    const earlier = forward[at - 1]!;
    if (earlier.lastStart > forward[at]!.firstEnd) return [earlier, forward[at]!];
  }
  // They do not overlap now, so that only one can hold a backward zone: the latest that begins before it.
  for (const cluster of backward) {
    const around = latestBefore(forward, cluster.lastStart);
    if (around !== undefined && cluster.firstEnd < around.lastStart) return [around, cluster];
  }
  return undefined;
}

function latestBefore(forward: readonly Cluster[], position: number): Cluster | undefined {
  let low = 0;
  let high = forward.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (forward[middle]!.firstEnd < position) low = middle + 1;
    else high = middle;
  }
  return forward[low - 1];
}

function membersOf({ write, first, last }: Cluster): readonly Operation[] {
  const members = [write, first, last].filter((operation) => operation !== undefined);
  return [...new Set(members)];
}
