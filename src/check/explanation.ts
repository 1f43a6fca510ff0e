// Why a history is illegal, in as few operations as we find. An operation may be left out where the rest stays illegal
// whether it happened within its time or not: then it has nothing to do with it. Leaving it out because the rest is
// illegal without it would prove nothing: without its write, any read is impossible.
import { searchWithOptional } from './frontier.ts';
import type { Explanation, Operation } from './history.ts';
import { ILLEGAL } from './model.ts';
import type { Model } from './model.ts';
import { isRead, orderEvents } from './search.ts';
import { longestOrder } from './wing-gong.ts';

const STEPS_PER_TRIAL = 300_000;
const TRIED_MAX = 2_000_000; // Operations of all trials together.
const CAUSES = 64; // Operations before a stretch that are looked at first.
const LOST_READS_MAX = 32;
const STRETCH_MAX = 1_000; // A longer stretch is shrunk before its causes are looked for.
const LONGEST_STEPS = 200_000;
const NONE: ReadonlySet<Operation> = new Set();

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
  const { model, key, impossible, before } = stretch;
  const trials = new Trials(stretch);
  const stretched = stretch.operations.filter(({ start }) => start <= impossible.end);
  let needed: readonly Operation[] = stretched;
  if (before.length === 0 || stretched.length > STRETCH_MAX) needed = trials.shrink(stretched, stretch.state);
  if (before.length > 0) needed = trials.shrink(trials.withCause(needed), model.initial);
  const operations = trials.withOrigin(needed, [...before, ...stretched]);
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
    const optional = new Set<Operation>();
    for (let size = needed.length >>> 1; size >= 1; size = size === 1 ? 0 : (size + 1) >>> 1) {
      for (let at = 0; at < needed.length;) {
        const dropped = new Set(needed.slice(at, at + size));
        dropped.delete(impossible);
        const rest = needed.filter((operation) => !dropped.has(operation));
        const left = new Set([...optional, ...dropped]);
        if (dropped.size > 0 && this.#isEnough(rest, initial, left)) {
          needed = rest;
          for (const operation of dropped) if (!isRead(this.#stretch.model, operation)) optional.add(operation);
        } else {
          at += size;
        }
      }
    }
    return needed;
  }

  /**
   * The same with operations before it that brought the object into the state that it was in: the last ones, from one
   * on that makes sense of all that follow, or else all.
   */
  withCause(operations: readonly Operation[]): readonly Operation[] {
    const { model, before } = this.#stretch;
    const over = before.toSorted((a, b) => a.end - b.end);
    const changes = over.filter((operation) => !isRead(model, operation));
    // Reads are only of use where they tell in which order changes that overlap took effect.
    for (const candidates of [changes, over]) {
      for (let count = CAUSES; count < 2 * CAUSES && count <= candidates.length; count++) {
        const caused = this.#withoutLostReads(byStart([...candidates.slice(-count), ...operations]));
        if (caused !== undefined) return caused;
      }
    }
    const all = byStart([...before, ...operations]);
    return this.#isIllegalAt(all, this.#stretch.model.initial, NONE)
      ? all
      : byStart([...before, ...this.#stretch.operations]);
  }

  /** The operations without reads of what was written before all of them; `undefined` where that is not enough. */
  #withoutLostReads(operations: readonly Operation[]): readonly Operation[] | undefined {
    const { model, impossible } = this.#stretch;
    let left = operations;
    for (let dropped = 0; dropped < LOST_READS_MAX; dropped++) {
      const lost = this.#impossibleOf(left, model.initial, NONE);
      if (lost === impossible) return left;
      if (lost === undefined || !isRead(model, lost)) return undefined;
      left = left.filter((operation) => operation !== lost);
    }
    return undefined;
  }

  /** The same with the latest change after which the impossible operation was possible: where its output is from. */
  withOrigin(operations: readonly Operation[], all: readonly Operation[]): readonly Operation[] {
    const { model, impossible } = this.#stretch;
    const isOrigin = (operation: Operation): boolean => {
      if (operation === impossible || isRead(model, operation)) return false;
      const after = model.step(model.initial, operation);
      return after !== ILLEGAL && model.step(after, impossible) !== ILLEGAL;
    };
    if (operations.some(isOrigin) || model.step(model.initial, impossible) !== ILLEGAL) return operations;
    let origin: Operation | undefined;
    for (const operation of all) if ((origin?.end ?? -1) < operation.end && isOrigin(operation)) origin = operation;
    if (origin === undefined) return operations;
    const extended = byStart([origin, ...operations]);
    return this.#isIllegalAt(extended, model.initial, NONE) ? extended : operations;
  }

  /** Whether the operations explain it: whatever of the optional ones happened, and all else being in order. */
  #isEnough(operations: readonly Operation[], initial: State, optional: ReadonlySet<Operation>): boolean {
    this.#left -= operations.length + optional.size;
    if (this.#left < 0 || !this.#isIllegalAt(operations, initial, NONE)) return false;
    return this.#isIllegalAt(byStart([...operations, ...optional]), initial, optional);
  }

  /** Whether the return that is impossible is so for these operations; not as well where it took too long to see. */
  #isIllegalAt(operations: readonly Operation[], initial: State, optional: ReadonlySet<Operation>): boolean {
    return this.#impossibleOf(operations, initial, optional) === this.#stretch.impossible;
  }

  #impossibleOf(
    operations: readonly Operation[],
    initial: State,
    optional: ReadonlySet<Operation>,
  ): Operation | undefined {
    const { model, impossible } = this.#stretch;
    // What happened after that return explains nothing: what had not returned by then, may never.
    const cut = operations.map((operation) =>
      operation.end > impossible.end ? { ...operation, output: undefined, end: Infinity } : operation,
    );
    const budget = { steps: STEPS_PER_TRIAL + 20 * operations.length, memoBytes: 0 };
    const outcome = searchWithOptional(orderEvents(cut, model), model, { budget, initial, optional });
    return outcome.kind === 'illegal' ? outcome.impossible : undefined;
  }
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
    legal === '' ? 'No operation can come first' : `Longest legal order: ${legal}`,
  ].join('\n');
}
