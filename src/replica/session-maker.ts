// Makes the calls of one session: which level each is made at, and what it must not be older than.
import { QuorateError, integerOption, rangeError } from '../base/errors.ts';
import { SESSION_KEYS_DEFAULT, SESSION_KEYS_MAX } from '../base/limits.ts';
import type { SessionOptions } from '../store/session.ts';
import type {
  ChangeOptions,
  OperationOptions,
  PutOptions,
  ReadOptions,
  ReadResult,
  ScanOptions,
  UpdateFunction,
  Value,
  WriteOptions,
} from '../store/store.ts';
import { readKey } from './key-bytes.ts';
import { Operation } from './operation.ts';
import { checkedStaleLimits, mayBeStale } from './stale-limits.ts';
import { PendingChange } from './round.ts';
import type { ScanCall } from './scan.ts';
import { SessionCall, bind } from './session-calls.ts';
import type { SessionDoors } from './session-calls.ts';
import { SessionState } from './session.ts';
import { decodeSession, encodeSession } from './session-token.ts';
import { REQUEST } from './wire.ts';

/** Makes the calls of one session; the same methods as those of the client's core. */
export class SessionMaker {
  readonly #doors: SessionDoors;
  readonly #cluster: string;
  readonly #levels: Pick<OperationOptions, 'level'>[];
  #state: SessionState;
  readonly #maxStaleMs: number | undefined;

