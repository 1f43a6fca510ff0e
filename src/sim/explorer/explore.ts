// Bounded exhaustive search: every state that a model can reach, each once, and the first wrong one with the path to
// it. Breadth first finds a shortest path; depth first needs less memory where the model is wide.
//
// What makes the space smaller, and what it keeps:
// - Symmetry: states that `canonical` maps to one are searched once. The path stays a real one, since the search goes
//   on from the state that it met, not from the canonical one. Source: Ip and Dill, "Better verification through
//   symmetry" (1996).
// - Steps alone: an action that nobody can see and that commutes with all that others may do before it is taken without
//   the others, unless it leads to a state that was met before (else the others might be put off for ever). It keeps
//   every end and every wrong state up to the order of such steps. Source: ample sets, Clarke, Grumberg and Peled,
//   "Model Checking" (1999), chapter 10, conditions C0 to C3.
import { integerOption, rangeError } from '../../base/errors.ts';
import { Fingerprints } from './fingerprints.ts';
import { Trails } from './trails.ts';

/** A system whose states are values: nothing changes a state that was handed out. */
export interface StateModel<State, Action> {
  readonly initial: readonly State[];
  /** What may happen next, in an order that depends on the state alone. None: the state is an end. */
  actions(state: State): readonly Action[];
  apply(state: State, action: Action): State;
  /** A text that is equal for equal states, and only for those. */
  identify(state: State): string;
  /** What is wrong with a state; `undefined` when nothing is. */
  judge?(state: State): string | undefined;
  /** What is wrong with an end: a deadlock, or what should have happened by then; `undefined` when nothing is. */
  judgeEnd?(state: State): string | undefined;
  /** One of the states that differ from this one only by the names of equal parts: the same for all of them. */
  canonical?(state: State): State;
  /**
   * Whether the action may be taken without the others: it commutes with whatever the others may do before it is
   * taken, stays possible until then, and neither `judge` nor anybody else sees which came first.
   */
  isAlone?(state: State, action: Action): boolean;
}

/** How far a search goes. */
export interface ExploreOptions {
  /** Default `breadth`, whose counterexamples are shortest. */
  readonly order?: 'breadth' | 'depth';
  /** Most distinct states; default 10 million, at most 2^26. The search ends soon after it has met more. */
  readonly statesMax?: number;
  /** Most actions from an initial state; default 2^31 - 1. */
  readonly depthMax?: number;
}

/** What a search met. */
export interface Exploration<State, Action> {
  /** `unknown`: a limit ended the search; it never counts as a pass. */
  readonly verdict: 'ok' | 'wrong' | 'unknown';
  /** Distinct states, up to symmetry where the model has it. */
  readonly states: number;
  /** Actions taken, also those that led to a state that was met before. */
  readonly transitions: number;
  /** Most actions from an initial state to the discovery of another. */
  readonly depth: number;
  /** States in which nothing was left to do. */
  readonly ends: number;
  /** What is wrong, or which limit was met; empty when all is well. */
  readonly reason: string;
  /** The way to the wrong state; empty unless the verdict is `wrong`. */
  readonly path: readonly Step<State, Action>[];
}

/** One step of a path; the first has no action. */
export interface Step<State, Action> {
  readonly action: Action | undefined;
  readonly state: State;
}

interface Visit<State> {
  readonly state: State;
  readonly number: number;
  readonly depth: number;
}

const STATES_MAX = 2 ** 26;
const DEPTH_MAX = 2 ** 31 - 1;

/**
 * Searches every state that the model can reach. Blocks its thread; deterministic.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is not allowed.
 * @example
 * ```ts
 * import { explore } from 'quorate/sim';
 *
 * // Two threads increment a counter by a read and a write; `read[i]` is what thread i has read, -1 before, -2 after.
 * const found = explore({
 *   initial: [{ counter: 0, read: [-1, -1] }],
 *   actions: ({ read }) => [0, 1].filter((thread) => read[thread] !== -2),
 *   apply: ({ counter, read }, thread) =>
 *     read[thread] === -1
 *       ? { counter, read: read.with(thread, counter) }
 *       : { counter: read[thread]! + 1, read: read.with(thread, -2) },
 *   identify: (state) => JSON.stringify(state),
 *   judgeEnd: ({ counter }) => (counter === 2 ? undefined : `Two increments make ${counter}`),
 * });
 * console.log(found.verdict, found.reason, found.path.map(({ action }) => action).slice(1));
 * // wrong Two increments make 1 [ 0, 1, 0, 1 ]
 * ```
 */
export function explore<State, Action>(
  model: StateModel<State, Action>,
  options: ExploreOptions = {},
): Exploration<State, Action> {
  return new Search(model, options).run();
}

