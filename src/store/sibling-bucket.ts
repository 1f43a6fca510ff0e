// A bucket with siblings, with promises: its steps (sibling-steps.ts) over an engine with promises.
import { promiseOf } from './continuation.ts';
import { SiblingSteps } from './sibling-steps.ts';
import type { NewActor } from './sibling-steps.ts';
import type {
  SiblingDeleteOptions,
  SiblingOptions,
  SiblingPutOptions,
  SiblingRead,
  SiblingStore,
  SiblingWrite,
} from './siblings.ts';
import { steppedChanges } from './stepped-changes.ts';
import type { Store, Value } from './store.ts';

/** What it needs of an engine; reads must be linearizable, and changes happen once. */
export type SiblingEngine = Pick<Store, 'get' | 'update' | 'resolve'>;

/** A bucket with siblings. */
export class SiblingBucket implements SiblingStore {
  readonly #steps: SiblingSteps;

  constructor(engine: SiblingEngine, newActor: NewActor) {
    this.#steps = new SiblingSteps(steppedChanges(engine), newActor);
  }

  get(key: string, options?: SiblingOptions): Promise<SiblingRead> {
    return promiseOf((then) => this.#steps.get(key, options, then));
  }

  put(key: string, value: Value, options?: SiblingPutOptions): Promise<SiblingWrite> {
    return promiseOf((then) => this.#steps.put(key, value, options, then));
  }

  delete(key: string, options: SiblingDeleteOptions): Promise<SiblingWrite> {
    return promiseOf((then) => this.#steps.delete(key, options, then));
  }

  resolve(operationId: string, options?: SiblingOptions): Promise<SiblingWrite> {
    return promiseOf((then) => this.#steps.resolve(operationId, options, then));
  }
}
