// The calls of counters, sets and maps that merge.
import { typeError } from '../base/errors.ts';
import { EMPTY, isCausalMap, mergeMaps } from './merges/causal-map.ts';
import type { CausalMap } from './merges/causal-map.ts';
import { COUNT_FIELD, addTo, isTotal, totalIn } from './merges/counter.ts';
import { addToCounter, excludeFrom, includeIn, isMapContent, removeName, viewOf, writeRegister } from './merges/map.ts';
import { elementsOf, exclude, include, isElementAt } from './merges/set.ts';
import type { MergeCounter, MergeMap, MergeOptions, MergeRead, MergeSet, MergeWrite } from './merging.ts';
import { requireQuorumLevel } from './quorum-level.ts';
import type { Store, Value } from './store.ts';
import { unconditional } from './unconditional.ts';
import { ValueCopies } from './value-copies.ts';

/** Values that remember who changed them. */
export type CausalKind = 'counter' | 'set' | 'map';

/** What a bucket of this kind stores. */
interface Stored {
  /** The actor of all events that happen in this store. */
  readonly home: string;
  readonly map: CausalMap;
}

/** What a change makes, and how its caller sees that. */
interface Change<View> {
  readonly step: (map: CausalMap, actor: string) => CausalMap;
  readonly view: (map: CausalMap) => View;
}

/** What a field may hold, by the kind of value. */
const IS_CONTENT: Readonly<Record<CausalKind, (field: string, content: unknown) => boolean>> = {
  counter: (field, content) => field === COUNT_FIELD && isTotal(content),
  set: isElementAt,
  map: isMapContent,
};

/** The calls of one bucket. */
export class CausalCalls {
  readonly #engine: Pick<Store, 'get' | 'update'>;
  readonly #kind: CausalKind;
  readonly #newActor: () => string;
  readonly #copies = new ValueCopies();

  constructor(engine: Pick<Store, 'get' | 'update'>, kind: CausalKind, newActor: () => string) {
    this.#engine = engine;
    this.#kind = kind;
    this.#newActor = newActor;
  }

  /** @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` for what is no copy of a value of this kind. */
  checked(copy: Value): CausalMap {
    if (isCausalMap(copy, IS_CONTENT[this.#kind])) return copy;
    const message = `Cannot merge a ${typeof copy} that is no copy of a ${this.#kind}: it must be what a get has given`;
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', message);
  }

  /**
   * What two copies come to.
   *
   * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where a count of it could not be read any more.
   */
  merged(left: CausalMap, right: CausalMap): CausalMap {
    const merged = mergeMaps(left, right);
    if (this.#kind === 'counter') countOf(merged);
    if (this.#kind === 'map') viewOf(merged);
    return merged;
  }

  async get<View>(
    key: string,
    options: MergeOptions | undefined,
    view: (map: CausalMap) => View,
  ): Promise<MergeRead<View>> {
    requireQuorumLevel(options);
    const read = await this.#engine.get(key, options);
    return read.outcome === 'ok' ? { ...read, value: view(storedIn(read.value).map) } : read;
  }

  async change<View>(
    key: string,
    options: MergeOptions | undefined,
    { step, view }: Change<View>,
  ): Promise<MergeWrite<View>> {
    requireQuorumLevel(options);
    const changed = (held: Value): Stored => {
      const { home, map } = held === undefined ? { home: this.#newActor(), map: EMPTY } : storedIn(held);
      return { home, map: step(map, home) };
    };
    const result = unconditional(await this.#engine.update(key, changed, options));
    return result.outcome === 'ok' ? { ...result, value: view(storedIn(result.value).map) } : result;
  }

  counter(key: string): MergeCounter {
    const view = countOf;
    return {
      get: (options) => this.get(key, options, view),
      add: (by = 1, options) =>
        this.change(key, options, { step: (map, actor) => addTo(map, { actor, field: COUNT_FIELD }, by), view }),
    };
  }

  set(key: string): MergeSet {
    const view = elementsOf;
    return {
      get: (options) => this.get(key, options, view),
      add: (element, options) =>
        this.change(key, options, { step: (map, actor) => include(map, actor, element), view }),
      remove: (element, options) => this.change(key, options, { step: (map) => exclude(map, element), view }),
    };
  }

  map(key: string): MergeMap {
    const view = viewOf;
    const change = (options: MergeOptions | undefined, step: Change<unknown>['step']): ReturnType<MergeMap['remove']> =>
      this.change(key, options, { step, view });
    return {
      get: (options) => this.get(key, options, view),
      set: async (name, value, options) => {
        const copy = this.#copies.of(value);
        return change(options, (map, actor) => writeRegister(map, actor, [requireName(name), copy]));
      },
      add: (name, by, options) => change(options, (map, actor) => addToCounter(map, actor, [requireName(name), by])),
      include: (name, element, options) =>
        change(options, (map, actor) => includeIn(map, actor, [requireName(name), element])),
      exclude: (name, element, options) => change(options, (map) => excludeFrom(map, [requireName(name), element])),
      remove: (name, options) => change(options, (map) => removeName(map, requireName(name))),
    };
  }
}

function countOf(map: CausalMap): number {
  return totalIn(map.fields.get(COUNT_FIELD));
}

function storedIn(held: Value): Stored {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else writes keys of the bucket
  return held as Stored;
}

function requireName(name: unknown): string {
  if (typeof name === 'string') return name;
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use a ${typeof name} as name in a map: it must be a string`);
}
