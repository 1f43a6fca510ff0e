// Linearizability while the history is being made, in memory that does not grow with it.
import { assert } from '../base/assert.ts';
import { typeError } from '../base/errors.ts';
import { explain } from './explanation.ts';
import { Frontier } from './frontier.ts';
import type { Explanation, Operation, Verdict } from './history.ts';
import type { Model, SearchLimits } from './model.ts';
import { budgetOf, isRead } from './search.ts';
import type { Budget } from './search.ts';

const RECENT_MAX = 2048; // Operations of one object that are kept to explain what is wrong.
const SETTLED_MIN = 64;

/** A call of which nobody knows yet whether it returns. */
interface Pending {
  readonly key: string | undefined;
  operation: Operation;
  isSettled: boolean;
  slot: number;
}

/** A call, or the return of one. */
interface Event {
  readonly pending: Pending;
  readonly isCall: boolean;
}

/**
 * Checks a history as it comes in: calls and returns in their order. As {@link checkLinearizable}, but for the search
 * in depth: a return is looked at as soon as it is known of all calls before it whether they return, and then never
 * again. Memory does not grow with the history, but with what is open at a time and what happened on each object since
 * it was last certainly in one state.
 *
 * Pure and synchronous; a call of its methods takes about a microsecond where few operations overlap.
 *
 * @example
 * import { LinearizabilityChecker, registerModel } from 'quorate/check';
 *
 * const checker = new LinearizabilityChecker(registerModel(0));
 * checker.call('a', 'write', 1);
 * checker.call('b', 'read');
 * checker.return('b', 1); // It saw the write, though that has not returned.
 * checker.return('a');
 * console.log(checker.verdict); // ok
 * checker.call('b', 'read');
 * checker.return('b', 0);
 * console.log(checker.verdict); // illegal
 */
export class LinearizabilityChecker<State = unknown> {
  readonly #model: Model<State>;
  readonly #budget: Budget;
  readonly #objects = new Map<string | undefined, ObjectChecker<State>>();
  readonly #open = new Map<string | number, Pending>();
  #position = 0;
  #operations = 0;
  #failure: Explanation | undefined;
  #reason: string | undefined;

  /** @param limits as for {@link checkLinearizable}; `stepsMax` holds for the life of the checker. */
  constructor(model: Model<State>, limits: SearchLimits = {}) {
    this.#model = model;
    this.#budget = budgetOf(limits);
  }

