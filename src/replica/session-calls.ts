// The operations of sessions. A call of a session is one operation, or, for a change, up to three: first a read that
// makes decided what the session knows of the key, then the change, and after a conflict with an absent key a read that
// tells the version of the absence. The session learns the version of whatever its callers are told.
import { ballotOf, copyBallot, isNone, laterBallot, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import { readVersion } from '../protocol/lineage.ts';
import type { Rules } from '../protocol/rules.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type {
  ChangeOptions,
  OperationOptions,
  PutOptions,
  ReadOptions,
  ReadResult,
  ScanOptions,
  UpdateFunction,
  Value,
  Version,
  WriteOptions,
} from '../store/store.ts';
import type { Epochs } from './environment.ts';
import { PERHAPS_LOST } from './operation.ts';
import type { Operation } from './operation.ts';
import { Failure } from './results.ts';
import type { Settled } from './results.ts';
import { PendingChange } from './round.ts';
import type { ChangeSettled } from './round.ts';
import type { ScanCall } from './scan.ts';
import { bindTo } from './session.ts';
import type { SessionState } from './session.ts';

const VERSION_DIGITS = 16;

/** What a call of a session ends as. */
export type SessionSettled = Settled | ChangeSettled;

/** One call of a session that somebody waits for. */
export class SessionCall {
  readonly state: SessionState;
  readonly key: string;
  /** The caller's: what to settle. */
  context: unknown = undefined;
  /** What it ended as; `undefined` while it has not. */
  result: SessionSettled | Failure | undefined = undefined;
  /** What is under way for it. */
  made: Operation | PendingChange;
  /** Whether it may bring an undecided version. */
  isWeak = false;
  /** The change that follows on the read under way. */
  next: PendingChange | undefined = undefined;
  /** What it ends as once the read under way tells of which version the absence is. */
  conflict: ChangeSettled | undefined = undefined;
  /** What it has read or made; `undefined` where that is not known, or never was. */
  version: Ballot | undefined = undefined;
  /** How often replicas had restarted before it began. */
  restarts: number = PERHAPS_LOST;
  /** What its session had taken over before it began. */
  readonly merges: number;
  /** Why its caller gave up. */
  reason: unknown = undefined;

  constructor(state: SessionState, key: string, made: Operation | PendingChange) {
    this.state = state;
    this.key = key;
    this.made = made;
    this.merges = state.merges;
    made.context = this;
  }
}

/** The core of the client, as its sessions see it; see `ClientCore`. */
export interface SessionCore {
  readonly resets: number;
  readonly coordinator: { release(operation: Operation): void };
  sizesFor(options: Pick<OperationOptions, 'level'>): { readonly read: number };
  msUntil(deadlineMs: number): number;
  get(key: string, options: OperationOptions | undefined): Operation;
  read(key: string, options: ReadOptions, bucket: undefined, seen: SessionState): Operation | ReadResult;
  put(key: string, value: Value, options: PutOptions | undefined): Operation | PendingChange;
  delete(key: string, options: WriteOptions | undefined): Operation | PendingChange;
  update(key: string, fn: UpdateFunction, options: ChangeOptions | undefined): PendingChange;
  compareAndSet(key: string, expected: Value, next: Value, options: ChangeOptions | undefined): PendingChange;
  increment(key: string, by: number, options: ChangeOptions | undefined): PendingChange;
  resolve(operationId: string, options: OperationOptions | undefined): Operation | PendingChange | undefined;
  scan(prefix: string, options: ScanOptions | undefined, bucket: undefined, seen: SessionState): ScanCall;
  submit(made: Operation | PendingChange): void;
  cancel(made: Operation | PendingChange, reason: unknown): void;
  resultOf(operation: Operation, signal: undefined): Settled | Failure;
}

/** What calls of sessions need of their client. */
export interface SessionDoors {
  readonly core: SessionCore;
  readonly quorums: RegisterQuorums;
  readonly rules: Rules;
  readonly epochs: Pick<Epochs, 'restarts'>;
  /** The call has ended: `call.result` says how. */
  settle(call: SessionCall): void;
}

/** The calls of all sessions of one client. */
export class SessionCalls {
  readonly #doors: SessionDoors;

  constructor(doors: SessionDoors) {
    this.#doors = doors;
  }

