// A mutable reactor as a machine whose states are numbers, so that production objects, which keep their state to
// themselves, can be explored like values.
//
// A state is a sequence of inputs. The first time that an input is given in a state, a fresh reactor is made and fed
// that sequence; afterwards the answer is known. A search meets the same state of one node in very many states of the
// system, so that the reactor itself runs rarely. Inputs that lead to states which `identify` calls equal lead to one.
import { assert } from '../../base/assert.ts';

/** What is explored: it depends on nothing but its inputs. */
export interface Reactor<Input, Output> {
  /** Handles an input. What it answers must not change afterwards. */
  react(input: Input): Output;
  /**
   * A text that is equal only for states that answer all further inputs alike; `undefined` where it cannot tell: then
   * the state is that of its inputs.
   */
  identify?(): string | undefined;
}

/** Where an input leads. */
export interface Reaction<Output> {
  readonly state: number;
  readonly output: Output;
}

/**
 * The states of a reactor that were met so far, from {@link ReplayedMachine.start}.
 *
 * @example
 * ```ts
 * import { ReplayedMachine } from 'quorate/sim';
 *
 * class Turnstile {
 *   #isOpen = false;
 *   react(input: 'coin' | 'push'): string {
 *     const passes = input === 'push' && this.#isOpen;
 *     this.#isOpen = input === 'coin';
 *     return passes ? 'passes' : 'stays';
 *   }
 *   identify(): string {
 *     return String(this.#isOpen);
 *   }
 * }
 * const machine = new ReplayedMachine(() => new Turnstile());
 * const paid = machine.step(machine.start, 'coin', 'coin');
 * const passed = machine.step(paid.state, 'push', 'push');
 * const paidAgain = machine.step(passed.state, 'coin', 'coin');
 * console.log(passed.output, paidAgain.state === paid.state); // passes true
 * ```
 */
export class ReplayedMachine<Input, Output> {
  /** The state of a fresh reactor. */
  readonly start = 0;
  readonly #create: () => Reactor<Input, Output>;
  readonly #parents: number[] = [-1];
  readonly #inputs: (Input | undefined)[] = [undefined];
  readonly #reactions: Map<string, Reaction<Output>>[] = [new Map()];
  readonly #states = new Map<string, number>();
  /** The reactor that was used last, and its state. */
  #reactor: Reactor<Input, Output> | undefined = undefined;
  #reactorState = -1;
  /** Inputs that reactors have handled. */
  reactions = 0;

  constructor(create: () => Reactor<Input, Output>) {
    this.#create = create;
  }

  /** States met so far. */
  get size(): number {
    return this.#parents.length;
  }

  /** Gives an input in a state; `key` is equal for equal inputs, and only for those. */
  step(state: number, key: string, input: Input): Reaction<Output> {
    const reactions = this.#reactions[state];
    assert(reactions !== undefined, 'A state is one that this machine has answered');
    const known = reactions.get(key);
    if (known !== undefined) return known;
    const reactor = this.#reactorIn(state);
    const output = this.#feed(reactor, input);
    const identity = reactor.identify?.();
    const next = (identity === undefined ? undefined : this.#states.get(identity)) ?? this.#add(state, input);
    if (identity !== undefined) this.#states.set(identity, next);
    this.#reactor = reactor;
    this.#reactorState = next;
    const reaction = { state: next, output };
    reactions.set(key, reaction);
    return reaction;
  }

  #add(parent: number, input: Input): number {
    this.#inputs.push(input);
    this.#reactions.push(new Map());
    return this.#parents.push(parent) - 1;
  }

  #reactorIn(state: number): Reactor<Input, Output> {
    if (this.#reactor !== undefined && this.#reactorState === state) return this.#reactor;
    const inputs: Input[] = [];
    for (let at = state; at > 0; at = this.#parents[at]!) inputs.push(this.#inputs[at]!);
    const reactor = this.#create();
    for (let index = inputs.length - 1; index >= 0; index--) this.#feed(reactor, inputs[index]!);
    return reactor;
  }

  #feed(reactor: Reactor<Input, Output>, input: Input): Output {
    this.#reactorState = -1; // Should it throw, nobody goes on with it.
    this.reactions++;
    return reactor.react(input);
  }
}
