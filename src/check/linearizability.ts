import { explain } from './explanation.ts';
import { Frontier, searchJustInTime } from './frontier.ts';
import type { Explanation, Operation, Verdict } from './history.ts';
import type { Model, SearchLimits } from './model.ts';
import { checkQueueOrder } from './queue-order.ts';
import { budgetOf, orderEvents, OUT_OF_STEPS } from './search.ts';
import type { Budget, Outcome } from './search.ts';
import { searchDepthFirst } from './wing-gong.ts';
import { checkZones } from './zones.ts';

const TURN_STEPS_MIN = 100_000;
const TURN_STEPS_PER_OPERATION = 16;
const TURN_GROWTH = 8;
/** A stretch that is longer is first cut where the object was certainly in one state. */
const STRETCH_MAX = 200;

/**
 * Whether some order of the operations, each taking effect between its call and its return, is one that the model
 * allows: the history is linearizable.
 *
 * Pure; blocks until it is done. Objects of different keys are checked apart, the smallest first, until one is illegal.
 * Of each, histories of distinct writes, or of distinct items of a queue, are checked in one pass; others by a search
 * in breadth, whose memory grows with the operations that overlap, and by one in depth, in turns. The order of the
 * operations in the array does not matter but for which of several explanations is given; the verdict is the same on
 * every run.
 *
 * Sources: Herlihy and Wing, "Linearizability" (1990); see zones.ts, queue-order.ts, frontier.ts and wing-gong.ts for
 * the searches.
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
  const direct = checkZones(operations, model) ?? checkQueueOrder(operations, model);
  if (direct?.kind === 'ok') return direct;
  const among = direct?.among ?? operations;
  const outcome = search(among, model, budget);
  return outcome.kind === 'illegal' ? { ...outcome, among } : outcome;
}

/** Searches in breadth and in depth by turns, ever longer: either may be lost where the other sees it at once. */
function search<State>(operations: readonly Operation[], model: Model<State>, budget: Budget): Outcome {
  const ordered = orderEvents(operations, model);
  let searches = [searchJustInTime, searchDepthFirst];
  let turn = Math.max(TURN_STEPS_MIN, TURN_STEPS_PER_OPERATION * operations.length);
  let outcome: Outcome = OUT_OF_STEPS;
  for (; searches.length > 0 && budget.steps > 0; turn *= TURN_GROWTH) {
    for (const searchOnce of searches) {
      const share = Math.min(turn, budget.steps);
      const own = { steps: share, memoBytes: budget.memoBytes };
      outcome = searchOnce(ordered, model, own);
      budget.steps -= share - Math.max(0, own.steps);
      if (outcome.kind !== 'unknown') return outcome;
      // With more steps it would run out of memory again.
      if (outcome !== OUT_OF_STEPS) searches = searches.filter((other) => other !== searchOnce);
    }
  }
  return outcome;
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
