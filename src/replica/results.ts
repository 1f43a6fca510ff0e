// What a settled operation means to its caller: a typed outcome, or an error.
import { unreachable } from '../base/assert.ts';
import { QuorateError } from '../base/errors.ts';
import { LARGE_HEADER_BYTES } from '../base/large-value.ts';
import { decodeValue } from '../base/value-codec.ts';
import { versionOf } from '../protocol/ballot.ts';
import type { ReadResult, WriteResult } from '../store/store.ts';
import { sharedValue } from './large-lane.ts';
import type { Operation } from './operation.ts';

/** Outcome of any operation. */
export type Settled = ReadResult | WriteResult;

/**
 * The outcome of a settled operation, or the error to reject with. `signal` is the caller's, for its reason.
 *
 * @param remember keeps an unknown write, and names it.
 */
export function resultOf(
  operation: Operation,
  signal: AbortSignal | undefined,
  remember: (operation: Operation) => string,
): Settled | Failure {
  const { outcome, kind } = operation;
  switch (outcome) {
    case 'ok':
      return kind === 'get' ? readOk(operation) : { outcome, version: writtenVersion(operation) };
    case 'absent':
      return { outcome };
    case 'unavailable':
      return kind === 'get'
        ? { outcome, needed: operation.readNeeded, got: operation.answers }
        : { outcome, needed: operation.writeNeeded, got: 0 };
    case 'unknown':
      return { outcome, operationId: remember(operation) };
    case 'aborted':
      return new Failure(signal?.reason ?? new QuorateError('ERR_QUORATE_ABORTED', 'The operation was aborted'));
    case 'memory': {
      const message = 'Cannot store the value: too few replicas have memory left for it';
      // A replica that was down or silent may still store it: the operation can be resolved like an unknown one.
      const fields = { operationId: remember(operation) };
      return new Failure(new QuorateError('ERR_QUORATE_MEMORY', message, { fields }));
    }
    case 'state-lost':
      return new Failure(stateLostError());
    case 'closed':
      return new Failure(new QuorateError('ERR_QUORATE_CLOSED', 'The cluster was closed before it was decided'));
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

/** The error of a cluster whose state is lost. */
export function stateLostError(): QuorateError {
  const meaning = 'more replicas lost their memory at once than the quorums survive; reset() starts an empty state';
  return new QuorateError('ERR_QUORATE_STATE_LOST', `Cannot serve: ${meaning}`);
}

function readOk({ newest }: Operation): ReadResult {
  const version = versionOf(newest.root);
  if (newest.large === undefined) {
    return { outcome: 'ok', value: decodeValue(newest.value.bytes, 0, newest.valueBytes), version };
  }
  const { buffer, byteLength } = sharedValue(newest.large);
  return { outcome: 'ok', value: decodeValue(new Uint8Array(buffer), LARGE_HEADER_BYTES, byteLength), version };
}

/** A write that had landed, or was overwritten, before it was finished has its first tag as version. */
function writtenVersion({ adopts, first, root }: Operation): string {
  return versionOf(adopts ? first : root);
}
