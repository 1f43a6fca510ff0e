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
    const ends = { from: (edge: number) => this.#from[edge]!, to: (edge: number) => this.#to[edge]! };
    return this.#adjacency(this.#nodes, { mask, ends, isSplit: false });
  }

  /**
   * The graph in which each transaction is split in two, its start and its commit: it has a cycle where the history
   * violates snapshot isolation. What a transaction depends on committed before it started (ww, wr, order of calls);
   * what it read before another replaced it, it read from a snapshot taken before the other committed (rw).
   *
   * Source: Adya (1999), chapter 4, start-depends; the same cycles as in the characterization of snapshot isolation by
   * Cerone and Gotsman (2016): those without two `rw` edges next to each other.
   */
  split(mask: number): Adjacency {
    const relays = this.transactions;
    const start = (node: number): number => (node < relays ? 2 * node : relays + node);
    const commit = (node: number): number => (node < relays ? 2 * node + 1 : relays + node);
    const ends = {
      from: (edge: number) => (this.#kinds[edge] === KIND.rw ? start : commit)(this.#from[edge]!),
      to: (edge: number) => (this.#kinds[edge] === KIND.rw ? commit : start)(this.#to[edge]!),
    };
    return this.#adjacency(relays + this.#nodes, { mask, ends, isSplit: true });
  }

  /** Sorts edges by the node that they leave: counts them first, then puts each in its place. */
  #adjacency(nodes: number, { mask, ends, isSplit }: Chosen): Adjacency {
    const offsets = new Int32Array(nodes + 1);
    const added = isSplit ? this.transactions : 0; // From each start to its commit.
    for (let transaction = 0; transaction < added; transaction++) offsets[2 * transaction + 1]! += 1;
    for (let edge = 0; edge < this.#kinds.length; edge++) {
      if ((this.#kinds[edge]! & mask) !== 0) offsets[ends.from(edge) + 1]! += 1;
    }
    for (let node = 0; node < nodes; node++) offsets[node + 1]! += offsets[node]!;
    const next = offsets.slice();
    const targets = new Int32Array(offsets[nodes]!);
    const edges = new Int32Array(offsets[nodes]!);
    const put = (from: number, to: number, edge: number): void => {
      const at = next[from]!;
      next[from] = at + 1;
      targets[at] = to;
      edges[at] = edge;
    };
    for (let transaction = 0; transaction < added; transaction++) put(2 * transaction, 2 * transaction + 1, -1);
    for (let edge = 0; edge < this.#kinds.length; edge++) {
      if ((this.#kinds[edge]! & mask) !== 0) put(ends.from(edge), ends.to(edge), edge);
    }
    return { nodes, offsets, targets, edges };
  }
}

/** Which edges of the graph are wanted, and between which nodes they then lie. */
interface Chosen {
  readonly mask: number;
  readonly ends: { from(edge: number): number; to(edge: number): number };
  readonly isSplit: boolean;
}
