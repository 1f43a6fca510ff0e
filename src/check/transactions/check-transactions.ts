// Whether transactions were isolated from each other: who comes before whom must have no cycle that the level forbids.
import { assert } from '../../base/assert.ts';
import type { Explanation, Operation, Verdict } from '../history.ts';
import { FORBIDDEN, FORBIDDEN_CYCLES } from './anomaly.ts';
import type { Anomaly, AnomalyName } from './anomaly.ts';
import { addProcessOrder, addRealTime } from './call-order.ts';
import { componentsOf } from './components.ts';
import { findCycle, shapeOf } from './cycle-search.ts';
import type { Cycle, CycleShape } from './cycle-search.ts';
import { DependencyGraph, KIND } from './dependency-graph.ts';
import { explainCycle, explainSighting, nameOf } from './explanation.ts';
import { hasCommitted } from './inference.ts';
import type { Inference, Sighting } from './inference.ts';
import { levelOf } from './isolation.ts';
import type { Isolation, Level } from './isolation.ts';
import { inferList, orderList, withoutOwn } from './list-inference.ts';
import { inferRegister, revealWriters } from './register-inference.ts';
import { observe, transactionsOf } from './observation.ts';

/** Options of {@link checkTransactions}. */
export interface TransactionCheckOptions {
  /** The level that the history must keep; default `strict-serializable`. */
  readonly isolation?: Isolation;
}

/** What {@link checkTransactions} found; where it is `illegal`, also each kind of anomaly, the gravest first. */
export type TransactionVerdict =
  | Exclude<Verdict, { readonly verdict: 'illegal' }>
  | {
      readonly verdict: 'illegal';
      readonly operations: number;
      readonly explanation: Explanation;
      /** One anomaly of each name that was found and that the level forbids. */
      readonly anomalies: readonly Anomaly[];
    };

// Edges that the search for one kind of cycle looks at before it is content with what it has: tenths of a second.
const SEARCH_EDGES_MAX = 5_000_000;

/**
 * Checks transactions on lists and registers against an isolation level, in the manner of Elle: from what was read it
 * infers who must have come before whom, and looks for a cycle.
 *
 * A list (`append`) shows the order of its versions in each read, so the verdict is exact for serializability levels
 * wherever all appended values were read in the end. For registers (`w`) only a part of the order can be inferred:
 * `illegal` is always right, `ok` says that no proof of the contrary was found. Whether there is a cycle is found in
 * time linear in the history; the cycles shown are the shortest, unless so many exist that the search for them was cut.
 *
 * Source: Adya, "Weak Consistency" (1999), chapters 3 and 4; Kingsbury and Alvaro, "Elle: Inferring Isolation
 * Anomalies from Experimental Observations" (VLDB 2020).
 *
 * @param history transactions as {@link TransactionOperation}, in any order; failed ones too. Values are unique for
 *   their key, else the verdict is `unknown`.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when the isolation level has an unknown name.
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an operation is no transaction.
 *
 * @example
 * import { checkTransactions } from 'quorate/check';
 *
 * // Two transactions, each of which missed what the other one wrote.
 * const transaction = { call: 'txn', start: 0, end: 1 };
 * const history = [
 *   { ...transaction, process: 1, input: [], output: [['r', 'x', []], ['append', 'y', 1]] },
 *   { ...transaction, process: 2, input: [], output: [['r', 'y', []], ['append', 'x', 1]] },
 * ];
 * const found = checkTransactions(history);
 * console.log(found.verdict === 'illegal' && found.anomalies[0]?.name); // G2-item
 * console.log(checkTransactions(history, { isolation: 'snapshot-isolation' }).verdict); // ok
 */
