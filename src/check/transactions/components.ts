// Strongly connected components: the parts of a graph where everything comes before everything.
import type { Adjacency } from './dependency-graph.ts';

/** The components of a graph. */
export interface Components {
  /** The number of the component of each node. */
  readonly of: Int32Array;
  /** How many nodes each component has; one with more than one node has a cycle. */
  readonly sizes: readonly number[];
}

/**
 * Finds the strongly connected components in time linear in nodes and edges, without recursion: a component may hold
 * all transactions of a long history.
 *
 * Source: Tarjan, "Depth-First Search and Linear Graph Algorithms" (1972), section 4.
 */
export function componentsOf({ nodes, offsets, targets }: Adjacency): Components {
  const component = new Int32Array(nodes).fill(-1);
  const sizes: number[] = [];
  const order = new Int32Array(nodes); // When a node was first seen, from 1; 0 while it was not.
  const low = new Int32Array(nodes);
  const cursor = offsets.slice(0, nodes);
  const open: number[] = []; // Nodes that are in no component yet.
  const path: number[] = [];
  let seen = 0;

  const enter = (node: number): void => {
    seen += 1;
    order[node] = seen;
    low[node] = seen;
    open.push(node);
    path.push(node);
  };
  const leave = (node: number): void => {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
    if (low[node] !== order[node]) return;
    let size = 0;
    let member: number | undefined;
    do {
      member = open.pop();
      if (member !== undefined) component[member] = sizes.length;
      size += 1;
    } while (member !== node);
    sizes.push(size);
  };

  for (let root = 0; root < nodes; root++) {
    if (order[root] !== 0) continue;
    enter(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const at = cursor[node]!;
      if (at === offsets[node + 1]!) {
        leave(node);
        continue;
      }
      cursor[node] = at + 1;
      const target = targets[at]!;
      if (order[target] === 0) enter(target);
      else if (component[target] === -1) low[node] = Math.min(low[node]!, order[target]!);
    }
  }
  return { of: component, sizes };
}
