// Anomalies in words: who took part, and why each comes before the next.
import { unreachable } from '../../base/assert.ts';
import type { Anomaly, AnomalyName, Dependency, DependencyKind } from './anomaly.ts';
import { meets } from './cycle-search.ts';
import type { Cycle, Step } from './cycle-search.ts';
import { KIND } from './dependency-graph.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import { shown } from './inference.ts';
import type { Sighting } from './inference.ts';
import { stepsDone } from './observation.ts';
import { FAILED } from './transaction.ts';
import type { TransactionOperation } from './transaction.ts';

/** Names a cycle by the kinds of its steps. */
export function nameOf(cycle: Cycle): AnomalyName {
  const has = (kind: number): boolean => cycle.some((step) => step.kind === kind);
  const antidependencies = cycle.filter(({ kind }) => kind === KIND.rw).length;
  const suffix = has(KIND.realtime) ? '-realtime' : has(KIND.process) ? '-process' : '';
  if (antidependencies === 0) return `${has(KIND.wr) ? 'G1c' : 'G0'}${suffix}`;
  if (antidependencies === 1) return `G-single${suffix}`;
  return `${meets(cycle) ? 'G2-item' : 'G-nonadjacent'}${suffix}`;
}

/** An anomaly that is a cycle. */
export function explainCycle(
  cycle: Cycle,
  graph: DependencyGraph,
  operations: readonly TransactionOperation[],
): Anomaly {
  const name = nameOf(cycle);
  const dependencies = cycle.map((step) => dependencyOf(step, graph, operations));
  const transactions = dependencies.map(({ from }) => from);
  const edges = dependencies.map((dependency, at) => {
    const [from, to] = [`T${at + 1}`, `T${((at + 1) % cycle.length) + 1}`];
    return `  ${from} -${dependency.kind}-> ${to}: ${reasonInWords(dependency, from, to)}`;
  });
  const text = [`${name}: each of ${cycle.length} transactions comes before the next one`, ...listed(transactions)];
  return { name, transactions, cycle: dependencies, text: [...text, ...edges].join('\n') };
}

/** An anomaly that is seen without a cycle. */
export function explainSighting(
  name: AnomalyName,
  { transactions, sentence }: Sighting,
  operations: readonly TransactionOperation[],
): Anomaly {
  const involved = transactions.flatMap((index) => operations[index] ?? []);
  return { name, transactions: involved, cycle: [], text: [`${name}: ${sentence}`, ...listed(involved)].join('\n') };
}

function listed(transactions: readonly TransactionOperation[]): readonly string[] {
  return transactions.map((transaction, at) => `  T${at + 1} = ${inWords(transaction)}`);
}

function inWords(transaction: TransactionOperation): string {
  const { process: caller, start, end, input, output } = transaction;
  const done = stepsDone(transaction);
  const words = (done ?? input).map(([call, key, value]) => {
    return call === 'r' && done === undefined ? `r ${shown(key)}` : `${call} ${shown(key)} ${shown(value)}`;
  });
  const state = output === FAILED ? ', failed' : output === undefined ? ', never answered' : '';
  const time = end === Number.POSITIVE_INFINITY ? `from ${start}` : `${start} to ${end}`;
  return `[${words.join(', ')}] of process ${caller}, ${time}${state}`;
}

const KINDS = ['ww', 'wr', 'rw', 'process', 'realtime'] as const satisfies readonly DependencyKind[];

function dependencyOf(step: Step, graph: DependencyGraph, operations: readonly TransactionOperation[]): Dependency {
  const kind = KINDS.find((name) => KIND[name] === step.kind) ?? 'realtime';
  const first = graph.reasonOf(step.edges[0]!);
  const last = graph.reasonOf(step.edges.at(-1)!);
  const [from, to] = [operations[step.from]!, operations[step.to]!];
  return { from, to, kind, key: first?.key, before: first?.before, after: last?.after };
}

function reasonInWords({ from, to, kind, key, before, after }: Dependency, earlier: string, later: string): string {
  const at = `key ${shown(key)}`;
  switch (kind) {
    case 'ww':
      return `${earlier} wrote ${shown(before)} to ${at}, and ${later} then wrote ${shown(after)}`;
    case 'wr':
      return `${earlier} wrote ${shown(before)} to ${at}, and ${later} read it`;
    case 'rw': {
      const version = before === undefined ? `before anything was written` : `as ${shown(before)} had left it`;
      return `${earlier} read ${at} ${version}, without the ${shown(after)} that ${later} wrote`;
    }
    case 'process':
      return `process ${from.process} called ${earlier} first, and ${later} next`;
    case 'realtime':
      return `${earlier} returned at ${from.end}, before ${later} was called at ${to.start}`;
    default:
      return unreachable(kind);
  }
}
