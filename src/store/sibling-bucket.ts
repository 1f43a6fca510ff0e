// Siblings over any engine: the set of a key is one value, which only changes touch, so that siblings come from writers
// who did not know of each other, and never from updates that were lost.
//
// All events of a key are those of one actor, whose name the set keeps: a set that is changed in one place needs no
// more, and its clock does not grow with the clients that write. A key that was empty begins with a new actor. Were the
// name used again, the dots of the new values would be covered by contexts that were read before the key was deleted or
// lost, and such a writer would replace what nobody has seen (riak_test kv679).
import { assert } from '../base/assert.ts';
import { rangeError, typeError } from '../base/errors.ts';
import { SIBLINGS_MAX } from '../base/limits.ts';
import { ValueEncoder, decodeValue } from '../base/value-codec.ts';
import { contextOf, discard, update, valuesOf } from './dotted-version-set.ts';
import type { DottedVersionSet } from './dotted-version-set.ts';
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
  readonly #encoder = new ValueEncoder();

  constructor(engine: SiblingEngine, newActor: NewActor) {
    this.#engine = engine;
    this.#newActor = newActor;
  }

  async get(key: string, options?: SiblingOptions): Promise<SiblingRead> {
    requireLevel(options);
    const read = await this.#engine.get(key, options);
    return read.outcome === 'ok' ? heldBy(read.value, read.version) : read;
  }

  async put(key: string, value: Value, options?: SiblingPutOptions): Promise<SiblingWrite> {
    requireLevel(options);
    const { context } = options ?? {};
    const seen = context === undefined ? new Map<string, number>() : decodeContext(context);
    const copy = this.#copyOf(value);
    return this.#change(key, options, (set) => {
      const [actor = this.#newActor()] = set[0] ?? [];
      const next = update(set, seen, [actor, copy]);
      if (valuesOf(next).length > SIBLINGS_MAX) throw new FullError(set);
      return next;
    });
  }

  async delete(key: string, options: SiblingDeleteOptions): Promise<SiblingWrite> {
    requireLevel(options);
    const seen = decodeContext(options?.context);
    return this.#change(key, options, (set) => discard(set, seen));
  }

  async resolve(operationId: string, options?: SiblingOptions): Promise<SiblingWrite> {
    requireLevel(options);
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

  /** A value as it is now: its caller may alter it before it is written. */
  #copyOf(value: Value): Value {
    if (value === undefined) {
      throw typeError(
        'ERR_QUORATE_INVALID_ARGUMENT',
        'Cannot put undefined as a sibling: delete what was read instead',
      );
    }
    return decodeValue(this.#encoder.bytes, 0, this.#encoder.encode(value));
  }
}

async function settled(result: Promise<ChangeResult | WriteResult>): Promise<SiblingWrite> {
  try {
    const written = await result;
    assert(written.outcome !== 'conflict', 'No change of siblings has a condition');
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

function requireLevel(options: SiblingOptions | undefined): void {
  const level: unknown = options?.level;
  if (level === undefined || level === 'quorum' || level === 'all') return;
  const message = `Cannot use level ${JSON.stringify(level)} with siblings: it must be quorum or all`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}
