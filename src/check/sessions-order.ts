// What must not be newer than what: demands on the order of versions, and whether one order can meet them all.
import type { Version, VersionsBy } from './sessions-versions.ts';
import { componentsOf } from './transactions/components.ts';
import type { Adjacency } from './transactions/dependency-graph.ts';

/** One demand: what is at `from` must not be newer than what is at `to`. */
interface Edge<Reason> {
  readonly from: number;
  readonly to: number;
  readonly reason: Reason | undefined;
}

/**
 * A set of demands "not newer than" between things, some of which may be relays: places that a demand only passes
 * through, so that "all of these before all of those" takes few demands.
 */
export class Demands<Thing, Reason> {
  readonly #things: (Thing | undefined)[] = [];
  readonly #numbers = new Map<Thing, number>();
  readonly #edges: Edge<Reason>[] = [];

  /** The number of a thing, for {@link add}. */
  of(thing: Thing): number {
    const known = this.#numbers.get(thing);
    if (known !== undefined) return known;
    this.#things.push(thing);
    this.#numbers.set(thing, this.#things.length - 1);
    return this.#things.length - 1;
  }

  relay(): number {
    this.#things.push(undefined);
    return this.#things.length - 1;
  }

  add(from: number, to: number, reason?: Reason): void {
    if (from !== to) this.#edges.push({ from, to, reason });
  }

  /**
   * Demands that no order can meet, in a ring: two different things of which each must not be newer than the other.
   *
   * @returns the reasons along the ring; `undefined` when one order meets all demands.
   */
  contradiction(): readonly Reason[] | undefined {
    const outgoing: Edge<Reason>[][] = this.#things.map(() => []);
    for (const edge of this.#edges) outgoing[edge.from]?.push(edge);
    const { of: component } = componentsOf(adjacencyOf(outgoing));
    const firstOf = new Map<number, number>();
    for (const [number, thing] of this.#things.entries()) {
      if (thing === undefined) continue;
      const first = firstOf.get(component[number]!);
      if (first === undefined) firstOf.set(component[number]!, number);
      else return [...this.#path(first, number, outgoing), ...this.#path(number, first, outgoing)];
    }
    return undefined;
  }

  /** The reasons on a shortest path. */
  #path(from: number, to: number, outgoing: readonly (readonly Edge<Reason>[])[]): readonly Reason[] {
    const reachedBy = new Map<number, Edge<Reason> | undefined>([[from, undefined]]);
    for (const node of reachedBy.keys()) {
      if (node === to) break;
      for (const edge of outgoing[node] ?? []) if (!reachedBy.has(edge.to)) reachedBy.set(edge.to, edge);
    }
    const reasons: Reason[] = [];
    for (let edge = reachedBy.get(to); edge !== undefined; edge = reachedBy.get(edge.from)) {
      if (edge.reason !== undefined) reasons.unshift(edge.reason);
    }
    return reasons;
  }
}

/**
 * Demands what is known of the versions of a key: the first is the oldest; by number, the order of all.
 *
 * @returns the versions, by version in their order.
 */
export function demandVersions(
  demands: { of(version: Version): number; add(from: number, to: number): void },
  versions: readonly Version[],
  by: VersionsBy,
): readonly Version[] {
  const first = versions.find(({ name }) => name === null);
  const others = versions.filter(({ name }) => name !== null);
  if (by === 'version') others.sort((a, b) => Number(numberOf(a) > numberOf(b)) - Number(numberOf(a) < numberOf(b)));
  let older = first;
  for (const version of others) {
    if (older !== undefined) demands.add(demands.of(older), demands.of(version));
    if (by === 'version') older = version;
  }
  return first === undefined ? others : [first, ...others];
}

/** The number of a version that is known by one. */
export function numberOf({ name }: Version): number | bigint {
  return typeof name === 'bigint' ? name : Number(name);
}

function adjacencyOf(outgoing: readonly (readonly { readonly to: number }[])[]): Adjacency {
  const offsets = new Int32Array(outgoing.length + 1);
  for (const [node, edges] of outgoing.entries()) offsets[node + 1] = offsets[node]! + edges.length;
  const targets = Int32Array.from(outgoing.flatMap((edges) => edges.map(({ to }) => to)));
  return { nodes: outgoing.length, offsets, targets, edges: targets };
}