  /**
   * A process calls the object.
   *
   * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it has an open call.
   */
  call(caller: string | number, call: string, input?: unknown, key?: string): void {
    if (this.#open.has(caller)) throw callError(caller, 'call', 'its call before has not returned');
    const start = this.#position++;
    const operation: Operation = { process: caller, call, input, output: undefined, start, end: Infinity };
    const named = key === undefined ? operation : { ...operation, key };
    const pending: Pending = { key, operation: named, isSettled: false, slot: -1 };
    this.#open.set(caller, pending);
    this.#operations += 1;
    this.#objectOf(key).push({ pending, isCall: true });
  }

  /**
   * The open call of a process returns.
   *
   * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it has none.
   */
  return(caller: string | number, output?: unknown): void {
    const pending = this.#close(caller);
    pending.operation = { ...pending.operation, output, end: this.#position++ };
    const object = this.#objectOf(pending.key);
    object.push({ pending, isCall: false });
    this.#advance(pending.key, object);
  }

  /**
   * The open call of a process will never return: it takes effect at any later time, or never.
   *
   * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it has none.
   */
  lose(caller: string | number): void {
    const pending = this.#close(caller);
    this.#advance(pending.key, this.#objectOf(pending.key));
  }

  /** What is known so far; `ok` may still turn into another one. */
  get verdict(): Verdict['verdict'] {
    if (this.#failure !== undefined) return 'illegal';
    return this.#reason === undefined ? 'ok' : 'unknown';
  }

  /** The verdict, now that nothing else happens: calls that are open never return. */
  finish(): Verdict {
    for (const caller of this.#open.keys()) this.lose(caller);
    const operations = this.#operations;
    if (this.#failure !== undefined) return { verdict: 'illegal', operations, explanation: this.#failure };
    return this.#reason === undefined
      ? { verdict: 'ok', operations }
      : { verdict: 'unknown', operations, reason: this.#reason };
  }

  #close(caller: string | number): Pending {
    const pending = this.#open.get(caller);
    if (pending === undefined) throw callError(caller, 'return', 'it has no open call');
    this.#open.delete(caller);
    pending.isSettled = true;
    return pending;
  }

  #objectOf(key: string | undefined): ObjectChecker<State> {
    const object = this.#model.isKeyed ? key : undefined;
    let checker = this.#objects.get(object);
    if (checker === undefined) {
      checker = new ObjectChecker(this.#model, this.#budget, object);
      this.#objects.set(object, checker);
    }
    return checker;
  }

  #advance(key: string | undefined, object: ObjectChecker<State>): void {
    if (this.#failure !== undefined) return;
    const found = object.advance();
    if (found === 'too-many') this.#reason ??= `too many configurations${key === undefined ? '' : ` at ${key}`}`;
    else if (found !== undefined) this.#failure = found;
  }
}

function callError(caller: string | number, verb: string, reason: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot let process ${String(caller)} ${verb}: ${reason}`);
}

/** The events of one object that wait, and what it may be in after those before. */
class ObjectChecker<State> {
  readonly #model: Model<State>;
  readonly #key: string | undefined;
  readonly #frontier: Frontier<State>;
  #events: Event[] = [];
  #next = 0;
  /** Where it was certainly in one state, and what was over by then and came after: to explain what is wrong. */
  #state: State;
  #before: Operation[] = [];
  #since = new Set<Pending>();
  #isDone = false;

  constructor(model: Model<State>, budget: Budget, key: string | undefined) {
    this.#model = model;
    this.#key = key;
    this.#frontier = new Frontier(model, budget);
    this.#state = model.initial;
  }

  push(event: Event): void {
    if (!this.#isDone) this.#events.push(event);
  }

  /** Goes on as far as calls are settled. @returns what is wrong, if anything is. */
  advance(): Explanation | 'too-many' | undefined {
    while (!this.#isDone) {
      const event = this.#events[this.#next];
      if (event === undefined || !event.pending.isSettled) break;
      this.#next += 1;
      const { pending } = event;
      if (event.isCall) {
        this.#call(pending);
        continue;
      }
      const advance = this.#frontier.return(pending.slot);
      if (advance === 'ok') {
        this.#keepRecent();
        continue;
      }
      this.#isDone = true;
      this.#events = [];
      return advance === 'none' ? this.#explain(pending.operation) : 'too-many';
    }
    if (this.#next === this.#events.length) {
      this.#events = [];
      this.#next = 0;
    } else if (this.#next > 1024) {
      this.#events = this.#events.slice(this.#next);
      this.#next = 0;
    }
    return undefined;
  }

  #call(pending: Pending): void {
    const { operation } = pending;
    if (operation.end === Infinity && isRead(this.#model, operation)) return;
    pending.slot = this.#frontier.call(operation);
    this.#since.add(pending);
  }

  /** Starts anew where there is one state only, and drops what is too much. */
  #keepRecent(): void {
    if (this.#since.size < SETTLED_MIN || !this.#frontier.isSingle) return;
    const { state, effective } = this.#frontier.only;
    const position = this.#events[this.#next - 1]!.pending.operation.end;
    for (const pending of this.#since) {
      const { operation } = pending;
      if (operation.end > position && !effective.has(operation)) continue;
      this.#since.delete(pending);
      this.#before.push(operation);
    }
    this.#state = state;
    if (this.#before.length > 2 * RECENT_MAX) this.#before = this.#before.slice(-RECENT_MAX);
  }

  #explain(impossible: Operation): Explanation {
    const operations = [...this.#since].map(({ operation }) => operation);
    assert(operations.includes(impossible), 'The operation that is impossible is among the last ones');
    const before = this.#before.toSorted((a, b) => a.start - b.start);
    return explain({ model: this.#model, key: this.#key, state: this.#state, before, operations, impossible });
  }
}
