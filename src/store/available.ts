// The level `available`: at the quorum while half of the time lasts, then whatever there is, and it says so.
import { integerOption, rangeError } from '../base/errors.ts';
import { TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';
import type { Hint, Hints } from './hints.ts';
import type { OperationOptions, PutOptions, ReadResult, Store, Value, WriteResult } from './store.ts';
import type { ValueCopies } from './value-copies.ts';

/** What it needs of an engine. */
export type AvailableEngine = Pick<Store, 'get' | 'put' | 'delete'>;

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

/** Reads at the quorum, else from whoever answers, else what this client has written. */
export async function getAvailable(
  engine: AvailableEngine,
  { hints, copies, prefix }: HintPlace,
  [key, options]: readonly [string, OperationOptions],
): Promise<ReadResult> {
  const [halfMs, restMs] = halves(options);
  const read = await engine.get(key, { ...options, level: 'quorum', timeoutMs: halfMs });
  if (read.outcome !== 'unavailable') return read;
  const near = await engine.get(key, { ...options, level: 'one', timeoutMs: restMs });
  const own = hints.newestOf(prefix + key);
  if (own !== undefined && isNewer(own, near)) return hintedRead(own.operationId, hints.valueOf(own), copies);
  return near.outcome === 'unavailable' ? near : { ...near, isStale: true };
}

/** Writes at the quorum, else leaves it to a hint. `value` is `undefined` for a delete. */
export async function writeAvailable(
  engine: AvailableEngine,
  { hints, copies, prefix, looksFirst, ttlMs }: HintPlace,
  [key, value, options]: readonly [string, Value, PutOptions],
): Promise<WriteResult> {
  if (looksFirst || options.ifVersion !== undefined) throw refusal();
  const copy = value === undefined ? undefined : copies.of(value); // Its caller may alter it while it is a hint.
  const expiresAtMs = hints.expiryAfter(options.ttlMs ?? ttlMs);
  const [halfMs] = halves(options);
  const atQuorum = { ...options, level: 'quorum', timeoutMs: halfMs } as const;
  const written = await (value === undefined ? engine.delete(key, atQuorum) : engine.put(key, copy, atQuorum));
  if (written.outcome !== 'unknown' || options.signal?.aborted === true) return written;
  const { operationId } = written;
  if (!hints.keep({ place: prefix + key, operationId, value: copy, expiresAtMs })) return written;
  return { outcome: 'ok', version: operationId, isHinted: true };
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
