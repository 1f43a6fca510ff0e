// The calls of counters, sets and maps that merge, with promises.
import { IN_MAP, countOf, counting, excluding, including } from './causal-steps.ts';
import type { CausalChange, CausalSteps } from './causal-steps.ts';
import { promiseOf } from './continuation.ts';
import type { CausalMap } from './merges/causal-map.ts';
import { viewOf } from './merges/map.ts';
import { elementsOf } from './merges/set.ts';
import type { MergeCounter, MergeMap, MergeOptions, MergeRead, MergeSet, MergeWrite } from './merging.ts';
import { ValueCopies } from './value-copies.ts';

/** The calls of one bucket. */
export class CausalCalls {
  readonly #steps: CausalSteps;
  readonly #copies = new ValueCopies();

  constructor(steps: CausalSteps) {
    this.#steps = steps;
  }

  counter(key: string): MergeCounter {
    return {
      get: (options) => this.#get(key, options, countOf),
      add: (by = 1, options) => this.#change(key, options, () => counting(by)),
    };
  }

  set(key: string): MergeSet {
    return {
      get: (options) => this.#get(key, options, elementsOf),
      add: (element, options) => this.#change(key, options, () => including(element)),
      remove: (element, options) => this.#change(key, options, () => excluding(element)),
    };
  }

  map(key: string): MergeMap {
    return {
      get: (options) => this.#get(key, options, viewOf),
      set: (name, value, options) => this.#change(key, options, () => IN_MAP.set(name, this.#copies.of(value))),
      add: (name, by, options) => this.#change(key, options, () => IN_MAP.add(name, by)),
      include: (name, element, options) => this.#change(key, options, () => IN_MAP.include(name, element)),
      exclude: (name, element, options) => this.#change(key, options, () => IN_MAP.exclude(name, element)),
      remove: (name, options) => this.#change(key, options, () => IN_MAP.remove(name)),
    };
  }

  #get<View>(key: string, options: MergeOptions | undefined, view: (map: CausalMap) => View): Promise<MergeRead<View>> {
    return promiseOf((then) => this.#steps.get(key, options, view, then));
  }

  /** What making the change throws, its caller is told by the promise too. */
  #change<View>(
    key: string,
    options: MergeOptions | undefined,
    make: () => CausalChange<View>,
  ): Promise<MergeWrite<View>> {
    return promiseOf((then) => this.#steps.change(key, options, make(), then));
  }
}
