// Operations as the clients of a world see them, and the history that they add up to.
import type { Ballot } from '../../src/protocol/ballot.ts';
import { compareBallots, copyBallot, isNone } from '../../src/protocol/ballot.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import { writeKey, writtenKey } from '../../src/replica/key-bytes.ts';
import { ChangeFields } from '../../src/replica/operation.ts';
import type { Operation, Outcome } from '../../src/replica/operation.ts';
import type { Homes } from '../../src/replica/electorate.ts';
import { RepairFields } from '../../src/replica/repair-aim.ts';
import { NO_VALUE, REQUEST, padded } from '../../src/replica/wire.ts';
import type { Operation as HistoryOperation } from './linearizability.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One operation of a client, as the client sees it. */
export interface Call {
  readonly client: number;
  readonly kind: 'get' | 'put' | 'exchange';
  readonly key: string;
  /** What a put or exchange writes (`undefined` deletes), or a get has returned. */
  value: string | undefined;
  /** What an exchange has found. */
  before: string | undefined;
  /** What an exchange expects to find, if anything: else it leaves what is there. */
  readonly expects: { readonly value: string | undefined } | undefined;
  /** What an exchange found in each of its tries. */
  readonly tries: { readonly ballot: Ballot; readonly before: string | undefined }[];
  /** Lowest ballot at which an exchange was proposed. */
  floor: Ballot;
  readonly start: number;
  end: number | undefined;
  outcome: Outcome | undefined;
  /** First tag: the identity of a put. */
  first: Ballot;
  readonly level: 'one' | 'quorum' | 'all';
  /** A get that is the repair of its key: what it returns tells nobody anything. */
  readonly isRepair: boolean;
  /** The put that this one finishes: both are one operation of the history. */
  readonly finishes: Call | undefined;
}

/** What a client asks for. */
export interface Request {
  readonly kind: 'get' | 'put' | 'exchange';
  readonly key?: string;
  readonly value?: string | undefined;
  /** An exchange writes only where it finds this. */
  readonly expects?: { readonly value: string | undefined };
  readonly timeoutMs?: number;
  /** Default `quorum`. */
  readonly level?: 'one' | 'quorum' | 'all';
  /** A get repairs its key at all replicas. */
  readonly isRepair?: boolean;
  /** Finishes a put of another client, as `resolve` does. */
  readonly finishes?: Call;
  /** Finishes it as if it were a put of its own. */
  readonly takesFreshTag?: boolean;
}

/** Fills in an operation as the client of a cluster does, but for its deadline. */
export function fill(operation: Operation, call: Call, quorums: RegisterQuorums, placement: Homes): void {
  const { request } = operation;
  writeKey(call.key, request, REQUEST.BYTES);
  operation.kind = call.kind === 'exchange' ? 'change' : call.kind;
  operation.context = call;
  operation.keyBytes = writtenKey.byteLength;
  request.words[REQUEST.HASH] = writtenKey.hash;
  request.words[REQUEST.KEY_BYTES] = writtenKey.byteLength;
  if (call.kind === 'put') writeValue(operation, call.value);
  const size = { one: 1, quorum: undefined, all: quorums.replicas }[call.level];
  operation.readNeeded = size ?? quorums.read;
  operation.writeNeeded = size ?? quorums.write;
  operation.agreeNeeded = operation.readNeeded < quorums.read ? 0 : quorums.agreeing;
  copyBallot(operation.first, call.first);
  if (call.isRepair) {
    operation.repair ??= new RepairFields();
    operation.repair.aim({ targets: placement.homesOf(writtenKey.hash) });
  }
  if (call.kind !== 'exchange') return;
  operation.change ??= new ChangeFields();
  copyBallot(operation.change.floor, call.floor);
}

function writeValue(operation: Operation, value: string | undefined): void {
  const { request } = operation;
  operation.valueBytes = NO_VALUE;
  if (value === undefined) return;
  const valueStart = REQUEST.BYTES + padded(operation.keyBytes);
  const bytes = encoder.encode(value);
  request.reserve(valueStart + padded(bytes.length), valueStart);
  request.bytes.set(bytes, valueStart);
  operation.valueBytes = bytes.length;
}

/** What an exchange writes, given what it finds. */
export function exchange(operation: Operation): 'propose' | 'keep' {
  const call = operation.context as Call;
  const before = operation.newest.valueBytes === NO_VALUE ? undefined : valueOf(operation);
  call.tries.push({ ballot: { ...operation.ballot }, before });
  if (call.expects !== undefined && call.expects.value !== before) return 'keep';
  writeValue(operation, call.value);
  return 'propose';
}

/** Notes what an exchange has found, in the try that has landed. */
export function noteFound(operation: Operation): void {
  const call = operation.context as Call;
  const { ballot, change, outcome } = operation;
  if (!isNone(change!.floor)) call.floor = { ...change!.floor };
  if (outcome !== 'ok' && outcome !== 'kept') return;
  const landed = change!.hasLanded ? change!.applied : ballot;
  call.before = call.tries.find((each) => compareBallots(each.ballot, landed) === 0)!.before;
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
    .map((call) => {
      const ended = endOf(call) === undefined ? mine.find(({ finishes }) => finishes === call) : call;
      const { start } = call;
      const end = endOf(ended);
      // An exchange that has written nothing has read.
      if (ended?.outcome === 'kept') return { kind: 'read', value: ended.before, start, end };
      if (call.kind === 'exchange') return { kind: 'exchange', value: call.value, before: ended?.before, start, end };
      return { kind: call.kind === 'get' ? 'read' : 'write', value: call.value, start, end };
    });
}

const SUCCESSES: ReadonlySet<Outcome | undefined> = new Set(['ok', 'absent', 'kept']);

/** When the client heard that it has happened; `undefined` when it does not know. */
function endOf(call: Call | undefined): number | undefined {
  if (call === undefined || (call.kind === 'put' && call.level === 'one')) return undefined;
  return SUCCESSES.has(call.outcome) ? call.end : undefined;
}

function isWithoutEffect({ kind, level, outcome, isRepair }: Call): boolean {
  if (isRepair || (kind === 'get' && level === 'one')) return true;
  if (outcome === undefined || SUCCESSES.has(outcome)) return false;
  return kind === 'get' || outcome === 'unavailable' || outcome === 'memory';
}
