// What counters, sets and maps that merge do, without promises: each write is a change of what is stored.
import { typeError } from '../base/errors.ts';
import { after } from './continuation.ts';
import type { Continuation } from './continuation.ts';
import { EMPTY, isCausalMap, mergeMaps } from './merges/causal-map.ts';
import type { CausalMap } from './merges/causal-map.ts';
import { COUNT_FIELD, addTo, isTotal, totalIn } from './merges/counter.ts';
import { addToCounter, excludeFrom, includeIn, isMapContent, removeName, viewOf, writeRegister } from './merges/map.ts';
import type { MapView } from './merges/map.ts';
import { elementsOf, exclude, include, isElementAt } from './merges/set.ts';
import type { Element } from './merges/set.ts';
import type { MergeOptions, MergeRead, MergeWrite } from './merging.ts';
import { requireQuorumLevel } from './quorum-level.ts';
import type { SteppedChanges } from './stepped-changes.ts';
import type { ChangeResult, ReadResult, Value } from './store.ts';
import { unconditional } from './unconditional.ts';

/** Values that remember who changed them. */
export type CausalKind = 'counter' | 'set' | 'map';

/** What a bucket of this kind stores. */
interface Stored {
  /** The actor of all events that happen in this store. */
  readonly home: string;
  readonly map: CausalMap;
}

/** What a change makes, and how its caller sees that. */
export interface CausalChange<View> {
  readonly step: (map: CausalMap, actor: string) => CausalMap;
  readonly view: (map: CausalMap) => View;
}

/** What a field may hold, by the kind of value. */
const IS_CONTENT: Readonly<Record<CausalKind, (field: string, content: unknown) => boolean>> = {
  counter: (field, content) => field === COUNT_FIELD && isTotal(content),
  set: isElementAt,
  map: isMapContent,
};

/** The calls of one bucket; each throws what is wrong with what was asked for. */
export class CausalSteps {
  readonly #engine: SteppedChanges;
  readonly #kind: CausalKind;
  readonly #newActor: () => string;

  constructor(engine: SteppedChanges, kind: CausalKind, newActor: () => string) {
    this.#engine = engine;
    this.#kind = kind;
    this.#newActor = newActor;
  }

  get<View>(
    key: string,
    options: MergeOptions | undefined,
    view: (map: CausalMap) => View,
    then: Continuation<MergeRead<View>>,
  ): void {
    requireQuorumLevel(options);
    const read = after(then, (found: ReadResult): MergeRead<View> =>
      found.outcome === 'ok' ? { ...found, value: view(storedIn(found.value).map) } : found,
    );
    this.#engine.get(key, options, read);
  }

  change<View>(
    key: string,
    options: MergeOptions | undefined,
    { step, view }: CausalChange<View>,
    then: Continuation<MergeWrite<View>>,
  ): void {
    requireQuorumLevel(options);
    const changed = (held: Value): Stored => {
      const { home, map } = held === undefined ? { home: this.#newActor(), map: EMPTY } : storedIn(held);
      return { home, map: step(map, home) };
    };
    const made = after(then, (result: ChangeResult): MergeWrite<View> => {
      const written = unconditional(result);
      return written.outcome === 'ok' ? { ...written, value: view(storedIn(written.value).map) } : written;
    });
    this.#engine.update(key, changed, options, made);
  }

  /**
   * Merges a copy with what is stored.
   *
   * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` for what is no copy of a value of this kind.
   */
  merging(copy: Value): CausalChange<CausalMap> {
    if (!isCausalMap(copy, IS_CONTENT[this.#kind])) {
      const given = `a ${typeof copy} that is no copy of a ${this.#kind}`;
      const message = `Cannot merge ${given}: it must be what a get has given`;
      throw typeError('ERR_QUORATE_INVALID_ARGUMENT', message);
    }
    return { step: (map) => this.#merged(map, copy), view: (map) => map };
  }

  /** @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where a count of it could not be read any more. */
  #merged(left: CausalMap, right: CausalMap): CausalMap {
    const merged = mergeMaps(left, right);
    if (this.#kind === 'counter') countOf(merged);
    if (this.#kind === 'map') viewOf(merged);
    return merged;
  }
}

/** What a counter has come to. */
export function countOf(map: CausalMap): number {
  return totalIn(map.fields.get(COUNT_FIELD));
}

/** Adds to a counter. */
export function counting(by: number): CausalChange<number> {
  return { step: (map, actor) => addTo(map, { actor, field: COUNT_FIELD }, by), view: countOf };
}

/** Adds an element to a set. */
export function including(element: Element): CausalChange<Set<Element>> {
  return { step: (map, actor) => include(map, actor, element), view: elementsOf };
}

/** Removes an element from a set. */
export function excluding(element: Element): CausalChange<Set<Element>> {
  return { step: (map) => exclude(map, element), view: elementsOf };
}

/** Changes of maps, each of what is under a name. */
export const IN_MAP = {
  set: (name: string, value: Value): CausalChange<MapView> =>
    ofMap((map, actor) => writeRegister(map, actor, [requireName(name), value])),
  add: (name: string, by: number): CausalChange<MapView> =>
    ofMap((map, actor) => addToCounter(map, actor, [requireName(name), by])),
  include: (name: string, element: Element): CausalChange<MapView> =>
    ofMap((map, actor) => includeIn(map, actor, [requireName(name), element])),
  exclude: (name: string, element: Element): CausalChange<MapView> =>
    ofMap((map) => excludeFrom(map, [requireName(name), element])),
  remove: (name: string): CausalChange<MapView> => ofMap((map) => removeName(map, requireName(name))),
} as const;

function ofMap(step: CausalChange<MapView>['step']): CausalChange<MapView> {
  return { step, view: viewOf };
}

function storedIn(held: Value): Stored {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else writes keys of the bucket
  return held as Stored;
}

function requireName(name: unknown): string {
  if (typeof name === 'string') return name;
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use a ${typeof name} as name in a map: it must be a string`);
}
