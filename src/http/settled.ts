// How a write ended, and what that means to an HTTP client.
import { unreachable } from '../base/assert.ts';
import type { Version, WriteResult } from '../store/store.ts';
import { etagOf } from './precondition.ts';
import { failure, jsonReply } from './reply.ts';
import type { FailureOutcome, HttpErrorCode, Reply } from './reply.ts';

/** The end of a write, as an idempotency key remembers it. */
export type Settled =
  | { readonly kind: 'applied'; readonly reply: Reply }
  | { readonly kind: 'not-applied'; readonly reply: Reply }
  | { readonly kind: 'unknown'; readonly reply: Reply; readonly operationId: string | undefined };

const WRITTEN: string = JSON.stringify({ message: 'Write operation successful' });
const DELETED: Reply = jsonReply(200, JSON.stringify({ message: 'Delete operation successful' }));
const UNKNOWN: Reply = failure(
  503,
  'ERR_QUORATE_UNKNOWN_OUTCOME',
  'The write may or may not have happened; repeat it with the same Idempotency-Key, or read the key',
  { outcome: 'unknown' },
);
const UNKNOWN_FINALLY: Reply = failure(
  503,
  'ERR_QUORATE_UNKNOWN_OUTCOME',
  'Nobody can find out any more whether the write has happened, because the key was overwritten since',
  { outcome: 'unknown' },
);
/** No quorum answered, and nothing happened. */
export const NO_QUORUM: Reply = failure(503, 'ERR_QUORATE_NO_QUORUM', 'Too few replicas answered in time');

/** What the store's promise of a write came to. */
export function settle(kind: 'put' | 'delete', result: WriteResult): Settled {
  switch (result.outcome) {
    case 'ok':
      return { kind: 'applied', reply: kind === 'put' ? jsonReply(200, WRITTEN, etagOf(result.version)) : DELETED };
    case 'conflict':
      return { kind: 'not-applied', reply: conflictReply(result.version) };
    case 'unavailable':
      return { kind: 'not-applied', reply: NO_QUORUM };
    case 'unknown':
      if (result.isFinal === true) return { kind: 'unknown', reply: UNKNOWN_FINALLY, operationId: undefined };
      return { kind: 'unknown', reply: UNKNOWN, operationId: result.operationId };
    default:
      return unreachable(result);
  }
}

/** A precondition does not hold; with the version that the key has instead, so that the client can look again. */
function conflictReply(version: Version | undefined): Reply {
  const fields = { version: version ?? null };
  const headers = version === undefined ? [] : etagOf(version);
  return failure(412, 'ERR_QUORATE_CONFLICT', 'The precondition of the write does not hold', { fields, headers });
}

/** What trying to resolve an unknown write came to: while that fails, the write stays as unknown as it was. */
export function settleResolved(kind: 'put' | 'delete', result: WriteResult, operationId: string): Settled {
  return result.outcome === 'unavailable' ? stillUnknown(operationId) : settle(kind, result);
}

/** A write that nobody knows the end of. */
export function stillUnknown(operationId: string | undefined): Settled {
  return { kind: 'unknown', reply: UNKNOWN, operationId };
}

/** What a rejection of the store means to a client. */
export interface Rejection {
  readonly status: number;
  readonly code: HttpErrorCode;
  readonly sentence: string;
  /** A write that the store rejects so has not happened and never will. */
  readonly isDefinite: boolean;
}

/** The client is gone, so nobody hears this. */
const GIVEN_UP: Rejection = {
  status: 503,
  code: 'ERR_QUORATE_ABORTED',
  sentence: 'The request was given up',
  isDefinite: true,
};
const REJECTIONS: readonly Rejection[] = [
  GIVEN_UP,
  { status: 503, code: 'ERR_QUORATE_CLOSED', sentence: 'The store is closed', isDefinite: true },
  {
    status: 400,
    code: 'ERR_QUORATE_INVALID_ARGUMENT',
    sentence: 'The store does not take these options',
    isDefinite: true,
  },
  { status: 400, code: 'ERR_QUORATE_KEY', sentence: 'The store does not take this key', isDefinite: true },
  // Refused by too many for a quorum, which does not say that no replica has stored it.
  { status: 507, code: 'ERR_QUORATE_MEMORY', sentence: 'The store is full', isDefinite: false },
  { status: 503, code: 'ERR_QUORATE_OVERLOADED', sentence: 'Too many operations are pending', isDefinite: true },
  { status: 503, code: 'ERR_QUORATE_STATE_LOST', sentence: 'The state of the cluster is lost', isDefinite: true },
  { status: 503, code: 'ERR_QUORATE_TIMEOUT', sentence: 'The store did not answer in time', isDefinite: false },
  { status: 400, code: 'ERR_QUORATE_UNSENDABLE', sentence: 'The store does not take this value', isDefinite: true },
  { status: 413, code: 'ERR_QUORATE_VALUE_TOO_LARGE', sentence: 'The value is too long', isDefinite: true },
];
const REJECTION_OF_CODE: ReadonlyMap<unknown, Rejection> = new Map(REJECTIONS.map((known) => [known.code, known]));

/** What a client may hear of a rejection; `undefined` for a defect, which is for the host's eyes only. */
export function rejectionOf(error: unknown, signal?: AbortSignal): Rejection | undefined {
  if (signal?.aborted) return GIVEN_UP; // Stores reject with the signal's reason, which has no code of ours.
  return error instanceof Error && 'code' in error ? REJECTION_OF_CODE.get(error.code) : undefined;
}

/** How a write ended whose promise was rejected. */
export function settleRejection(known: Rejection | undefined): Settled {
  if (known === undefined) return { kind: 'unknown', reply: internalFailure('unknown'), operationId: undefined };
  const { status, code, sentence, isDefinite } = known;
  if (isDefinite) return { kind: 'not-applied', reply: failure(status, code, sentence) };
  return { kind: 'unknown', reply: failure(status, code, sentence, { outcome: 'unknown' }), operationId: undefined };
}

/** A defect: the host is told what it was, the client only that it was one. */
export function internalFailure(outcome: FailureOutcome): Reply {
  return failure(500, 'ERR_QUORATE_INTERNAL', 'The service failed', { outcome });
}
