// The level `available`: at the quorum while half of the time lasts, then whatever there is, and it says so.
import { integerOption, rangeError } from '../base/errors.ts';
import { TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { continueWith, promiseOf } from './continuation.ts';
import type { Continuation } from './continuation.ts';
import type { Hint, Hints } from './hints.ts';
import type { OperationOptions, PutOptions, ReadResult, Store, Value, WriteResult } from './store.ts';
import type { ValueCopies } from './value-copies.ts';

/** What it needs of an engine. */
export type AvailableEngine = Pick<Store, 'get' | 'put' | 'delete'>;

/** The same, of one that awaits nothing; a write of `undefined` deletes. */
export interface SteppedEngine {
  get(key: string, options: OperationOptions, then: Continuation<ReadResult>): void;
  write(key: string, value: Value, options: PutOptions, then: Continuation<WriteResult>): void;
}

/** Where hints go, and how a key is named among them. */
export interface HintPlace {
  readonly hints: Hints;
  readonly copies: ValueCopies;
  /** What the keys of the bucket begin with; empty outside of buckets. */
  readonly prefix: string;
  /** Whether writes without a condition are changes here: those are not available. */
  readonly looksFirst: boolean;
  /** After which time what is written expires unless a write says otherwise. */
  readonly ttlMs: number | undefined;
}

/** An engine that awaits nothing, and where its hints go. */
export interface SteppedPlace {
  readonly engine: SteppedEngine;
  readonly place: HintPlace;
}

/** Reads at the quorum, else from whoever answers, else what this client has written. */
export function getAvailable(
  engine: AvailableEngine,
  place: HintPlace,
  read: readonly [string, OperationOptions],
): Promise<ReadResult> {
  return promiseOf((then) => beginGet({ engine: stepped(engine), place }, read, then));
}

/** Writes at the quorum, else leaves it to a hint. `value` is `undefined` for a delete. */
export function writeAvailable(
  engine: AvailableEngine,
  place: HintPlace,
  write: readonly [string, Value, PutOptions],
): Promise<WriteResult> {
  return promiseOf((then) => beginWrite({ engine: stepped(engine), place }, write, then));
}

/** As {@link getAvailable}. @throws what is wrong with what was asked for. */
export function beginGet(
  { engine, place: { hints, copies, prefix } }: SteppedPlace,
  [key, options]: readonly [string, OperationOptions],
  then: Continuation<ReadResult>,
): void {
  const { failed } = then;
  const [halfMs, restMs] = halves(options);
  const atOne = { ...options, level: 'one', timeoutMs: restMs } as const;
  const near = (read: ReadResult): void => {
    const own = hints.newestOf(prefix + key);
    if (own !== undefined && isNewer(own, read)) {
      return then.done(hintedRead(own.operationId, hints.valueOf(own), copies));
    }
    then.done(read.outcome === 'unavailable' ? read : { ...read, isStale: true });
  };
  const atQuorum = (read: ReadResult): void => {
    if (read.outcome !== 'unavailable') return then.done(read);
    engine.get(key, atOne, { done: near, failed });
  };
  engine.get(key, { ...options, level: 'quorum', timeoutMs: halfMs }, { done: atQuorum, failed });
}

/** As {@link writeAvailable}. @throws what is wrong with what was asked for. */
export function beginWrite(
  { engine, place: { hints, copies, prefix, looksFirst, ttlMs } }: SteppedPlace,
  [key, value, options]: readonly [string, Value, PutOptions],
  then: Continuation<WriteResult>,
): void {
  if (looksFirst || options.ifVersion !== undefined) throw refusal();
  const copy = value === undefined ? undefined : copies.of(value); // Its caller may alter it while it is a hint.
  const expiresAtMs = hints.expiryAfter(options.ttlMs ?? ttlMs);
  const [halfMs] = halves(options);
  const atQuorum = (written: WriteResult): void => {
    if (written.outcome !== 'unknown' || options.signal?.aborted === true) return then.done(written);
    const { operationId } = written;
    const isKept = hints.keep({ place: prefix + key, operationId, value: copy, expiresAtMs });
    then.done(isKept ? { outcome: 'ok', version: operationId, isHinted: true } : written);
  };
  const ofQuorum = { ...options, level: 'quorum', timeoutMs: halfMs } as const;
  engine.write(key, copy, ofQuorum, { done: atQuorum, failed: then.failed });
}

function stepped(engine: AvailableEngine): SteppedEngine {
  return {
    get: (key, options, then) => continueWith(engine.get(key, options), then),
    write: (key, value, options, then) =>
      continueWith(value === undefined ? engine.delete(key, options) : engine.put(key, value, options), then),
  };
}

/** Half of the time for the quorum, and what is left then. */
function halves({ timeoutMs = TIMEOUT_MS_DEFAULT }: OperationOptions): readonly [number, number] {
  integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX });
  const halfMs = Math.ceil(timeoutMs / 2);
  return [halfMs, Math.max(1, timeoutMs - halfMs)];
}

function isNewer({ operationId }: Hint, read: ReadResult): boolean {
  return read.outcome !== 'ok' || operationId > read.version;
}

function hintedRead(operationId: string, value: Value, copies: ValueCopies): ReadResult {
  if (value === undefined) return { outcome: 'absent', isStale: true };
  return { outcome: 'ok', value: copies.of(value), version: operationId, isStale: true };
}

function refusal(): RangeError {
  const message = 'Cannot use level available for a write that looks at what it overwrites: it must be quorum or all';
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}