  /** The read or blind write of a call has ended. */
  settled(operation: Operation): void {
    const call = callOf(operation);
    const { core } = this.#doors;
    const result = operation.outcome === 'aborted' ? new Failure(call.reason) : core.resultOf(operation, undefined);
    this.#note(call, operation);
    const { deadlineMs } = operation;
    core.coordinator.release(operation);
    const { next, conflict } = call;
    const hasRead = !(result instanceof Failure) && (result.outcome === 'ok' || result.outcome === 'absent');
    if (conflict !== undefined) return this.#end(call, hasRead ? conflict : result);
    if (next === undefined || !hasRead) return this.#end(call, result);
    const rest = new PendingChange({ ...next.request, timeoutMs: core.msUntil(deadlineMs) });
    rest.context = call;
    call.made = rest;
    core.submit(rest);
  }

  /** The change of a call has ended. */
  changed(change: PendingChange): void {
    const call = callOf(change);
    const { result } = change;
    const isKnown = result !== undefined && !(result instanceof Failure);
    if (!isKnown || (result.outcome !== 'ok' && result.outcome !== 'conflict')) return this.#end(call, result!);
    if (result.version === undefined) return this.#lookAtAbsence(call, change, result);
    const version = versionTold(result.version);
    call.version = version;
    if (result.outcome === 'conflict' || this.#doors.rules.notesOwnWrites) {
      call.state.note(call.key, version, true, undefined, call.merges);
    }
    this.#end(call, result);
  }

  /** The caller gives up waiting. */
  cancel(call: SessionCall, reason: unknown): void {
    if (call.result !== undefined) return;
    call.reason = reason;
    this.#doors.core.cancel(call.made, reason);
  }

  /** Notes the version that a read has returned, or a write has made. */
  #note(call: SessionCall, operation: Operation): void {
    const { kind, outcome, agreeNeeded, writeNeeded } = operation;
    const { quorums, rules } = this.#doors;
    const { write, agreeing } = operation.sizes ?? quorums; // Those that it was decided by.
    if (outcome !== 'ok' && outcome !== 'absent') return;
    const version = versionIn(operation);
    if (isNone(version)) return; // The key never was.
    if (call.conflict === undefined) call.version = version;
    const isNoted = kind === 'put' ? rules.notesOwnWrites : outcome === 'ok' || rules.versionsAbsence;
    const isDecided = kind === 'put' ? writeNeeded >= write : agreeNeeded >= agreeing;
    if (isNoted) call.state.note(call.key, version, isDecided, call.restarts, call.merges);
  }

  /** A change has found no value. What version that is of, its result does not tell: a read at the quorum does. */
  #lookAtAbsence(call: SessionCall, { deadlineMs }: PendingChange, result: ChangeSettled): void {
    const { core, rules } = this.#doors;
    if (!rules.versionsAbsence) return this.#end(call, result);
    let operation: Operation;
    try {
      operation = core.get(call.key, undefined);
    } catch (error) {
      return this.#end(call, new Failure(error)); // Nothing was written.
    }
    call.conflict = result;
    call.made = operation;
    operation.deadlineMs = deadlineMs;
    bind(operation, call);
    core.submit(operation);
  }

  #end(call: SessionCall, result: SessionSettled | Failure): void {
    if (call.isWeak) call.state.endWeak();
    call.result = result;
    this.#doors.settle(call);
  }
}

/**
 * The version that readers see of what a change has told: a value that another change of its round has overwritten has
 * the place in that behind the tag before the round's.
 */
export function versionTold(version: Version): Ballot {
  const tag = ballotOf(version.slice(0, VERSION_DIGITS))!;
  return version.length === VERSION_DIGITS ? tag : laterBallot(tag, 1);
}

function callOf({ context }: Operation | PendingChange): SessionCall {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the constructor of calls puts it there
  return context as SessionCall;
}

/** The version that an operation which has ended has read or made; none where the key never was. */
export function versionIn({ kind, newest, adopts, first, root }: Operation): Ballot {
  const version = mutableBallot();
  if (kind === 'get') readVersion(newest.lineage, newest.root, version);
  else copyBallot(version, adopts ? first : root);
  return version;
}

/** Makes an operation one of a session's call, which returns nothing that is older than what the session knows. */
export function bind(operation: Operation, call: SessionCall): void {
  operation.context = call;
  operation.isOfSession = true;
  const seen = call.state.of(call.key);
  if (seen !== undefined) bindTo(operation, seen);
}
