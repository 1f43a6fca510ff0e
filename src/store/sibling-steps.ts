// Siblings over any engine, without promises: the set of a key is one value, which only changes touch, so that
// siblings come from writers who did not know of each other, and never from updates that were lost.
//
// All events of a key are those of one actor, whose name the set keeps: a set that is changed in one place needs no
// more, and its clock does not grow with the clients that write. A key that was empty begins with a new actor. Were the
// name used again, the dots of the new values would be covered by contexts that were read before the key was deleted or
// lost, and such a writer would replace what nobody has seen (riak_test kv679).
import { SIBLINGS_MAX } from '../base/limits.ts';
import { after } from './continuation.ts';
import type { Continuation } from './continuation.ts';
import { contextOf, discard, update, valuesOf } from './dotted-version-set.ts';
import type { DottedVersionSet } from './dotted-version-set.ts';
import { requireQuorumLevel } from './quorum-level.ts';
import { decodeContext, encodeContext } from './sibling-context.ts';
import type { SiblingDeleteOptions, SiblingOptions, SiblingPutOptions, SiblingRead, SiblingWrite } from './siblings.ts';
import type { SteppedChanges } from './stepped-changes.ts';
import type { ChangeResult, ReadResult, Value, Version, WriteResult } from './store.ts';
import { unconditional } from './unconditional.ts';
import { ValueCopies } from './value-copies.ts';

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

/** The calls of a bucket with siblings; each throws what is wrong with what was asked for. */
export class SiblingSteps {
  readonly #engine: SteppedChanges;
  readonly #newActor: NewActor;
  readonly #copies = new ValueCopies();

  constructor(engine: SteppedChanges, newActor: NewActor) {
    this.#engine = engine;
    this.#newActor = newActor;
  }

  get(key: string, options: SiblingOptions | undefined, then: Continuation<SiblingRead>): void {
    requireQuorumLevel(options);
    const read = after(then, (found: ReadResult) =>
      found.outcome === 'ok' ? heldBy(found.value, found.version) : found,
    );
    this.#engine.get(key, options, read);
  }

  put(key: string, value: Value, options: SiblingPutOptions | undefined, then: Continuation<SiblingWrite>): void {
    requireQuorumLevel(options);
    const { context } = options ?? {};
    const seen = context === undefined ? new Map<string, number>() : decodeContext(context);
    const copy = this.#copies.of(value);
    const step = (set: DottedVersionSet): DottedVersionSet => {
      const [actor = this.#newActor()] = set[0] ?? [];
      const next = update(set, seen, [actor, copy]);
      if (valuesOf(next).length > SIBLINGS_MAX) throw new FullError(set);
      return next;
    };
    this.#change(key, options, step, then);
  }

  delete(key: string, options: SiblingDeleteOptions, then: Continuation<SiblingWrite>): void {
    requireQuorumLevel(options);
    const seen = decodeContext(options?.context);
    this.#change(key, options, (set) => discard(set, seen), then);
  }

  resolve(operationId: string, options: SiblingOptions | undefined, then: Continuation<SiblingWrite>): void {
    requireQuorumLevel(options);
    this.#engine.resolve(operationId, options, settling(then));
  }

  #change(
    key: string,
    options: SiblingOptions | undefined,
    step: (set: DottedVersionSet) => DottedVersionSet,
    then: Continuation<SiblingWrite>,
  ): void {
    const changed = (held: Value): Value => {
      const next = step(setOf(held));
      // A set without values is given up with its clock: the next write begins with an actor of its own.
      return valuesOf(next).length === 0 ? undefined : next;
    };
    this.#engine.update(key, changed, options, settling(then));
  }
}

/** The end of a change of the set. */
function settling(then: Continuation<SiblingWrite>): Continuation<ChangeResult | WriteResult> {
  const { done } = after(then, (result: ChangeResult | WriteResult): SiblingWrite => {
    const written = unconditional(result);
    return written.outcome === 'ok' ? heldBy('value' in written ? written.value : undefined, written.version) : written;
  });
  const failed = (error: unknown): void => {
    if (error instanceof FullError) then.done({ outcome: 'conflict', ...seenIn(error.set) });
    else then.failed(error);
  };
  return { done, failed };
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
