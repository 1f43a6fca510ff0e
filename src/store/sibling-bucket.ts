// Siblings over any engine: the set of a key is one value, which only changes touch, so that siblings come from writers
// who did not know of each other, and never from updates that were lost.
//
// All events of a key are those of one actor, whose name the set keeps: a set that is changed in one place needs no
// more, and its clock does not grow with the clients that write. A key that was empty begins with a new actor. Were the
// name used again, the dots of the new values would be covered by contexts that were read before the key was deleted or
// lost, and such a writer would replace what nobody has seen (riak_test kv679).
import { SIBLINGS_MAX } from '../base/limits.ts';
import { contextOf, discard, update, valuesOf } from './dotted-version-set.ts';
import type { DottedVersionSet } from './dotted-version-set.ts';
import { requireQuorumLevel } from './quorum-level.ts';
import { decodeContext, encodeContext } from './sibling-context.ts';
import type {
  SiblingDeleteOptions,
  SiblingOptions,
  SiblingPutOptions,
  SiblingRead,
  SiblingStore,
  SiblingWrite,
} from './siblings.ts';
import type { ChangeResult, Store, Value, Version, WriteResult } from './store.ts';
import { unconditional } from './unconditional.ts';
import { ValueCopies } from './value-copies.ts';

/** What it needs of an engine; reads must be linearizable, and changes happen once. */
export type SiblingEngine = Pick<Store, 'get' | 'update' | 'resolve'>;

/** Names of actors, each of which nobody has, or had. */
export type NewActor = () => string;

/** Thrown by a change, so that nothing is written, and its caller learns what the key held in the try that counts. */
class FullError extends Error {
  readonly set: DottedVersionSet;

  constructor(set: DottedVersionSet) {
    super('The key has as many siblings as it may');
    this.set = set;
  }
}

/** A bucket with siblings. */
export class SiblingBucket implements SiblingStore {
  readonly #engine: SiblingEngine;
  readonly #newActor: NewActor;
  readonly #copies = new ValueCopies();

  constructor(engine: SiblingEngine, newActor: NewActor) {
    this.#engine = engine;
    this.#newActor = newActor;
  }

  async get(key: string, options?: SiblingOptions): Promise<SiblingRead> {
    requireQuorumLevel(options);
    const read = await this.#engine.get(key, options);
    return read.outcome === 'ok' ? heldBy(read.value, read.version) : read;
  }

  async put(key: string, value: Value, options?: SiblingPutOptions): Promise<SiblingWrite> {
    requireQuorumLevel(options);
    const { context } = options ?? {};
    const seen = context === undefined ? new Map<string, number>() : decodeContext(context);
    const copy = this.#copies.of(value);
    return this.#change(key, options, (set) => {
      const [actor = this.#newActor()] = set[0] ?? [];
      const next = update(set, seen, [actor, copy]);
      if (valuesOf(next).length > SIBLINGS_MAX) throw new FullError(set);
      return next;
    });
  }

  async delete(key: string, options: SiblingDeleteOptions): Promise<SiblingWrite> {
    requireQuorumLevel(options);
    const seen = decodeContext(options?.context);
    return this.#change(key, options, (set) => discard(set, seen));
  }

  async resolve(operationId: string, options?: SiblingOptions): Promise<SiblingWrite> {
    requireQuorumLevel(options);
    return settled(this.#engine.resolve(operationId, options));
  }

  #change(
    key: string,
    options: SiblingOptions | undefined,
    step: (set: DottedVersionSet) => DottedVersionSet,
  ): Promise<SiblingWrite> {
    const changed = (held: Value): Value => {
      const next = step(setOf(held));
      // A set without values is given up with its clock: the next write begins with an actor of its own.
      return valuesOf(next).length === 0 ? undefined : next;
    };
    return settled(this.#engine.update(key, changed, options));
  }
}

async function settled(result: Promise<ChangeResult | WriteResult>): Promise<SiblingWrite> {
  try {
    const written = unconditional(await result);
    return written.outcome === 'ok' ? heldBy('value' in written ? written.value : undefined, written.version) : written;
  } catch (error) {
    if (error instanceof FullError) return { outcome: 'conflict', ...seenIn(error.set) };
    throw error;
  }
}

function heldBy(held: Value, version: Version): Extract<SiblingRead, { outcome: 'ok' }> {
  return { outcome: 'ok', ...seenIn(setOf(held)), version };
}

function seenIn(set: DottedVersionSet): { readonly values: readonly Value[]; readonly context: string } {
  return { values: valuesOf(set), context: encodeContext(contextOf(set)) };
}

function setOf(held: Value): DottedVersionSet {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else writes keys of the bucket
  return held === undefined ? [] : (held as DottedVersionSet);
}