class Search<State, Action> {
  readonly #model: StateModel<State, Action>;
  readonly #isBreadthFirst: boolean;
  readonly #statesMax: number;
  readonly #depthMax: number;
  readonly #met = new Fingerprints();
  readonly #trails = new Trails();
  /** Breadth first: states of the depth under way, and those of the next. Depth first: `#next` alone, as a stack. */
  #level: Visit<State>[] = [];
  #next: Visit<State>[] = [];
  #transitions = 0;
  #depth = 0;
  #ends = 0;
  /** The first wrong state, by number. */
  #wrong = -1;
  #reason = '';
  #limit = '';

  constructor(model: StateModel<State, Action>, options: ExploreOptions) {
    this.#model = model;
    const { order = 'breadth' } = options;
    if (order !== 'breadth' && order !== 'depth') {
      const allowed = 'it must be breadth or depth';
      throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use order ${String(order)}: ${allowed}`);
    }
    this.#isBreadthFirst = order === 'breadth';
    this.#statesMax = integerOption('statesMax', options.statesMax ?? 10_000_000, { min: 1, max: STATES_MAX });
    this.#depthMax = integerOption('depthMax', options.depthMax ?? DEPTH_MAX, { min: 0, max: DEPTH_MAX });
  }

  run(): Exploration<State, Action> {
    this.#model.initial.forEach((state, ordinal) => this.#meet(state, -1, ordinal, 0));
    while (this.#wrong < 0 && this.#met.size <= this.#statesMax) {
      const visit = this.#take();
      if (visit === undefined) break;
      this.#visit(visit);
    }
    if (this.#met.size > this.#statesMax) this.#limit = `${this.#statesMax} states`;
    return {
      verdict: this.#wrong >= 0 ? 'wrong' : this.#limit === '' ? 'ok' : 'unknown',
      states: this.#met.size,
      transitions: this.#transitions,
      depth: this.#depth,
      ends: this.#ends,
      reason: this.#wrong >= 0 ? this.#reason : this.#limit,
      path: this.#wrong >= 0 ? this.#pathTo(this.#wrong) : [],
    };
  }

  #take(): Visit<State> | undefined {
    if (!this.#isBreadthFirst) return this.#next.pop();
    if (this.#level.length === 0) {
      this.#level = this.#next.toReversed();
      this.#next = [];
    }
    return this.#level.pop();
  }

  #visit({ state, number, depth }: Visit<State>): void {
    const model = this.#model;
    const actions = model.actions(state);
    if (actions.length === 0) {
      this.#ends++;
      const wrong = model.judgeEnd?.(state);
      if (wrong !== undefined) this.#blame(number, wrong);
      return;
    }
    if (depth >= this.#depthMax) {
      this.#limit = `${this.#depthMax} actions`;
      return;
    }
    if (model.isAlone !== undefined) {
      const alone = actions.findIndex((action) => model.isAlone!(state, action));
      if (alone >= 0 && this.#step(state, actions[alone]!, { number, alone, depth })) return;
    }
    for (let ordinal = 0; ordinal < actions.length && this.#wrong < 0; ordinal++) {
      this.#step(state, actions[ordinal]!, { number, alone: ordinal, depth });
    }
  }

  /** Takes one action. @returns whether it led to a state that was not met before. */
  #step(state: State, action: Action, from: { number: number; alone: number; depth: number }): boolean {
    this.#transitions++;
    return this.#meet(this.#model.apply(state, action), from.number, from.alone, from.depth + 1);
  }

  #meet(state: State, parent: number, ordinal: number, depth: number): boolean {
    const model = this.#model;
    if (!this.#met.add(model.identify(model.canonical?.(state) ?? state))) return false;
    const number = this.#trails.add(parent, ordinal);
    if (depth > this.#depth) this.#depth = depth;
    const wrong = model.judge?.(state);
    if (wrong !== undefined) this.#blame(number, wrong);
    this.#next.push({ state, number, depth });
    return true;
  }

  #blame(number: number, reason: string): void {
    if (this.#wrong >= 0) return;
    this.#wrong = number;
    this.#reason = reason;
  }

  #pathTo(number: number): Step<State, Action>[] {
    const [first, ...rest] = this.#trails.to(number);
    const path: Step<State, Action>[] = [{ action: undefined, state: this.#model.initial[first!]! }];
    for (const ordinal of rest) {
      const { state } = path.at(-1)!;
      const action = this.#model.actions(state)[ordinal]!;
      path.push({ action, state: this.#model.apply(state, action) });
    }
    return path;
  }
}
