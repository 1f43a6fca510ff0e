// Depth-first search for one legal order. Sources: Wing and Gong, "Testing and verifying concurrent objects" (1993);
// Lowe, "Testing for linearizability" (2017), section 3, for the memo and the list that operations are lifted from.
import { ConfigurationMemo } from './configuration-memo.ts';
import type { Operation } from './history.ts';
import { ILLEGAL } from './model.ts';
import type { Model } from './model.ts';
import { identityOf } from './models/value.ts';
import { isRead, OK, OUT_OF_MEMORY, OUT_OF_STEPS } from './search.ts';
import type { Budget, ObjectHistory, Outcome } from './search.ts';
import { StateTable } from './state-table.ts';

const STATES_MAX = 8_000_000; // V8's Map holds 2^24 entries.

/** Searches for an order of the operations that the model allows. Memory grows with the configurations it meets. */
export function searchDepthFirst<State>(history: ObjectHistory, model: Model<State>, budget: Budget): Outcome {
  return new DepthFirstSearch(history, model, budget).run();
}

/** A longest order that the model allows, of those that the budget lets it find; each operation within its time. */
export function longestOrder<State>(history: ObjectHistory, model: Model<State>, budget: Budget): readonly Operation[] {
  const search = new DepthFirstSearch(history, model, budget);
  search.longest = [];
  search.run();
  return search.longest;
}

/** What is remembered of an operation that took effect, to undo it. */
interface Effect {
  readonly operation: number;
  readonly stateBefore: number;
  /** Whether nothing else was worth trying in its place. */
  readonly isForced: boolean;
}

class DepthFirstSearch<State> {
  readonly #history: ObjectHistory;
  readonly #model: Model<State>;
  readonly #budget: Budget;
  readonly #states: StateTable<State>;
  readonly #memo: ConfigurationMemo;
  readonly #reads: Uint8Array;
  readonly #twins: Int32Array;
  /** Where each operation is called and returns among the nodes; node 0 is the head, and no return. */
  readonly #callNodes: Int32Array;
  readonly #returnNodes: Int32Array;
  readonly #after: Int32Array;
  readonly #before: Int32Array;
  /** A bit for each operation that took effect. Those that never return come last: they leave gaps for good. */
  readonly #mask: Int32Array;
  readonly #bits: Int32Array;
  #low = 0;
  #high = 0;
  readonly #effects: Effect[] = [];
  #returnsLeft: number;
  /** A longest order so far, where somebody wants to know it: noting it costs a copy each time. */
  longest: readonly Operation[] | undefined;

  constructor(history: ObjectHistory, model: Model<State>, budget: Budget) {
    const { operations, events } = history;
    this.#history = history;
    this.#model = model;
    this.#budget = budget;
    this.#states = new StateTable(model);
    this.#memo = new ConfigurationMemo(budget);
    this.#reads = Uint8Array.from(operations, (operation) => (isRead(model, operation) ? 1 : 0));
    this.#twins = twinsOf(operations);
    this.#callNodes = new Int32Array(operations.length);
    this.#returnNodes = new Int32Array(operations.length);
    this.#after = Int32Array.from({ length: events.length + 1 }, (_, node) => (node < events.length ? node + 1 : 0));
    this.#before = Int32Array.from({ length: events.length + 1 }, (_, node) => node - 1);
    for (const [index, event] of events.entries()) {
      if (event < 0) this.#returnNodes[~event] = index + 1;
      else this.#callNodes[event] = index + 1;
    }
    this.#returnsLeft = events.length - operations.length;
    this.#bits = bitsOf(operations, this.#returnsLeft);
    this.#mask = new Int32Array((operations.length >>> 5) + 2);
  }

  run(): Outcome {
    const { operations, events } = this.#history;
    let stateId = this.#states.idOf(this.#model.initial);
    let node = this.#after[0]!;
    let furthest = 0;
    while (this.#returnsLeft > 0) {
      const event = events[node - 1]!;
      if (event >= 0) {
        const to = this.#stateAfter(event, stateId);
        const isNew = to >= 0 && this.#takeEffect(event, stateId, to);
        if (isNew === undefined) return this.#budget.steps < 0 ? OUT_OF_STEPS : OUT_OF_MEMORY;
        if (isNew) stateId = to;
        node = this.#after[isNew ? 0 : node]!;
        continue;
      }
      furthest = Math.max(furthest, node);
      this.#keepLongest();
      let undone = this.#effects.pop();
      for (; undone !== undefined; undone = this.#effects.pop()) {
        this.#undo(undone.operation);
        stateId = undone.stateBefore;
        if (!undone.isForced) break;
      }
      if (undone === undefined) return { kind: 'illegal', impossible: operations[~events[furthest - 1]!]! };
      node = this.#after[this.#callNodes[undone.operation]!]!;
    }
    this.#keepLongest();
    return OK;
  }

