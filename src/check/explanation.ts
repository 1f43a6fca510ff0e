// Why a history is illegal, in as few operations as we find. An operation may be left out where the rest stays illegal
// even if it had taken effect at any time after its call, or not at all: then it has nothing to do with it.
import { searchJustInTime } from './frontier.ts';
import type { Explanation, Operation } from './history.ts';
import type { Model } from './model.ts';
import { isRead, orderEvents } from './search.ts';
import { longestOrder } from './wing-gong.ts';

const STEPS_PER_TRIAL = 20_000;
const TRIED_MAX = 2_000_000; // Operations of all trials together.
const OPTIONAL_MAX = 256; // More operations that may or may not have happened make a trial dear.
const BEFORE_TRIALS = 64;
const LONGEST_STEPS = 200_000;

/** An illegal stretch of the history of one object. */
export interface Stretch<State> {
  readonly model: Model<State>;
  readonly key: string | undefined;
  /** What the object held at its begin. */
  readonly state: State;
  /** Operations that were over before, or took effect before, by `start`. */
  readonly before: readonly Operation[];
  /** Those of the stretch, by `start`. */
  readonly operations: readonly Operation[];
  /** One of them: no order of the others and {@link before} gets past its return, and all are in order until then. */
  readonly impossible: Operation;
}

/** Shrinks an illegal stretch to what matters of it, and says in words what is wrong. */
export function explain<State>(stretch: Stretch<State>): Explanation {
  const { model, key, impossible } = stretch;
  const trials = new Trials(stretch);
  const stretched = stretch.operations.filter(({ start }) => start <= impossible.end);
  const shrunk = trials.shrink(stretched, stretch.state);
  const isFromStart = model.identify(stretch.state) === model.identify(model.initial);
  const isEnough = isFromStart || trials.isIllegalAt(shrunk, model.initial);
  const operations = isEnough ? shrunk : trials.shrink(trials.withCause(shrunk), model.initial);
  const budget = { steps: LONGEST_STEPS, memoBytes: 64 * 1024 * 1024 };
  const order = longestOrder(orderEvents(operations, model), model, budget);
  const parts = { key, impossible, operations, order };
  return { ...parts, text: textOfExplanation(model, parts) };
}

class Trials<State> {
  readonly #stretch: Stretch<State>;
  #left = TRIED_MAX;

  constructor(stretch: Stretch<State>) {
    this.#stretch = stretch;
  }

  /** The operations that are needed, found by leaving out ever smaller runs of them. */
  shrink(operations: readonly Operation[], initial: State): readonly Operation[] {
    const { impossible } = this.#stretch;
    let needed = operations;
    const optional: Operation[] = [];
    for (let size = needed.length >>> 1; size >= 1; size = size === 1 ? 0 : (size + 1) >>> 1) {
      for (let at = 0; at < needed.length;) {
        const dropped = needed.slice(at, at + size).filter((operation) => operation !== impossible);
        const leftOut = new Set(dropped);
        const rest = needed.filter((operation) => !leftOut.has(operation));
        if (dropped.length > 0 && this.#isNeedless(rest, [...optional, ...dropped], initial)) {
          needed = rest;
          optional.push(...dropped);
        } else {
          at += size;
        }
      }
    }
    return needed;
  }

  /** The same with the operations before it that brought the object into the state that it was in. */
  withCause(operations: readonly Operation[]): readonly Operation[] {
    const { model, before, impossible } = this.#stretch;
    const candidates = before.filter((operation) => !isRead(model, operation)).toSorted((a, b) => a.end - b.end);
    const from = Math.max(0, candidates.length - BEFORE_TRIALS);
    for (let at = candidates.length - 1; at >= from; at--) {
      const caused = byStart([candidates[at]!, ...operations]);
      if (this.isIllegalAt(caused, model.initial)) return caused;
    }
    for (let count = 2; count < candidates.length; count *= 2) {
      const caused = byStart([...candidates.slice(-count), ...operations]);
      if (this.isIllegalAt(caused, model.initial)) return caused;
    }
    const others = new Set([...candidates, ...operations]);
    const changes = byStart([...others]);
    if (this.isIllegalAt(changes, model.initial)) return changes;
    return byStart([...new Set([...before, ...this.#stretch.operations, impossible])]);
  }

  /** Whether the operations are illegal by themselves, and all but the impossible one are in order. */
  isIllegalAt(operations: readonly Operation[], initial: State): boolean {
    return this.#impossibleOf(operations, initial) === this.#stretch.impossible;
  }

  #isNeedless(rest: readonly Operation[], optional: readonly Operation[], initial: State): boolean {
    this.#left -= rest.length + optional.length;
    if (this.#left < 0) return false;
    if (!this.isIllegalAt(rest, initial)) return false;
    const { model } = this.#stretch;
    const changes = optional.filter((operation) => !isRead(model, operation));
    if (changes.length > OPTIONAL_MAX) return false;
    return this.#impossibleOf(byStart([...rest, ...changes.map(asOpen)]), initial) !== undefined;
  }

  /** The operation whose return is impossible; none as well where it took too long to find out. */
  #impossibleOf(operations: readonly Operation[], initial: State): Operation | undefined {
    const { model, impossible } = this.#stretch;
    const originals = new Map<Operation, Operation>();
    // What happened after the impossible return explains nothing: who had not returned by then, may never.
    const cut = operations.map((operation) => {
      const kept = operation.end > impossible.end && operation !== impossible ? asOpen(operation) : operation;
      originals.set(kept, operation);
      return kept;
    });
    const budget = { steps: STEPS_PER_TRIAL + 20 * operations.length, memoBytes: 0 };
    const outcome = searchJustInTime(orderEvents(cut, model), model, budget, initial);
    return outcome.kind === 'illegal' ? originals.get(outcome.impossible) : undefined;
  }
}

/** The operation as if nobody had seen it return. */
function asOpen(operation: Operation): Operation {
  return { ...operation, output: undefined, end: Infinity };
}

function byStart(operations: readonly Operation[]): readonly Operation[] {
  return operations.toSorted((a, b) => a.start - b.start);
}

type Parts = Pick<Explanation, 'key' | 'impossible' | 'operations' | 'order'>;

function textOfExplanation(model: Model, { key, impossible, operations, order }: Parts): string {
  const object = key === undefined ? model.name : `${model.name} ${JSON.stringify(key)}`;
  const rows = operations.map((operation) => [
    `  ${operation === impossible ? '>' : ' '} ${String(operation.process)}`,
    model.describe(operation),
    `${operation.start} .. ${operation.end === Infinity ? '' : operation.end}`.trim(),
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const shown = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const legal = order.map((operation) => model.describe(operation)).join(', ');
  return [
    `${object}: no legal order lets process ${String(impossible.process)} return from ${model.describe(impossible)}`,
    ...shown,
    legal === '' ? 'Nothing comes before it' : `Longest legal order: ${legal}`,
  ].join('\n');
}
