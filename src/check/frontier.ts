// Just-in-time linearization: the set of all configurations that the history so far allows, moved on at each return.
// Source: Lowe, "Testing for linearizability" (2017), section 5; what is kept of equals is ours (configuration-set.ts).
import { assert } from '../base/assert.ts';
import { ConfigurationSet } from './configuration-set.ts';
import type { SlotKinds } from './configuration-set.ts';
import type { Operation } from './history.ts';
import { ILLEGAL } from './model.ts';
import type { Model } from './model.ts';
import { identityOf } from './models/value.ts';
import { isRead, OK, OUT_OF_STEPS } from './search.ts';
import type { Budget, ObjectHistory, Outcome } from './search.ts';
import { StateTable } from './state-table.ts';

// More at once are compared with too many others: going in depth is faster then.
const CONFIGURATIONS_MAX: number = 1 << 14;
const STATES_KEPT = 4096;
const TOO_MANY: Outcome = { kind: 'unknown', reason: 'too many configurations at once' };

/** What a return did to the configurations: `none` is left, or there are `too-many` for the budget. */
export type Advance = 'ok' | 'none' | 'too-many';

/**
 * What one object may be in after the calls and returns so far. An operation that never returns must say so at its
 * call, by an `end` of `Infinity`. Memory grows with the operations that overlap, not with the history.
 */
export class Frontier<State> {
  readonly #model: Model<State>;
  readonly #budget: Budget;
  readonly #states: StateTable<State>;
  readonly #kinds: SlotKinds = { reads: new Int32Array(1), open: new Int32Array(1) };
  #current: ConfigurationSet;
  #next: ConfigurationSet;
  #row: Int32Array = new Int32Array(2);
  readonly #operations: Operation[] = [];
  readonly #slotsFree: number[] = [];
  readonly #changes: number[] = [];
  readonly #reads: number[] = [];
  /** Of each operation that never returns: the equal one called before it, which takes effect first; else -1. */
  readonly #twins: number[] = [];
  readonly #newestByKind = new Map<unknown, number>();

  constructor(model: Model<State>, budget: Budget, initial: State = model.initial) {
    this.#model = model;
    this.#budget = budget;
    this.#states = new StateTable(model);
    this.#current = new ConfigurationSet(1, this.#kinds);
    this.#next = new ConfigurationSet(1, this.#kinds);
    this.#row[0] = this.#states.idOf(initial);
    this.#current.add(this.#row);
  }

