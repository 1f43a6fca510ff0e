import { explain } from './explanation.ts';
import { Frontier, searchJustInTime } from './frontier.ts';
import type { Explanation, Operation, Verdict } from './history.ts';
import type { Model, SearchLimits } from './model.ts';
import { budgetOf, orderEvents } from './search.ts';
import type { Budget, Outcome } from './search.ts';
import { searchDepthFirst } from './wing-gong.ts';
import { checkZones } from './zones.ts';

/** The share of the steps that are left which the search in breadth may use, before the one in depth has a try. */
const BREADTH_SHARE = 0.25;
/** A stretch that is longer is first cut where the object was certainly in one state. */
const STRETCH_MAX = 200;

/**
 * Whether some order of the operations, each taking effect between its call and its return, is one that the model
 * allows: the history is linearizable.
 *
 * Pure; blocks until it is done. Objects of different keys are checked apart, the smallest first, until one is illegal.
 * Of each, histories of distinct writes are checked in one pass; others by a search in breadth, whose memory grows with
 * the operations that overlap; and where too many do, by one in depth. The order of the operations in the array does
 * not matter but for which of several explanations is given; the verdict is the same on every run.
 *
 * Sources: Herlihy and Wing, "Linearizability" (1990); see zones.ts, frontier.ts and wing-gong.ts for the searches.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when the model does not know an operation.
 * @example
 * import { checkLinearizable, registerModel } from 'quorate/check';
 *
 * const history = [
 *   { process: 'a', call: 'write', input: 1, output: undefined, start: 0, end: 1 },
 *   { process: 'a', call: 'write', input: 2, output: undefined, start: 2, end: 3 },
 *   { process: 'b', call: 'read', input: undefined, output: 1, start: 4, end: 5 },
 * ];
 * const found = checkLinearizable(history, registerModel());
 * if (found.verdict === 'illegal') console.log(found.explanation.text);
 * // register: no legal order lets process b return from read -> 1
 * //     a  write 1    0 .. 1
 * //     a  write 2    2 .. 3
 * //   > b  read -> 1  4 .. 5
 * // Longest legal order: write 1, write 2
 */
export function checkLinearizable<State>(
  history: readonly Operation[],
  model: Model<State>,
  limits: SearchLimits = {},
): Verdict {
  const operations = history.length;
  const budget = budgetOf(limits);
  let reason: string | undefined;
  for (const [key, ofKey] of split(history, model)) {
    const outcome = checkObject(ofKey, model, budget);
    if (outcome.kind === 'unknown') reason ??= key === undefined ? outcome.reason : `${outcome.reason} at ${key}`;
    if (outcome.kind !== 'illegal') continue;
    return {
      verdict: 'illegal',
      operations,
      explanation: explainObject(outcome.among, model, key, outcome.impossible),
    };
  }
  return reason === undefined ? { verdict: 'ok', operations } : { verdict: 'unknown', operations, reason };
}

/** The operations of each object, the fewest first. */
function split(
  history: readonly Operation[],
  model: Model,
): readonly (readonly [string | undefined, readonly Operation[]])[] {
  if (!model.isKeyed) return [[undefined, history]];
  const byKey = new Map<string | undefined, Operation[]>();
  for (const operation of history) {
    const ofKey = byKey.get(operation.key);
    if (ofKey === undefined) byKey.set(operation.key, [operation]);
    else ofKey.push(operation);
  }
  return [...byKey].sort(([, a], [, b]) => a.length - b.length);
}

type ObjectOutcome = Exclude<Outcome, { kind: 'illegal' }> | Failure;

interface Failure {
  readonly kind: 'illegal';
  readonly impossible: Operation;
  /** Operations that are illegal by themselves. */
  readonly among: readonly Operation[];
}

function checkObject<State>(operations: readonly Operation[], model: Model<State>, budget: Budget): ObjectOutcome {
  const zones = checkZones(operations, model);
  if (zones?.kind === 'ok') return zones;
  const among = zones?.among ?? operations;
  const outcome = search(among, model, budget);
  return outcome.kind === 'illegal' ? { ...outcome, among } : outcome;
}

function search<State>(operations: readonly Operation[], model: Model<State>, budget: Budget): Outcome {
  const ordered = orderEvents(operations, model);
  const share = { ...budget, steps: Math.ceil(budget.steps * BREADTH_SHARE) };
  const before = share.steps;
  const outcome = searchJustInTime(ordered, model, share);
  budget.steps -= before - Math.max(0, share.steps);
  return outcome.kind === 'unknown' ? searchDepthFirst(ordered, model, budget) : outcome;
}

function explainObject<State>(
  operations: readonly Operation[],
  model: Model<State>,
  key: string | undefined,
  impossible: Operation,
): Explanation {
  const ordered = orderEvents(operations, model);
  const whole = { model, key, state: model.initial, before: [], operations: ordered.operations, impossible };
  if (ordered.operations.length <= STRETCH_MAX) return explain(whole);
  // The same way once more, now noting where only one state was possible: what came before matters no more then.
  const frontier = new Frontier(model, budgetOf({}));
  const slots = new Int32Array(ordered.operations.length);
  let cut = { at: -1, only: { state: model.initial, effective: new Set<Operation>() as ReadonlySet<Operation> } };
  for (const [at, event] of ordered.events.entries()) {
    if (event >= 0) {
      slots[event] = frontier.call(ordered.operations[event]!);
      continue;
    }
    const advance = frontier.return(slots[~event]!);
    if (advance === 'too-many') return explain(whole);
    if (advance === 'none') break;
    if (frontier.isSingle) cut = { at, only: frontier.only };
  }
  const over = new Set<Operation>(cut.only.effective);
  for (const event of ordered.events.subarray(0, cut.at + 1)) if (event < 0) over.add(ordered.operations[~event]!);
  const before = ordered.operations.filter((operation) => over.has(operation));
  const since = ordered.operations.filter((operation) => !over.has(operation));
  return explain({ model, key, state: cut.only.state, before, operations: since, impossible });
}
