// Who comes before whom, as a graph that grows by one edge at a time and is then searched in flat arrays.
import type { DependencyKind } from './anomaly.ts';
import type { TransactionKey, TransactionValue } from './transaction.ts';

/** The kinds of edges, as bits of a mask. */
export const KIND: Readonly<Record<DependencyKind, number>> = { ww: 1, wr: 2, rw: 4, process: 8, realtime: 16 };

/** What an edge is about: see `Dependency` in anomaly.ts. */
export interface Reason {
  readonly key: TransactionKey;
  readonly before?: TransactionValue | undefined;
  readonly after?: TransactionValue | undefined;
}

/** The edges that leave each node, in flat arrays: those of node `n` are at `offsets[n]` to `offsets[n + 1] - 1`. */
export interface Adjacency {
  readonly nodes: number;
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  /** Numbers of the edges in the graph that they were taken from; -1 where there is none. */
  readonly edges: Int32Array;
}

/**
 * Transactions, and what orders them. Nodes 0 to `transactions` - 1 are the transactions; those above are relays, which
 * stand for many edges: each path from a transaction through relays of one kind to another transaction is one edge.
 * With them, "everything that returned before this was called" takes a number of edges linear in the history.
 */
export class DependencyGraph {
  readonly transactions: number;
  #nodes: number;
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #kinds: number[] = [];
  readonly #reasons: (Reason | undefined)[] = [];

  constructor(transactions: number) {
    this.transactions = transactions;
    this.#nodes = transactions;
  }

  /** Transactions and relays. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Adds a relay. */
  relay(): number {
    return this.#nodes++;
  }

  /** Adds an edge; a transaction never depends on itself, so such an edge is left out. */
  add(from: number, to: number, edge: { readonly kind: DependencyKind; readonly reason?: Reason }): void {
    if (from === to) return;
    this.#from.push(from);
    this.#to.push(to);
    this.#kinds.push(KIND[edge.kind]);
    this.#reasons.push(edge.reason);
  }

  kindOf(edge: number): number {
    return this.#kinds[edge] ?? 0;
  }

  reasonOf(edge: number): Reason | undefined {
    return this.#reasons[edge];
  }

  targetOf(edge: number): number {
    return this.#to[edge] ?? 0;
  }

  /** The edges whose kind is in `mask`. */
  adjacency(mask: number): Adjacency {
    const chosen = this.#chosen(mask);
    const ends = chosen.map((edge) => [this.#from[edge] ?? 0, this.#to[edge] ?? 0, edge] as const);
    return adjacencyOf(this.#nodes, ends);
  }

  /**
   * The graph in which each transaction is split in two, its start and its commit: it has a cycle where the history
   * violates snapshot isolation. What a transaction depends on committed before it started (ww, wr, order of calls);
   * what it read before another replaced it, it read from a snapshot taken before the other committed (rw).
   *
   * Source: Adya (1999), section 4.3.1, start-depends; the same condition as theorem 4.1 of Cerone and Gotsman (2016).
   */
  split(mask: number): Adjacency {
    const relays = this.transactions;
    const start = (node: number): number => (node < relays ? 2 * node : relays + node);
    const commit = (node: number): number => (node < relays ? 2 * node + 1 : relays + node);
    const ends: (readonly [number, number, number])[] = [];
    for (let node = 0; node < relays; node++) ends.push([start(node), commit(node), -1]);
    for (const edge of this.#chosen(mask)) {
      const [from, to] = [this.#from[edge] ?? 0, this.#to[edge] ?? 0];
      if (this.#kinds[edge] === KIND.rw) ends.push([start(from), commit(to), edge]);
      else ends.push([commit(from), start(to), edge]);
    }
    return adjacencyOf(relays + this.#nodes, ends);
  }

  #chosen(mask: number): readonly number[] {
    const chosen: number[] = [];
    for (let edge = 0; edge < this.#kinds.length; edge++) if ((this.kindOf(edge) & mask) !== 0) chosen.push(edge);
    return chosen;
  }
}

function adjacencyOf(nodes: number, ends: readonly (readonly [from: number, to: number, edge: number])[]): Adjacency {
  const offsets = new Int32Array(nodes + 1);
  for (const [from] of ends) offsets[from + 1]!++;
  for (let node = 0; node < nodes; node++) offsets[node + 1]! += offsets[node]!;
  const next = offsets.slice();
  const targets = new Int32Array(ends.length);
  const edges = new Int32Array(ends.length);
  for (const [from, to, edge] of ends) {
    const at = next[from]!++;
    targets[at] = to;
    edges[at] = edge;
  }
  return { nodes, offsets, targets, edges };
}
