// Shortest cycles with given kinds of edges, by breadth-first search within one component.
import { unreachable } from '../../base/assert.ts';
import type { CycleName } from './anomaly.ts';
import { componentsOf } from './components.ts';
import { KIND } from './dependency-graph.ts';
import type { Adjacency, DependencyGraph } from './dependency-graph.ts';

/** A cycle of transactions: each entry is one step, the edges of the graph from one transaction to the next. */
export type Cycle = readonly Step[];

/** From one transaction to the next: one edge, or one into a relay, some between relays and one out of them. */
export interface Step {
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  readonly edges: readonly number[];
}

/** Which cycles a search is for. */
export interface CycleShape {
  /** Kinds of the first step: a cycle is found from each of its steps, so one that it must have. */
  readonly first: number;
  /** Kinds of all other steps. */
  readonly rest: number;
  /** Whether an `rw` step may follow another. */
  readonly mayMeet: boolean;
  /** What it must have besides: a second `rw` step, or two that meet. */
  readonly must: 'nothing' | 'second' | 'meet';
}

const DEPENDS = KIND.ww | KIND.wr;

/** The shape of each named cycle, with the order of calls in `order` allowed as well. */
export function shapeOf(name: CycleName, order: number): CycleShape {
  const all = DEPENDS | KIND.rw | order;
  switch (name) {
    case 'G0':
      return { first: KIND.ww, rest: KIND.ww | order, mayMeet: false, must: 'nothing' };
    case 'G1c':
      return { first: KIND.wr, rest: DEPENDS | order, mayMeet: false, must: 'nothing' };
    case 'G-single':
      return { first: KIND.rw, rest: DEPENDS | order, mayMeet: false, must: 'nothing' };
    case 'G-nonadjacent':
      return { first: KIND.rw, rest: all, mayMeet: false, must: 'second' };
    case 'G2-item':
      return { first: KIND.rw, rest: all, mayMeet: true, must: 'meet' };
    default:
      return unreachable(name);
  }
}

// What a walk has behind it, as bits of its state: its last step is `rw`; it has two such steps; two of them met.
const LAST_IS_RW = 1;
const HAS_SECOND = 2;
const HAS_MET = 4;
const MODES = 8;

/**
 * Finds a cycle of the shape, in as few transactions as it can within its budget.
 *
 * @param edgesMax how many edges it looks at: once they are spent, the shortest cycle so far is returned. At least one
 *   start is searched to its end.
 * @returns `undefined` when there is none, or none was found in time.
 */
export function findCycle(graph: DependencyGraph, shape: CycleShape, edgesMax: number): Cycle | undefined {
  const adjacency = graph.adjacency(shape.first | shape.rest);
  const { of: component, sizes } = componentsOf(adjacency);
  if (sizes.every((size) => size === 1)) return undefined;
  const search = new CycleSearch(graph, adjacency, component);
  let best: Cycle | undefined;
  for (let start = 0; start < graph.transactions && search.edgesSeen <= edgesMax; start++) {
    if (sizes[component[start]!] === 1) continue;
    const found = search.from(start, shape, best === undefined ? Number.POSITIVE_INFINITY : best.length - 1);
    if (found !== undefined) best = found;
    if (best?.length === 2) break;
  }
  return best;
}

class CycleSearch {
  edgesSeen = 0;
  readonly #graph: DependencyGraph;
  readonly #adjacency: Adjacency;
  readonly #component: Int32Array;
  // By state, which is a node and what the walk to it has behind it; valid where the stamp is this search's.
  readonly #stamps: Int32Array;
  readonly #parents: Int32Array;
  readonly #byEdge: Int32Array;
  #stamp = 0;

  constructor(graph: DependencyGraph, adjacency: Adjacency, component: Int32Array) {
    this.#graph = graph;
    this.#adjacency = adjacency;
    this.#component = component;
    const states = adjacency.nodes * MODES;
    this.#stamps = new Int32Array(states);
    this.#parents = new Int32Array(states);
    this.#byEdge = new Int32Array(states);
  }

