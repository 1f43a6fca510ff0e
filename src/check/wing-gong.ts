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
  /** The operations that never return, by their calls: they are not among the nodes. */
  readonly #open: Int32Array;
  /** A bit for each operation that took effect. Those that never return have words of their own: they leave gaps. */
  readonly #mask: Int32Array;
  readonly #bits: Int32Array;
  readonly #openWords: number;
  #low: number;
  #high: number;
  readonly #effects: Effect[] = [];
  #state = 0;
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
    this.#after = new Int32Array(events.length + 1);
    this.#before = new Int32Array(events.length + 1);
    this.#link(events);
    this.#open = Int32Array.from([...operations.keys()].filter((index) => operations[index]!.end === Infinity));
    this.#returnsLeft = events.length - operations.length;
    this.#openWords = (this.#open.length + 31) >>> 5;
    this.#bits = bitsOf(operations, this.#openWords);
    this.#mask = new Int32Array(this.#openWords + (operations.length >>> 5) + 2);
    this.#low = this.#openWords;
    this.#high = this.#openWords;
  }

  run(): Outcome {
    const { operations, events } = this.#history;
    this.#state = this.#states.idOf(this.#model.initial);
    let node = this.#after[0]!;
    let furthest = 0;
    while (this.#returnsLeft > 0) {
      const event = events[node - 1]!;
      const taken = event >= 0 ? this.#take(event) : this.#takeOpen(0, node);
      if (taken === undefined) return this.#budget.steps < 0 ? OUT_OF_STEPS : OUT_OF_MEMORY;
      if (taken || event >= 0) {
        node = this.#after[taken ? 0 : node]!;
        continue;
      }
      furthest = Math.max(furthest, node);
      this.#keepLongest();
      const next = this.#backtrack();
      if (next === undefined) return this.#budget.steps < 0 ? OUT_OF_STEPS : OUT_OF_MEMORY;
      if (next < 0) return { kind: 'illegal', impossible: operations[~events[furthest - 1]!]! };
      node = next;
    }
    this.#keepLongest();
    return OK;
  }

  /**
   * Undoes effects until there is something else to try.
   *
   * @returns the node to go on from; negative when all was tried, `undefined` when the budget is used up.
   */
  #backtrack(): number | undefined {
    for (let undone = this.#effects.pop(); undone !== undefined; undone = this.#effects.pop()) {
      this.#undo(undone.operation);
      this.#state = undone.stateBefore;
      if (undone.isForced) continue;
      if (this.#returnNodes[undone.operation] !== 0) return this.#after[this.#callNodes[undone.operation]!]!;
      const taken = this.#takeOpen(this.#open.indexOf(undone.operation) + 1, this.#firstReturn());
      if (taken === undefined) return undefined;
      if (taken) return this.#after[0]!;
    }
    return -1;
  }

  /** Lets an operation take effect that never returns, from the given one on: only where all others cannot. */
  #takeOpen(from: number, blockedAt: number): boolean | undefined {
    for (let index = from; index < this.#open.length; index++) {
      const operation = this.#open[index]!;
      if (this.#callNodes[operation]! > blockedAt) break;
      const taken = this.#isEffective(operation) ? false : this.#take(operation);
      if (taken !== false) return taken;
    }
    return false;
  }

  #firstReturn(): number {
    const { events } = this.#history;
    let node = this.#after[0]!;
    while (events[node - 1]! >= 0) node = this.#after[node]!;
    return node;
  }

  #link(events: Int32Array): void {
    let last = 0;
    for (const [index, event] of events.entries()) {
      const node = index + 1;
      if (event < 0) this.#returnNodes[~event] = node;
      else this.#callNodes[event] = node;
      if (event >= 0 && this.#history.operations[event]!.end === Infinity) continue;
      this.#after[last] = node;
      this.#before[node] = last;
      last = node;
    }
    this.#after[last] = 0;
  }

  /** The state after an operation; negative where it cannot take effect now, or need not be tried. */
  #stateAfter(operation: number): number {
    const twin = this.#twins[operation]!;
    if (twin >= 0 && !this.#isEffective(twin)) return -1;
    const to = this.#step(this.#state, operation);
    if (to < 0) return to;
    if (to === this.#state && this.#returnNodes[operation] === 0) return -1;
    const last = this.#effects.at(-1);
    if (last === undefined || this.#returnNodes[last.operation] !== 0) return to;
    // Where the same comes of it without what never returned just before, that was in vain.
    return this.#step(last.stateBefore, operation) === to ? -1 : to;
  }

  #step(state: number, operation: number): number {
    const after = this.#model.step(this.#states.stateOf(state), this.#history.operations[operation]!);
    return after === ILLEGAL ? -1 : this.#states.idOf(after);
  }

  /** Lets an operation take effect if it can, unless that was tried before; `undefined` when out of budget. */
  #take(operation: number): boolean | undefined {
    const to = this.#stateAfter(operation);
    if (to < 0) return false;
    this.#budget.steps -= 1;
    if (this.#budget.steps < 0 || this.#states.size > STATES_MAX) return undefined;
    this.#setBit(operation);
    const isForced = this.#reads[operation] === 1;
    if (!isForced) {
      const isNew = this.#memo.add(to, this.#mask, { fixed: this.#openWords, low: this.#low, high: this.#high });
      if (isNew !== true) {
        this.#clearBit(operation);
        return isNew;
      }
    }
    this.#effects.push({ operation, stateBefore: this.#state, isForced });
    this.#state = to;
    if (this.#returnNodes[operation] === 0) return true;
    this.#lift(this.#callNodes[operation]!);
    this.#lift(this.#returnNodes[operation]!);
    this.#returnsLeft -= 1;
    return true;
  }

  #undo(operation: number): void {
    this.#clearBit(operation);
    if (this.#returnNodes[operation] === 0) return;
    this.#unlift(this.#returnNodes[operation]!);
    this.#unlift(this.#callNodes[operation]!);
    this.#returnsLeft += 1;
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
    const word = this.#bits[operation]! >>> 5;
    this.#mask[word]! |= 1 << (this.#bits[operation]! & 31);
    if (word < this.#openWords) return;
    while (this.#mask[this.#low] === -1) this.#low += 1;
    this.#high = Math.max(this.#high, word + 1);
  }

  #clearBit(operation: number): void {
    const word = this.#bits[operation]! >>> 5;
    this.#mask[word]! &= ~(1 << (this.#bits[operation]! & 31));
    if (word < this.#openWords) return;
    this.#low = Math.min(this.#low, word);
    while (this.#high > this.#openWords && this.#mask[this.#high - 1] === 0) this.#high -= 1;
  }

  #keepLongest(): void {
    if (this.longest === undefined || this.#effects.length <= this.longest.length) return;
    this.longest = this.#effects.map(({ operation }) => this.#history.operations[operation]!);
  }
}

/** The bit of each operation: in the order of their calls, those that never return in words before all others. */
function bitsOf(operations: readonly Operation[], openWords: number): Int32Array {
  let open = 0;
  let returning = openWords * 32;
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
