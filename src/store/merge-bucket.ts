// A bucket that merges, over any engine: each write is a change of what is stored, so that no merge is lost.
//
// Counters, sets and maps are stored with the name of their home, the actor of all events that happen in this store. A
// key that was empty begins with a new home, also where the first that is put there is a copy from elsewhere: that may
// hold events of any other actor, and two places must never count the events of one.
import { rangeError, typeError } from '../base/errors.ts';
import type { MergeName } from './conflicts.ts';
import { CausalCalls } from './causal-calls.ts';
import { CausalSteps } from './causal-steps.ts';
import { promiseOf } from './continuation.ts';
import { PLAIN_MERGES } from './merges/plain-merges.ts';
import type { MergeFunction } from './merges/plain-merges.ts';
import type {
  MergeCounter,
  MergeMap,
  MergeOptions,
  MergeRead,
  MergeSet,
  MergeStore,
  MergeWrite,
  MergingOptions,
} from './merging.ts';
import { requireQuorumLevel } from './quorum-level.ts';
import { steppedChanges } from './stepped-changes.ts';
import type { ChangeResult, Store, Value, WriteOk, WriteResult, WriteUnavailable, WriteUnknown } from './store.ts';
import { unconditional } from './unconditional.ts';
import { ValueCopies } from './value-copies.ts';

/** What it needs of an engine; reads must be linearizable, and changes happen once. */
export type MergeEngine = Pick<Store, 'get' | 'update' | 'resolve'>;

type Ended = WriteOk | WriteUnknown | WriteUnavailable;

/** How a bucket merges, and who does. */
export interface MergeRules extends MergingOptions {
  readonly bucket: string;
  readonly by: MergeName;
  /** Names of actors, each of which nobody has, or had. */
  readonly newActor: () => string;
}

/** A bucket that merges. */
export class MergeBucket implements MergeStore {
  readonly #engine: MergeEngine;
  readonly #rules: MergeRules;
  readonly #copies = new ValueCopies();
  /** Where it merges what has actors. */
  readonly #causal: { readonly steps: CausalSteps; readonly calls: CausalCalls } | undefined;
  readonly #merge: MergeFunction;

  /** @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` where a function is missing, or given and not wanted. */
  constructor(engine: MergeEngine, rules: MergeRules) {
    this.#engine = engine;
    this.#rules = rules;
    const { by, newActor } = rules;
    const isCausal = by === 'counter' || by === 'set' || by === 'map';
    requireFunction(rules);
    const steps = isCausal ? new CausalSteps(steppedChanges(engine), by, newActor) : undefined;
    this.#causal = steps && { steps, calls: new CausalCalls(steps) };
    this.#merge = isCausal ? unused : by === 'custom' ? (rules.merge ?? unused) : PLAIN_MERGES[by];
  }

  async get(key: string, options?: MergeOptions): Promise<MergeRead<Value>> {
    requireQuorumLevel(options);
    if (this.#causal === undefined) return this.#engine.get(key, options);
    const { steps } = this.#causal;
    return promiseOf((then) => steps.get(key, options, (map) => map, then));
  }

  async put(key: string, value: Value, options?: MergeOptions): Promise<MergeWrite<Value>> {
    requireQuorumLevel(options);
    const copy = this.#copies.of(value);
    if (this.#causal !== undefined) {
      const { steps } = this.#causal;
      return promiseOf((then) => steps.change(key, options, steps.merging(copy), then));
    }
    // A value that comes first is merged with itself: what cannot be merged is not stored either.
    const merged = (held: Value): Value => written(this.#merge(held ?? this.#copies.of(copy), this.#copies.of(copy)));
    return unconditional(await this.#engine.update(key, merged, options));
  }

  async delete(key: string, options?: MergeOptions): Promise<Ended> {
    requireQuorumLevel(options);
    return ended(await this.#engine.update(key, () => undefined, options));
  }

  async resolve(operationId: string, options?: MergeOptions): Promise<Ended> {
    requireQuorumLevel(options);
    return ended(await this.#engine.resolve(operationId, options));
  }

  counter(key: string): MergeCounter {
    return this.#callsFor('counter').counter(key);
  }

  set(key: string): MergeSet {
    return this.#callsFor('set').set(key);
  }

  map(key: string): MergeMap {
    return this.#callsFor('map').map(key);
  }

  #callsFor(kind: MergeName): CausalCalls {
    const { by, bucket } = this.#rules;
    if (by === kind && this.#causal !== undefined) return this.#causal.calls;
    const message = `Cannot use a ${kind} of bucket '${bucket}': its values merge by '${by}'`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
  }
}

function ended(result: ChangeResult | WriteResult): Ended {
  const merged = unconditional(result);
  return merged.outcome === 'ok' ? { outcome: 'ok', version: merged.version } : merged;
}

function written(value: Value): Value {
  if (value !== undefined) return value;
  throw typeError(
    'ERR_QUORATE_INVALID_ARGUMENT',
    'Cannot store undefined: the function that merges must return a value',
  );
}

function requireFunction({ by, bucket, merge }: MergeRules): void {
  if (by === 'custom' ? typeof merge === 'function' : merge === undefined) return;
  const allowed = by === 'custom' ? 'it must bring a function, merge' : `its values merge by '${by}', without one`;
  const message = `Cannot merge in bucket '${bucket}' with a function of type ${typeof merge}: ${allowed}`;
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}

function unused(): never {
  throw new Error('Counters, sets and maps merge by themselves');
}
