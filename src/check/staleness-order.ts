// Bounded staleness where the order of versions is given: then everything else is a demand on one order.
import type { Operation } from './history.ts';
import { Demands, demandVersions } from './sessions-order.ts';
import type { Access, Accesses, Version } from './sessions-versions.ts';

/** A bound on how old a read may be. */
export interface StalenessBound {
  /** How long before its call a read may take effect. */
  readonly stale: number;
  /** Of how many latest versions it may return any. */
  readonly versions: number;
  readonly inWords: string;
}

/**
 * Demands an order of all operations in which versions grow, each operation keeps to its time, and each read lies
 * between the write of its version and the first one that is too new for it.
 *
 * @returns operations that no order explains; `undefined` when there is one.
 */
export function demandFreshness(accesses: Accesses, bound: StalenessBound): readonly Operation[] | undefined {
  const byKey = new Map<string, Access[]>([...accesses.versionsOf.keys()].map((key) => [key, []]));
  for (const access of accesses.all) byKey.get(access.version.key)?.push(access);
  for (const [key, versions] of accesses.versionsOf) {
    const demands = new Demands<Access | Version, readonly Access[]>();
    const ordered = demandVersions(demands, versions, 'version');
    const rankOf = new Map(ordered.map((version, rank) => [version, rank] as const));
    const all = byKey.get(key) ?? [];
    for (const read of all.filter(({ isRead }) => isRead)) {
      demands.add(demands.of(read.version), demands.of(read), [read]);
      const tooNew = ordered[(rankOf.get(read.version) ?? 0) + bound.versions];
      if (tooNew !== undefined) demands.add(demands.of(read), demands.of(tooNew), [read]);
    }
    demandTime(demands, all, bound.stale);
    const contradiction = demands.contradiction();
    if (contradiction !== undefined) return contradiction.flatMap((some) => some.map(({ operation }) => operation));
  }
  return undefined;
}

/** Whatever returned comes before whatever was called later; reads may have been called so much earlier. */
function demandTime(
  demands: Demands<Access | Version, readonly Access[]>,
  all: readonly Access[],
  stale: number,
): void {
  const startOf = ({ isRead, operation }: Access): number => (isRead ? operation.start - stale : operation.start);
  // A version stands for its write.
  const placeOf = (access: Access): number => demands.of(access.isRead ? access : access.version);
  const byEnd = all.toSorted((a, b) => a.operation.end - b.operation.end);
  let relay: number | undefined;
  let at = 0;
  for (const access of all.toSorted((a, b) => startOf(a) - startOf(b))) {
    for (; at < byEnd.length && byEnd[at]!.operation.end < startOf(access); at++) {
      const next = demands.relay();
      if (relay !== undefined) demands.add(relay, next);
      demands.add(placeOf(byEnd[at]!), next, [byEnd[at]!]);
      relay = next;
    }
    if (relay !== undefined) demands.add(relay, placeOf(access), [access]);
  }
}