export function checkTransactions(
  history: readonly Operation[],
  { isolation = 'strict-serializable' }: TransactionCheckOptions = {},
): TransactionVerdict {
  const level = levelOf(isolation);
  const transactions = transactionsOf(history);
  const observation = observe(transactions);
  const operations = history.length;
  if (observation.repeated !== undefined) {
    const { key, value } = observation.repeated;
    const reason = `${JSON.stringify(value)} was written to key ${JSON.stringify(key)} twice: reads of it tell nothing`;
    return { verdict: 'unknown', operations, reason };
  }
  const graph = new DependencyGraph(operations);
  const hasAtomicUpdates = level.base !== 'read-uncommitted' && level.base !== 'read-committed';
  const found = { revealed: new Set<number>(), anomalies: new Map<AnomalyName, Sighting>() };
  const inference: Inference = { operations: transactions, graph, hasAtomicUpdates, ...found };
  const lists = observation.lists.map((list) => orderList(inference, hasAtomicUpdates ? list : withoutOwn(list)));
  for (const register of observation.registers) revealWriters(inference, register);
  for (const list of lists) inferList(inference, list);
  for (const register of observation.registers) inferRegister(inference, register, level);
  const members = [...history.keys()].filter((index) => hasCommitted(inference, index));
  if (level.order === 'process') addProcessOrder(graph, transactions, members);
  if (level.order === 'real-time') addRealTime(graph, transactions, members);
  const anomalies = [...sightingsOf(inference, level), ...cyclesOf(inference, level)];
  const [gravest] = anomalies;
  if (gravest === undefined) return { verdict: 'ok', operations };
  return { verdict: 'illegal', operations, explanation: explanationOf(gravest), anomalies };
}

function sightingsOf({ anomalies, operations }: Inference, { base }: Level): readonly Anomaly[] {
  return FORBIDDEN[base].flatMap((name) => {
    const sighting = anomalies.get(name);
    return sighting === undefined ? [] : explainSighting(name, sighting, operations);
  });
}

/** One cycle of each name that the level forbids, the gravest first; those without the order of calls come first. */
function cyclesOf({ graph, operations }: Inference, level: Level): readonly Anomaly[] {
  if (!hasForbiddenCycle(graph, level)) return [];
  const order = orderMask(level);
  const found = new Map<AnomalyName, Cycle>();
  const note = (shape: CycleShape, edgesMax: number): boolean => {
    const cycle = findCycle(graph, shape, edgesMax);
    if (cycle === undefined) return false;
    const name = nameOf(cycle);
    if (cycle.length < (found.get(name)?.length ?? Number.POSITIVE_INFINITY)) found.set(name, cycle);
    return true;
  };
  for (const name of FORBIDDEN_CYCLES[level.base]) {
    if (!note(shapeOf(name, 0), SEARCH_EDGES_MAX) && order !== 0) note(shapeOf(name, order), SEARCH_EDGES_MAX);
  }
  // The budget was spent on starts that lead nowhere: any cycle will do then, and there is one.
  if (found.size === 0) note(anyShape(level), Number.POSITIVE_INFINITY);
  assert(found.size > 0, 'A component of more than one node has a cycle');
  return [...found.values()].map((cycle) => explainCycle(cycle, graph, operations));
}

function orderMask({ order }: Level): number {
  return { none: 0, process: KIND.process, 'real-time': KIND.realtime }[order];
}

/** All kinds of edges of the cycles that a level forbids. */
function kindsOf(level: Level): number {
  const kinds = { 'read-uncommitted': KIND.ww, 'read-committed': KIND.ww | KIND.wr } as const;
  const dependencies = level.base === 'read-uncommitted' || level.base === 'read-committed' ? kinds[level.base] : 7;
  return dependencies | orderMask(level);
}

function hasForbiddenCycle(graph: DependencyGraph, level: Level): boolean {
  const isSplit = level.base === 'snapshot-isolation';
  const { sizes } = componentsOf(isSplit ? graph.split(kindsOf(level)) : graph.adjacency(kindsOf(level)));
  return sizes.some((size) => size > 1);
}

function anyShape(level: Level): CycleShape {
  const kinds = kindsOf(level);
  const mayMeet = level.base !== 'snapshot-isolation';
  return { first: mayMeet ? kinds : kinds & ~KIND.rw, rest: kinds, mayMeet, must: 'nothing' };
}

function explanationOf({ transactions, text }: Anomaly): Explanation {
  const impossible = transactions.at(-1)!;
  const operations = transactions.toSorted((a, b) => a.start - b.start);
  return { key: undefined, impossible, operations, order: transactions.slice(0, -1), text };
}
