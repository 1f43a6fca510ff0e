import { assert } from '../base/assert.ts';
import type { Model } from './model.ts';
import type { Identity } from './models/value.ts';

/** States as small integers, equal for equal states. */
export class StateTable<State> {
  readonly #model: Model<State>;
  #states: State[] = [];
  #ids = new Map<Identity, number>();

  constructor(model: Model<State>) {
    this.#model = model;
  }

  /** States that it holds. */
  get size(): number {
    return this.#states.length;
  }

  /** The integer of a state, from 0 on. */
  idOf(state: State): number {
    const identity = this.#model.identify(state);
    const known = this.#ids.get(identity);
    if (known !== undefined) return known;
    const id = this.#states.length;
    this.#states.push(state);
    this.#ids.set(identity, id);
    return id;
  }

  stateOf(id: number): State {
    assert(id < this.#states.length, 'Only integers that were given out are looked up');
    return this.#states[id]!;
  }

  /** Forgets all states. */
  clear(): void {
    this.#states = [];
    this.#ids = new Map();
  }
}
