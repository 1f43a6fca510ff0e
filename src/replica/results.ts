// What a settled operation means to its caller: a typed outcome, or an error.
import { InvariantError, unreachable } from '../base/assert.ts';
import { QuorateError } from '../base/errors.ts';
import { LARGE_HEADER_BYTES } from '../base/large-value.ts';
import { decodeValue, readExpiry } from '../base/value-codec.ts';
import { mutableBallot, versionOf } from '../protocol/ballot.ts';
import { readVersion } from '../protocol/lineage.ts';
import type { ReadResult, Value, WriteResult } from '../store/store.ts';
import type { LargeValue } from './environment.ts';
import { NEVER, msLeft } from './expiry.ts';
import { sharedValue } from './large-lane.ts';
import type { Candidate, Operation } from './operation.ts';
import { NO_VALUE, REQUEST, padded } from './wire.ts';

/** Outcome of any operation. */
export type Settled = ReadResult | WriteResult;

/** What results are made with. */
export interface ResultDoors {
  /** Keeps an unknown write, and names it. */
  remember(operation: Operation): string;
  /** The time, by the clock that values expire by. */
  readonly sharedMs: () => number;
}

/** The outcome of a settled operation, or the error to reject with. `signal` is the caller's, for its reason. */
export function resultOf(operation: Operation, signal: AbortSignal | undefined, doors: ResultDoors): Settled | Failure {
  const { outcome, kind } = operation;
  switch (outcome) {
    case 'ok':
      return kind === 'get' ? readOk(operation, doors) : { outcome, version: writtenVersion(operation) };
    case 'absent':
      return { outcome };
    case 'unavailable':
      return kind === 'get'
        ? { outcome, needed: operation.readNeeded, got: operation.answers }
        : { outcome, needed: operation.writeNeeded, got: 0 };
    case 'unknown':
      return { outcome, operationId: doors.remember(operation) };
    case 'aborted':
      return new Failure(signal?.reason ?? new QuorateError('ERR_QUORATE_ABORTED', 'The operation was aborted'));
    case 'memory':
      return new Failure(memoryError(doors.remember(operation)));
    case 'state-lost':
    case 'closed':
      return new Failure(goneError(outcome));
    case 'lost':
      return { outcome: 'unknown', operationId: versionOf(operation.first), isFinal: true };
    case 'kept':
      throw new InvariantError('Only a change ends so, and its round tells its members');
    default:
      return unreachable(outcome);
  }
}

/** An error to reject with, told apart from outcomes. */
export class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** The error of a value that too few replicas could store. One that was down may store it: it can be resolved. */
export function memoryError(operationId: string): QuorateError {
  const message = 'Cannot store the value: too few replicas have memory left for it';
  return new QuorateError('ERR_QUORATE_MEMORY', message, { fields: { operationId } });
}

/** The error of an operation that is given up because nobody is served any more. */
export function goneError(outcome: 'closed' | 'state-lost'): QuorateError {
  if (outcome === 'state-lost') return stateLostError();
  return new QuorateError('ERR_QUORATE_CLOSED', 'The cluster was closed before it was decided');
}

/** The error of a cluster whose state is lost. */
export function stateLostError(): QuorateError {
  const meaning = 'more replicas lost their memory at once than the quorums survive; reset() starts an empty state';
  return new QuorateError('ERR_QUORATE_STATE_LOST', `Cannot serve: ${meaning}`);
}

/** The value of an entry; `undefined` where it has none. */
export function heldValue({ valueBytes, value, large }: Candidate): Value {
  if (valueBytes === NO_VALUE) return undefined;
  return large === undefined ? decodeValue(value.bytes, 0, valueBytes) : largeValue(large);
}

/** When the value of an entry expires; {@link NEVER} where it does not, or there is none. */
export function expiryOf({ valueBytes, value, large }: Candidate): number {
  if (valueBytes === NO_VALUE) return NEVER;
  if (large === undefined) return readExpiry(value.bytes, 0);
  return readExpiry(new Uint8Array(sharedValue(large).buffer), LARGE_HEADER_BYTES);
}

/** The value that an operation writes; `undefined` where it deletes. */
export function ownValue({ valueBytes, request, keyBytes, large }: Operation): Value {
  if (valueBytes === NO_VALUE) return undefined;
  const start = REQUEST.BYTES + padded(keyBytes);
  return large === undefined ? decodeValue(request.bytes, start, valueBytes) : largeValue(large);
}

function largeValue(large: LargeValue): Value {
  const { buffer, byteLength } = sharedValue(large);
  return decodeValue(new Uint8Array(buffer), LARGE_HEADER_BYTES, byteLength);
}

function readOk({ newest }: Operation, { sharedMs }: ResultDoors): ReadResult {
  readVersion(newest.lineage, newest.root, scratch);
  const expiresAtMs = expiryOf(newest);
  const read = { outcome: 'ok', value: heldValue(newest), version: versionOf(scratch) } as const;
  return expiresAtMs === NEVER ? read : { ...read, expiresInMs: msLeft(expiresAtMs, sharedMs()) };
}

const scratch = mutableBallot();

/** A write that had landed, or was overwritten, before it was finished has its first tag as version. */
function writtenVersion({ adopts, first, root }: Operation): string {
  return versionOf(adopts ? first : root);
}
