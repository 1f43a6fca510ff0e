// Operations as the clients of a world see them, and the history that they add up to.
import type { Ballot } from '../../src/protocol/ballot.ts';
import { copyBallot } from '../../src/protocol/ballot.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import { writeKey, writtenKey } from '../../src/replica/key-bytes.ts';
import type { Operation, Outcome } from '../../src/replica/operation.ts';
import { REQUEST, padded } from '../../src/replica/wire.ts';
import type { Operation as HistoryOperation } from './linearizability.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One operation of a client, as the client sees it. */
export interface Call {
  readonly client: number;
  readonly kind: 'get' | 'put';
  readonly key: string;
  /** What a put writes (`undefined` deletes), or a get has returned. */
  value: string | undefined;
  readonly start: number;
  end: number | undefined;
  outcome: Outcome | undefined;
  /** First tag: the identity of a put. */
  first: Ballot;
  readonly level: 'one' | 'quorum' | 'all';
  /** The put that this one finishes: both are one operation of the history. */
  readonly finishes: Call | undefined;
}

/** What a client asks for. */
export interface Request {
  readonly kind: 'get' | 'put';
  readonly key?: string;
  readonly value?: string | undefined;
  readonly timeoutMs?: number;
  /** Default `quorum`. */
  readonly level?: 'one' | 'quorum' | 'all';
  /** Finishes a put of another client, as `resolve` does. */
  readonly finishes?: Call;
  /** Finishes it as if it were a put of its own. */
  readonly takesFreshTag?: boolean;
}

/** Fills in an operation as the client of a cluster does, but for its deadline. */
export function fill(operation: Operation, call: Call, quorums: RegisterQuorums): void {
  const { request } = operation;
  writeKey(call.key, request, REQUEST.BYTES);
  operation.kind = call.kind;
  operation.context = call;
  operation.keyBytes = writtenKey.byteLength;
  request.words[REQUEST.HASH] = writtenKey.hash;
  request.words[REQUEST.KEY_BYTES] = writtenKey.byteLength;
  if (call.kind === 'put' && call.value !== undefined) {
    const valueStart = REQUEST.BYTES + padded(operation.keyBytes);
    const bytes = encoder.encode(call.value);
    request.reserve(valueStart + padded(bytes.length), valueStart);
    request.bytes.set(bytes, valueStart);
    operation.valueBytes = bytes.length;
  }
  const size = { one: 1, quorum: undefined, all: quorums.replicas }[call.level];
  operation.readNeeded = size ?? quorums.read;
  operation.writeNeeded = size ?? quorums.write;
  operation.agreeNeeded = operation.readNeeded < quorums.read ? 0 : quorums.agreeing;
  copyBallot(operation.first, call.first);
}

/** The value that a get returns. */
export function valueOf({ newest }: Operation): string {
  return decoder.decode(newest.value.bytes.slice(0, newest.valueBytes));
}

/**
 * The history of calls of one key. Weaker operations must not harm the others: a put at level `one` may take effect
 * later or be lost, as if it had no answer; what a get at level `one` returned binds nobody.
 */
export function historyOf(calls: readonly Call[]): HistoryOperation[] {
  const mine = calls.filter((call) => !isWithoutEffect(call));
  return mine
    .filter(({ finishes }) => finishes === undefined)
    .map((call) => ({
      kind: call.kind === 'get' ? 'read' : 'write',
      value: call.value,
      start: call.start,
      end: endOf(call) ?? endOf(mine.find(({ finishes }) => finishes === call)),
    }));
}

/** When the client heard that it has happened; `undefined` when it does not know. */
function endOf(call: Call | undefined): number | undefined {
  if (call === undefined || (call.kind === 'put' && call.level === 'one')) return undefined;
  return call.outcome === 'ok' || call.outcome === 'absent' ? call.end : undefined;
}

function isWithoutEffect({ kind, level, outcome }: Call): boolean {
  if (kind === 'get' && level === 'one') return true;
  if (outcome === undefined || outcome === 'ok' || outcome === 'absent') return false;
  return kind === 'get' || outcome === 'unavailable' || outcome === 'memory';
}