  /** A shortest walk of the shape from a transaction back to it, of at most `stepsMax` steps, made simple. */
  from(start: number, shape: CycleShape, stepsMax: number): Cycle | undefined {
    this.#stamp += 1;
    let level = [start * MODES];
    for (let steps = 0; level.length > 0 && steps < stepsMax; steps++) {
      const next: number[] = [];
      // Grows while it is walked: what follows a relay belongs to the step that led into it.
      for (let index = 0; index < level.length; index++) {
        const closing = this.#expand(level[index]!, { start, shape, steps, level, next });
        if (closing !== undefined) return simplified(this.#walkTo(level[index]!, start, closing), shape);
      }
      level = next;
    }
    return undefined;
  }

  /** Goes one edge on from a state; returns the edge that closes the walk, if there is one. */
  #expand(state: number, { start, shape, steps, level, next }: Expansion): number | undefined {
    const { offsets, targets, edges } = this.#adjacency;
    const relays = this.#graph.transactions;
    const node = Math.floor(state / MODES);
    for (let at = offsets[node]!; at < offsets[node + 1]!; at++) {
      const target = targets[at]!;
      const edge = edges[at]!;
      if (this.#component[target] !== this.#component[start]) continue;
      this.edgesSeen += 1;
      const kind = this.#graph.kindOf(edge);
      const mode = node < relays ? modeAfter(state % MODES, kind, steps === 0 ? undefined : shape) : state % MODES;
      if (mode === undefined || (steps === 0 && (kind & shape.first) === 0)) continue;
      if (target === start) {
        if (mayClose(mode, shape)) return edge;
        continue;
      }
      const reached = target * MODES + mode;
      if (this.#stamps[reached] === this.#stamp) continue;
      this.#stamps[reached] = this.#stamp;
      this.#parents[reached] = state;
      this.#byEdge[reached] = edge;
      (target < relays ? next : level).push(reached);
    }
    return undefined;
  }

  #walkTo(end: number, start: number, closing: number): Cycle {
    const relays = this.#graph.transactions;
    const steps: Step[] = [];
    let edges = [closing];
    let to = start;
    for (let state = end; ; state = this.#parents[state]!) {
      const node = Math.floor(state / MODES);
      if (node < relays) {
        steps.push({ from: node, to, kind: this.#graph.kindOf(edges[0]!), edges });
        if (node === start) return steps.toReversed();
        [to, edges] = [node, []];
      }
      edges.unshift(this.#byEdge[state]!);
    }
  }
}

interface Expansion {
  readonly start: number;
  readonly shape: CycleShape;
  readonly steps: number;
  readonly level: number[];
  readonly next: number[];
}

/** What a walk has behind it after one more step; `undefined` when the shape forbids the step. */
function modeAfter(mode: number, kind: number, shape: CycleShape | undefined): number | undefined {
  if (kind !== KIND.rw) return shape !== undefined && (kind & shape.rest) === 0 ? undefined : mode & ~LAST_IS_RW;
  if (shape === undefined) return LAST_IS_RW;
  const isMeeting = (mode & LAST_IS_RW) !== 0;
  if ((shape.rest & KIND.rw) === 0 || (isMeeting && !shape.mayMeet)) return undefined;
  return mode | LAST_IS_RW | HAS_SECOND | (isMeeting ? HAS_MET : 0);
}

function mayClose(mode: number, { first, mayMeet, must }: CycleShape): boolean {
  const meetsFirst = (mode & LAST_IS_RW) !== 0 && first === KIND.rw && (mode & HAS_SECOND) !== 0;
  if (meetsFirst && !mayMeet) return false;
  if (must === 'nothing') return true;
  return must === 'second' ? (mode & HAS_SECOND) !== 0 : meetsFirst || (mode & HAS_MET) !== 0;
}

/**
 * Cuts a walk at transactions that it passes twice. Of the two halves, at least one keeps `rw` steps apart if the walk
 * did: were both joined where `rw` meets `rw`, the walk itself would have had such a place.
 */
function simplified(walk: Cycle, shape: CycleShape): Cycle {
  const firstAt = new Map<number, number>();
  for (const [at, { from }] of walk.entries()) {
    const earlier = firstAt.get(from);
    firstAt.set(from, at);
    if (earlier === undefined) continue;
    const inner = walk.slice(earlier, at);
    const outer = [...walk.slice(0, earlier), ...walk.slice(at)];
    const isKept = shape.mayMeet || !meets(inner);
    return simplified(isKept ? inner : outer, shape);
  }
  return walk;
}

/** Whether two `rw` steps follow each other, the last one and the first one included. */
export function meets(cycle: Cycle): boolean {
  return cycle.length > 1 && cycle.some(({ kind }, at) => kind === KIND.rw && cycle.at(at - 1)?.kind === KIND.rw);
}