  /** The state after an operation; negative where it cannot take effect now, or need not be tried. */
  #stateAfter(operation: number, stateId: number): number {
    const twin = this.#twins[operation]!;
    if (twin >= 0 && !this.#isEffective(twin)) return -1;
    const after = this.#model.step(this.#states.stateOf(stateId), this.#history.operations[operation]!);
    if (after === ILLEGAL) return -1;
    const to = this.#states.idOf(after);
    return to === stateId && this.#returnNodes[operation] === 0 ? -1 : to;
  }

  /** Lets an operation take effect unless that was tried before; `undefined` when the budget is used up. */
  #takeEffect(operation: number, stateBefore: number, state: number): boolean | undefined {
    this.#budget.steps -= 1;
    if (this.#budget.steps < 0 || this.#states.size > STATES_MAX) return undefined;
    this.#setBit(operation);
    const isForced = this.#reads[operation] === 1;
    if (!isForced) {
      const isNew = this.#memo.add(state, this.#mask, { low: this.#low, high: this.#high });
      if (isNew !== true) {
        this.#clearBit(operation);
        return isNew;
      }
    }
    this.#effects.push({ operation, stateBefore, isForced });
    this.#lift(this.#callNodes[operation]!);
    if (this.#returnNodes[operation] === 0) return true;
    this.#lift(this.#returnNodes[operation]!);
    this.#returnsLeft -= 1;
    return true;
  }

  #undo(operation: number): void {
    if (this.#returnNodes[operation] !== 0) {
      this.#unlift(this.#returnNodes[operation]!);
      this.#returnsLeft += 1;
    }
    this.#unlift(this.#callNodes[operation]!);
    this.#clearBit(operation);
  }

  #lift(node: number): void {
    this.#after[this.#before[node]!] = this.#after[node]!;
    this.#before[this.#after[node]!] = this.#before[node]!;
  }

  #unlift(node: number): void {
    this.#after[this.#before[node]!] = node;
    this.#before[this.#after[node]!] = node;
  }

  #isEffective(operation: number): boolean {
    const bit = this.#bits[operation]!;
    return ((this.#mask[bit >>> 5]! >>> (bit & 31)) & 1) === 1;
  }

  #setBit(operation: number): void {
    const bit = this.#bits[operation]!;
    this.#mask[bit >>> 5]! |= 1 << (bit & 31);
    while (this.#mask[this.#low] === -1) this.#low += 1;
    this.#high = Math.max(this.#high, (bit >>> 5) + 1, this.#low);
  }

  #clearBit(operation: number): void {
    const bit = this.#bits[operation]!;
    this.#mask[bit >>> 5]! &= ~(1 << (bit & 31));
    this.#low = Math.min(this.#low, bit >>> 5);
    while (this.#high > this.#low && this.#mask[this.#high - 1] === 0) this.#high -= 1;
  }

  #keepLongest(): void {
    if (this.longest === undefined || this.#effects.length <= this.longest.length) return;
    this.longest = this.#effects.map(({ operation }) => this.#history.operations[operation]!);
  }
}

/** The bit of each operation: in the order of their calls, those that never return behind all others. */
function bitsOf(operations: readonly Operation[], returns: number): Int32Array {
  let returning = 0;
  let open = returns;
  return Int32Array.from(operations, ({ end }) => (end === Infinity ? open++ : returning++));
}

/** Of each operation that never returns: the equal one called before it, which takes effect first; else -1. */
function twinsOf(operations: readonly Operation[]): Int32Array {
  const newestByKind = new Map<string, number>();
  return Int32Array.from(operations, ({ call, input, end }, index) => {
    if (end !== Infinity) return -1;
    const kind = `${call} ${typeof input} ${String(identityOf(input))}`;
    const twin = newestByKind.get(kind) ?? -1;
    newestByKind.set(kind, index);
    return twin;
  });
}
