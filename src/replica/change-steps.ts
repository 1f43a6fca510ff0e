// What changes make of a value: each is a pure function of what the key holds, because it may run more than once, until
// one run lands.
import { isSameValue } from '../base/equality.ts';
import { typeError } from '../base/errors.ts';
import { isPromise } from '../base/thenables.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { Expiry } from './expiry.ts';
import type { OperationOptions, UpdateFunction, Value, Version } from '../store/store.ts';

/** What a key holds: both are `undefined` where it holds nothing. */
export interface Held {
  readonly value: Value;
  readonly version: Version | undefined;
}

/** What a step writes; a value of `undefined` deletes the key. */
export interface Written {
  readonly value: Value;
}

/** One change: what it writes, or `conflict` where its condition does not hold. What it throws, its caller gets. */
export type ChangeStep = (held: Held) => Written | 'conflict';

/** What somebody asks for. */
export interface ChangeRequest {
  readonly key: string;
  readonly step: ChangeStep;
  readonly timeoutMs: number;
  /** Acknowledgements that its level asks for, under these sizes. */
  readonly writeNeeded: number;
  readonly sizes: Pick<RegisterQuorums, 'write'>;
  readonly level?: OperationOptions['level'];
  /** Whether its result carries the value that it wrote. */
  readonly tellsValue: boolean;
  /** When what it writes expires. */
  readonly expiry: Expiry;
}

/** Writes what `fn` returns. */
export function updateStep(fn: UpdateFunction): ChangeStep {
  requireFunction(fn);
  return ({ value }) => {
    const next = fn(value);
    if (!isPromise(next)) return { value: next };
    throw invalid('Cannot write a promise: the function of an update must return the value itself');
  };
}

/** Writes `next` where the key holds `expected`: deeply equal, or nothing where that is `undefined`. */
export function compareStep(expected: Value, next: Value): ChangeStep {
  return ({ value }) => (isSameValue(value, expected) ? { value: next } : 'conflict');
}

/** Writes where the key holds the version. */
export function versionStep(ifVersion: Version, next: Value): ChangeStep {
  requireVersion(ifVersion);
  return ({ version }) => (version === ifVersion ? { value: next } : 'conflict');
}

/** Adds to a number; a key that holds nothing counts as 0. */
export function incrementStep(by: number): ChangeStep {
  requireFinite(by);
  return ({ value = 0 }) => {
    if (typeof value !== 'number') {
      const given = value === null ? 'null' : typeof value;
      throw invalid(`Cannot increment a value of type ${given}: it must be a number, or absent`);
    }
    return { value: value + by };
  };
}

/** Versions of what was overwritten by another change of its round have the place in that, see round.ts. */
const VERSION_TEXT = /^[0-9a-f]{16}(?:\.[0-9a-f]{2})?$/;

function requireFunction(fn: unknown): void {
  if (typeof fn === 'function') return;
  throw invalid(`Cannot update with ${describe(fn)}: it must be a function of the current value`);
}

function requireVersion(version: unknown): void {
  if (typeof version === 'string' && VERSION_TEXT.test(version)) return;
  throw invalid(`Cannot use ifVersion ${describe(version)}: it must be a version that a result has given`);
}

function requireFinite(by: unknown): void {
  if (typeof by === 'number' && Number.isFinite(by)) return;
  throw invalid(`Cannot increment by ${describe(by)}: it must be a finite number`);
}

function invalid(message: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : typeof value === 'number' ? String(value) : typeof value;
}