  /**
   * Opens an operation.
   *
   * @param isOptional whether it may have had no effect: then it is to be forgone, if anything, not to return.
   * @returns the slot to return or forgo, which is free for another one after that.
   */
  call(operation: Operation, isOptional: boolean = operation.end === Infinity): number {
    const slot = this.#takeSlot();
    const word = slot >>> 5;
    const bit = 1 << (slot & 31);
    this.#operations[slot] = operation;
    this.#twins[slot] = -1;
    if (isRead(this.#model, operation)) {
      this.#kinds.reads[word]! |= bit;
      this.#reads.push(slot);
      this.#readNow(slot);
      return slot;
    }
    this.#kinds.reads[word]! &= ~bit;
    this.#changes.push(slot);
    if (isOptional) this.#kinds.open[word]! |= bit;
    else this.#kinds.open[word]! &= ~bit;
    if (operation.end === Infinity) this.#joinTwins(slot);
    return slot;
  }

  /** Closes an operation: only configurations remain in which it took effect. */
  return(slot: number): Advance {
    return this.#close(slot, 0);
  }

  /** Closes an optional operation: all configurations remain, whether it took effect in them or not. */
  forgo(slot: number): Advance {
    return this.#close(slot, this.#current.count);
  }

  /** Closes an operation, which need not have taken effect in the first `kept` configurations. */
  #close(slot: number, kept: number): Advance {
    const current = this.#current;
    const next = this.#next;
    next.clear();
    for (let index = 0; index < current.count; index++) {
      if (current.stateAt(index) < 0) continue;
      const isEffective = current.has(index, slot);
      if (isEffective || index < kept) {
        current.copyTo(this.#row, index);
        this.#row[1 + (slot >>> 5)]! |= 1 << (slot & 31); // The bit says no more than that it is closed.
        next.add(this.#row);
      }
      if (isEffective) continue;
      this.#budget.steps -= 1;
      if (this.#budget.steps < 0 || current.count + next.count > CONFIGURATIONS_MAX) return 'too-many';
      this.#expand(index, slot);
    }
    this.#free(slot);
    this.#swap(slot);
    return this.#current.count === 0 ? 'none' : 'ok';
  }

  /** Whether the operations that returned leave only one configuration. */
  get isSingle(): boolean {
    return this.#current.count === 1;
  }

  /** The state of the only configuration, and the open operations that took effect in it. */
  get only(): { readonly state: State; readonly effective: ReadonlySet<Operation> } {
    assert(this.isSingle, 'There is one configuration');
    const slots = [...this.#changes, ...this.#reads].filter((slot) => this.#current.has(0, slot));
    const effective = new Set(slots.map((slot) => this.#operations[slot]!));
    return { state: this.#states.stateOf(this.#current.stateAt(0)), effective };
  }

  /** Adds what is one change away: to the next set where `slot` took effect, else to this one, to go on from. */
  #expand(index: number, slot: number): void {
    const current = this.#current;
    const row = this.#row;
    const from = current.stateAt(index);
    const state = this.#states.stateOf(from);
    for (const change of this.#changes) {
      if (current.has(index, change)) continue;
      const twin = this.#twins[change]!;
      if (twin >= 0 && !current.has(index, twin)) continue;
      const operation = this.#operations[change]!;
      const after = this.#model.step(state, operation);
      if (after === ILLEGAL) continue;
      const to = this.#states.idOf(after);
      if (to === from && this.#isOptional(change)) continue; // It need not take effect, and had none.
      this.#budget.steps -= 1;
      current.copyTo(row, index);
      row[0] = to;
      row[1 + (change >>> 5)]! |= 1 << (change & 31);
      if (to !== from) this.#readAll(row, after);
      const isEffective = ((row[1 + (slot >>> 5)]! >>> (slot & 31)) & 1) === 1;
      if (isEffective) this.#next.add(row);
      else current.add(row);
    }
  }

  #isOptional(slot: number): boolean {
    return ((this.#kinds.open[slot >>> 5]! >>> (slot & 31)) & 1) === 1;
  }

  /** Reads what may be read in the state: waiting could only lose the chance. */
  #readAll(row: Int32Array, state: State): void {
    for (const slot of this.#reads) {
      const at = 1 + (slot >>> 5);
      const bit = 1 << (slot & 31);
      if ((row[at]! & bit) === 0 && this.#model.step(state, this.#operations[slot]!) !== ILLEGAL) row[at]! |= bit;
    }
  }

  #readNow(slot: number): void {
    const current = this.#current;
    const operation = this.#operations[slot]!;
    for (let index = 0; index < current.count; index++) {
      // Configurations of one state all get the bit or none of them, so that their order stays as it is.
      const state = this.#states.stateOf(current.stateAt(index));
      if (this.#model.step(state, operation) !== ILLEGAL) current.setBit(index, slot, true);
    }
  }

  #joinTwins(slot: number): void {
    const { call, input } = this.#operations[slot]!;
    const kind = `${call} ${typeof input} ${String(identityOf(input))}`;
    this.#twins[slot] = this.#newestByKind.get(kind) ?? -1;
    this.#newestByKind.set(kind, slot);
  }

  #takeSlot(): number {
    const free = this.#slotsFree.pop();
    if (free !== undefined) return free;
    const slot = this.#operations.length;
    if (slot >>> 5 >= this.#current.words) this.#widen();
    return slot;
  }

  #free(slot: number): void {
    const list = (this.#kinds.reads[slot >>> 5]! >>> (slot & 31)) & 1 ? this.#reads : this.#changes;
    list.splice(list.indexOf(slot), 1);
    this.#slotsFree.push(slot);
  }

  /** The next set becomes the current one, without its dead and without the slot that is free now. */
  #swap(slot: number): void {
    const from = this.#next;
    const to = this.#current;
    to.clear();
    const isCrowded = this.#states.size > STATES_KEPT && this.#states.size > 4 * from.count;
    const kept: State[] = [];
    for (let index = 0; index < from.count; index++) {
      if (from.stateAt(index) < 0) continue;
      if (isCrowded) kept.push(this.#states.stateOf(from.stateAt(index)));
    }
    if (isCrowded) this.#states.clear();
    let live = 0;
    for (let index = 0; index < from.count; index++) {
      if (from.stateAt(index) < 0) continue;
      from.setBit(index, slot, false);
      if (isCrowded) from.setStateAt(index, this.#states.idOf(kept[live]!));
      live += 1;
    }
    from.settle();
    if (live === from.count && !isCrowded) {
      this.#current = from;
      this.#next = to;
      return;
    }
    for (let index = 0; index < from.count; index++) {
      if (from.stateAt(index) < 0) continue;
      from.copyTo(this.#row, index);
      to.add(this.#row);
    }
  }

  #widen(): void {
    const words = this.#current.words * 2;
    const reads = new Int32Array(words);
    const open = new Int32Array(words);
    reads.set(this.#kinds.reads);
    open.set(this.#kinds.open);
    this.#kinds.reads = reads;
    this.#kinds.open = open;
    const wider = new ConfigurationSet(words, this.#kinds);
    const row = new Int32Array(words + 1);
    for (let index = 0; index < this.#current.count; index++) {
      this.#current.copyTo(row, index);
      wider.add(row);
    }
    this.#current = wider;
    this.#next = new ConfigurationSet(words, this.#kinds);
    this.#row = row;
  }
}

/** Checks the operations of one object; at most a few times as many steps as operations where few overlap. */
export function searchJustInTime<State>(history: ObjectHistory, model: Model<State>, budget: Budget): Outcome {
  return searchWithOptional(history, model, { budget, initial: model.initial, optional: new Set() });
}

/** What a search goes by that supposes something else than the history says. */
export interface Suppositions<State> {
  readonly budget: Budget;
  /** What the object holds before the first operation. */
  readonly initial: State;
  /** Operations that took effect within their time, or had none. */
  readonly optional: ReadonlySet<Operation>;
}

/** As {@link searchJustInTime}, for what might have been. */
export function searchWithOptional<State>(
  { operations, events }: ObjectHistory,
  model: Model<State>,
  { budget, initial, optional }: Suppositions<State>,
): Outcome {
  const frontier = new Frontier(model, budget, initial);
  const slots = new Int32Array(operations.length);
  for (const event of events) {
    const operation = operations[event < 0 ? ~event : event]!;
    const isOptional = operation.end === Infinity || optional.has(operation);
    if (event >= 0) {
      slots[event] = frontier.call(operation, isOptional);
      continue;
    }
    const slot = slots[~event]!;
    const advance = isOptional ? frontier.forgo(slot) : frontier.return(slot);
    if (advance === 'none') return { kind: 'illegal', impossible: operation };
    if (advance === 'too-many') return budget.steps < 0 ? OUT_OF_STEPS : TOO_MANY;
  }
  return OK;
}