  /** @throws what is wrong with the options, or with the token; see `ClusterClient.session`. */
  constructor(doors: SessionDoors, cluster: string, options: SessionOptions) {
    const { token, keysMax = SESSION_KEYS_DEFAULT, readLevel = 'one', writeLevel = 'quorum', maxStaleMs } = options;
    this.#doors = doors;
    this.#cluster = cluster;
    this.#levels = [{ level: readLevel }, { level: writeLevel }];
    const { resets } = doors.core;
    if (maxStaleMs !== undefined) checkedStaleLimits({ maxStaleMs });
    this.#maxStaleMs = maxStaleMs;
    integerOption('keysMax', keysMax, { min: 1, max: SESSION_KEYS_MAX });
    for (const level of this.#levels) doors.core.sizesFor(level); // Throws where it is none.
    this.#state = new SessionState({ resets, keysMax }, doors.rules);
    if (token !== undefined) this.merge(token);
  }

  get token(): string {
    return encodeSession(this.#cluster, this.#state, this.#doors.rules);
  }

  merge(token: string): void {
    const other = decodeSession(this.#cluster, token, this.#doors.rules);
    this.#requireState(other);
    this.#requireState(this.#state);
    if (this.#state.merge(other)) return;
    const { keysMax } = this.#state;
    const message = `Cannot take over the session: more of what it saw is undecided than keysMax ${keysMax}`;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `${message}: read it at the quorum first, or allow more`);
  }

  /** A read, or what it comes to where the cache of the client has what it allows. */
  read(key: string, options: ReadOptions | undefined): SessionCall | ReadResult {
    const given: ReadOptions = options ?? {};
    const isOfSession = given.level === undefined && !mayBeStale(given) && this.#maxStaleMs !== undefined;
    const asked = isOfSession ? { ...given, maxStaleMs: this.#maxStaleMs } : given;
    if (!mayBeStale(asked)) return this.get(key, asked);
    this.#requireState(this.#state);
    const made = this.#doors.core.read(key, asked, undefined, this.#state);
    return made instanceof Operation ? this.#bound(made, key, false) : made;
  }

  get(key: string, options: OperationOptions | undefined): SessionCall {
    const asked = this.#asked(0, options);
    const operation = this.#doors.core.get(key, asked);
    const { quorums } = this.#doors;
    const isWeak = operation.readNeeded < quorums.read && !this.#state.hasForgotten(key) && this.#state.beginWeak();
    if (!isWeak) {
      operation.readNeeded = Math.max(operation.readNeeded, quorums.read);
      operation.agreeNeeded = quorums.agreeing;
    }
    return this.#bound(operation, key, isWeak);
  }

  put(key: string, value: Value, options: PutOptions | undefined): SessionCall {
    const asked = this.#asked(1, options);
    return this.#written(key, this.#doors.core.put(key, value, asked), asked);
  }

  delete(key: string, options: WriteOptions | undefined): SessionCall {
    const asked = this.#asked(1, options);
    return this.#written(key, this.#doors.core.delete(key, asked), asked);
  }

  update(key: string, fn: UpdateFunction, options: ChangeOptions | undefined): SessionCall {
    const asked = this.#asked(1, options);
    return this.#changed(this.#doors.core.update(key, fn, asked), asked);
  }

  compareAndSet(key: string, expected: Value, next: Value, options: ChangeOptions | undefined): SessionCall {
    const asked = this.#asked(1, options);
    return this.#changed(this.#doors.core.compareAndSet(key, expected, next, asked), asked);
  }

  increment(key: string, by: number, options: ChangeOptions | undefined): SessionCall {
    const asked = this.#asked(1, options);
    return this.#changed(this.#doors.core.increment(key, by, asked), asked);
  }

  resolve(operationId: string, options: OperationOptions | undefined): SessionCall | undefined {
    const made = this.#doors.core.resolve(operationId, this.#asked(1, options));
    if (made === undefined) return undefined;
    if (made instanceof PendingChange) return new SessionCall(this.#state, made.request.key, made);
    const key = readKey(made.request, REQUEST.BYTES, made.keyBytes);
    return this.#weakly(made, key);
  }

  /** At the quorum, or above: what it returns is decided, or the session's own. */
  scan(prefix: string, options: ScanOptions | undefined): ScanCall {
    this.#requireState(this.#state);
    const { core, quorums } = this.#doors;
    const isBelow = core.sizesFor(options ?? {}).read < quorums.read;
    return core.scan(prefix, isBelow ? { ...options, level: 'quorum' } : options, undefined, this.#state);
  }

  #asked<Options extends OperationOptions>(side: 0 | 1, options: Options | undefined): Options | OperationOptions {
    this.#requireState(this.#state);
    return options?.level === undefined ? { ...options, ...this.#levels[side] } : options;
  }

  #written(key: string, made: Operation | PendingChange, options: OperationOptions): SessionCall {
    return made instanceof PendingChange ? this.#changed(made, options) : this.#weakly(made, key);
  }

  /** A blind write: below the quorum where the level says so, and the session has room for what is not decided. */
  #weakly(operation: Operation, key: string): SessionCall {
    const { write } = this.#doors.quorums;
    const isWeak = operation.writeNeeded < write && this.#state.beginWeak();
    if (!isWeak) operation.writeNeeded = Math.max(operation.writeNeeded, write);
    return this.#bound(operation, key, isWeak);
  }

  #bound(operation: Operation, key: string, isWeak: boolean): SessionCall {
    const call = new SessionCall(this.#state, key, operation);
    call.isWeak = isWeak;
    call.restarts = this.#doors.epochs.restarts();
    if (operation.kind === 'put' || !this.#doors.rules.readsAsNewAsSession) operation.isOfSession = true;
    else bind(operation, call);
    return call;
  }

  /** A change, after a read at the quorum where the session knows a version that is not decided. */
  #changed(change: PendingChange, { timeoutMs, signal }: OperationOptions): SessionCall {
    const { key } = change.request;
    const isSettled = this.#state.of(key)?.isDecided !== false || !this.#doors.rules.settlesBeforeChanges;
    if (isSettled) return new SessionCall(this.#state, key, change);
    const operation = this.#doors.core.get(key, {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(signal && { signal }),
    });
    const call = new SessionCall(this.#state, key, operation);
    call.next = change;
    bind(operation, call);
    return call;
  }

  #requireState({ resets }: SessionState): void {
    const now = this.#doors.core.resets;
    if (resets === now) return;
    const message = `Cannot go on with the session: it saw a state that was lost; resets then: ${resets}, now: ${now}`;
    throw new QuorateError('ERR_QUORATE_STATE_LOST', message);
  }
}
