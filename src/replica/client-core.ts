// A client of a cluster without its thread: it makes operations, keeps writes whose outcome is unknown, turns what
// settled into results, and carries nothing of a lost state into the next one. Production puts promises, blocking
// calls, rings and a doorbell around it, the simulator virtual time.
import { QuorateError } from '../base/errors.ts';
import { INLINE_BYTES_MAX } from '../base/limits.ts';
import { isNone } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
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
import type { ProposeOptions } from '../store/topic.ts';
import { keyIn, looksFirst, overwriteStep, stepIn } from './bucket.ts';
import type { Bucket } from './bucket.ts';
import { cachedResult } from './cached-read.ts';
import type { CachedRead } from './cached-read.ts';
import { compareStep, incrementStep, updateStep, versionStep } from './change-steps.ts';
import type { ChangeStep } from './change-steps.ts';
import { Changes } from './changes.ts';
import { Coordinator } from './coordinator.ts';
import type { CoordinatorDoors } from './coordinator.ts';
import { CLUSTER_CLOSED, CLUSTER_OPEN, CLUSTER_STATE_LOST } from './environment.ts';
import type { ClusterLife } from './environment.ts';
import { ExpiredReads, deleteIfExpired } from './expired-reads.ts';
import { NEVER, NO_EXPIRY, ttlOf } from './expiry.ts';
import type { Inquiry } from './inquiry.ts';
import { readKey } from './key-bytes.ts';
import { LargePool } from './large-pool.ts';
import { LiveQuorums } from './live-quorums.ts';
import { Omissions } from './omissions.ts';
import type { Computed, Operation } from './operation.ts';
import { ReadCache } from './read-cache.ts';
import type { RepairAim } from './repair-aim.ts';
import { Repairer } from './repairer.ts';
import type { RepairerOptions } from './repairer.ts';
import { RequestMaker, overloadedError } from './request-maker.ts';
import { checkedStaleLimits, mayBeStale } from './stale-limits.ts';
import { resize } from './resize.ts';
import { resultOf, stateLostError } from './results.ts';
import { Failure } from './results.ts';
import type { ResultDoors, Settled } from './results.ts';
import { PendingChange } from './round.ts';
import { ScanCall } from './scan.ts';
import type { ScanDoors } from './scan.ts';
import { checkedScan } from './scan-request.ts';
import { SessionCall, SessionCalls } from './session-calls.ts';
import type { SessionDoors } from './session-calls.ts';
import { SessionMaker } from './session-maker.ts';
import type { SessionState } from './session.ts';
import { Proposal } from './proposal.ts';
import { proposalFor } from './proposal-maker.ts';
import { Proposer } from './proposer.ts';
import type { Topics } from './topic-rules.ts';
import { UnresolvedWrites } from './unresolved.ts';
import { REQUEST } from './wire.ts';
import { Watcher } from './watcher.ts';
import type { WatchDoors } from './watcher.ts';
import { checkedWatch } from './watch-request.ts';
import type { WatchedCluster } from './watch-request.ts';
import type { WatchOptions } from '../store/watch.ts';

/** Share of a reply ring that answers may fill: the rest is for those that come late. */
const REPLY_SHARE = 0.75;

/** Room in a ring from which on what was passed over is repaired: for a longest value, or a share of a small ring. */
const OMISSION_ROOM_BYTES = INLINE_BYTES_MAX;
const OMISSION_SHARE = 0.25;

/** What a client touches of the world. */
export interface ClientCoreDoors extends Omit<
  CoordinatorDoors,
  'replyRoomBytes' | 'begin' | 'compute' | 'isUndecided' | 'omit'
> {
  /** A change has ended: `change.result` says how. */
  settleChange(change: PendingChange): void;
  /** The call of a session has ended: `call.result` says how. */
  settleSession(call: SessionCall): void;
  /** A scan has ended: `call.result` says how. */
  settleScan(call: ScanCall): void;
  /** A proposal has ended: `proposal.result` says how. Missing where nobody proposes. */
  settleProposal?(proposal: Proposal): void;
  /** Bytes of what it caches for reads that say how old a value may be, at most; default 0: none. */
  readonly cacheBytesMax?: number;
  /** Capacity of each reply ring, in bytes. */
  readonly ringBytes: number;
  readonly life: ClusterLife;
  /** Milliseconds of a clock that never goes back, and is the same for all clients: values expire by it. */
  sharedMs(): number;
}

/**
 * What is told of an operation that another reactor of the client has begun: the operation's `context`. What it needs
 * of the operation it takes at once, since that is used again afterwards.
 */
export type InnerCall = (operation: Operation) => void;
/** The same for a change, whose `result` says how it ended. */
export type InnerChange = (change: PendingChange) => void;

/** A change as it is asked for. */
interface Change {
  readonly key: string;
  readonly step: ChangeStep;
  readonly bucket: Bucket | undefined;
  readonly tellsValue?: boolean;
  /** Whether what it writes expires when what it has changed would have, unless it is told otherwise. */
  readonly keepsExpiry?: boolean;
}

/** One client. Operations are made here, submitted to its coordinator, and given back once they are settled. */
export class ClientCore {
  readonly coordinator: Coordinator;
  /** The configuration in force. */
  readonly quorums: LiveQuorums;
  /** Keys to be repaired where a replica's ring was full. */
  readonly omissions: Omissions = new Omissions(this);
  /** Deletes that were asked for. */
  deletes = 0;
  readonly #doors: ClientCoreDoors;
  readonly #life: ClusterLife;
  readonly #maker: RequestMaker;
  readonly #unresolved = new UnresolvedWrites();
  readonly #changes: Changes;
  readonly #expired: ExpiredReads;
  readonly #ofResults: ResultDoors;
  readonly #rules: Rules;
  readonly #ofSessions: SessionDoors;
  readonly #sessions: SessionCalls;
  readonly #ofScans: ScanDoors;
  readonly #proposer: Proposer;
  readonly #cache: ReadCache;
  #nowMs = 0;
  /** Resets of the cluster that this client knows of. */
  #resets: number;

  constructor(doors: ClientCoreDoors, sizes: RegisterQuorums, rules: Rules) {
    this.#doors = doors;
    this.#life = doors.life;
    const quorums = LiveQuorums.of(sizes, rules);
    this.quorums = quorums;
    this.#rules = rules;
    this.#resets = doors.life.resets;
    const sharedMs = (): number => doors.sharedMs();
    this.#ofResults = { remember: (operation) => this.#unresolved.keep(operation), sharedMs };
    const replyRoomBytes = Math.floor(REPLY_SHARE * doors.ringBytes);
    const ofCoordinator = {
      ...doors,
      replyRoomBytes,
      settle: (operation: Operation): void => {
        if (!operation.heedsExpiry || !this.#expired.takes(operation)) this.#settle(operation);
      },
      omit: ({ request, keyBytes }: Operation, replicas: number): void =>
        this.omissions.note(readKey(request, REQUEST.BYTES, keyBytes), replicas),
      begin: (operation: Operation): void => this.#changes.begin(operation),
      compute: (operation: Operation): Computed => this.#changes.compute(operation),
      isUndecided: (id: Ballot): boolean => this.#changes.isUndecided(id),
    };
    this.#cache = new ReadCache(
      { bytesMax: doors.cacheBytesMax ?? 0, sharedMs, tagsTaken: () => doors.tags.taken() },
      rules,
    );
    this.coordinator = new Coordinator(ofCoordinator, quorums, rules);
    this.#maker = new RequestMaker(this.coordinator, quorums, new LargePool(doors.epochs, rules));
    this.#changes = new Changes({
      coordinator: this.coordinator,
      maker: this.#maker,
      quorums,
      rules,
      sharedMs,
      settle: (change) => {
        if (change.context instanceof SessionCall) this.#sessions.changed(change);
        else if (isInnerChange(change.context)) change.context(change);
        else doors.settleChange(change);
      },
    });
    this.#expired = new ExpiredReads({
      core: this,
      changes: this.#changes,
      quorums,
      rules,
      sharedMs,
      settle: (operation) => this.#settle(operation),
    });
    this.#ofSessions = {
      core: this,
      quorums,
      rules,
      epochs: doors.epochs,
      settle: (call) => doors.settleSession(call),
    };
    this.#sessions = new SessionCalls(this.#ofSessions);
    const { epochs } = doors;
    this.#ofScans = { core: this, epochs, quorums, rules, settle: (call) => doors.settleScan(call) };
    this.#proposer = new Proposer({
      core: this,
      quorums,
      epochs,
      random: doors.random,
      rules,
      owner: doors.owner,
      settle: (proposal) => doors.settleProposal?.(proposal),
    });
  }

  // --- operations; each throws what is wrong with what was asked for, and then nothing is left of it

  get(key: string, options: OperationOptions | undefined, bucket?: Bucket): Operation {
    this.#requireService();
    const operation = this.#maker.get(keyIn(bucket, key), options);
    operation.heedsExpiry = true;
    return operation;
  }

  /**
   * A read, or what it comes to where the cache has what it allows. `seen`: what the session of the caller has seen, if
   * it is one.
   */
  read(key: string, options: ReadOptions | undefined, bucket?: Bucket, seen?: SessionState): Operation | ReadResult {
    if (options === undefined || !mayBeStale(options)) return this.get(key, options, bucket);
    const limits = checkedStaleLimits(options);
    this.#requireService();
    const place = keyIn(bucket, key);
    const nowMs = this.#doors.sharedMs();
    const cached = this.#cache.find(place, limits, nowMs);
    if (cached !== undefined && (seen === undefined || this.#admits(seen, place, cached))) {
      this.#cache.hits++;
      return cachedResult(cached, nowMs);
    }
    const operation = this.get(key, options, bucket);
    this.#cache.fill(operation, place, limits.maxStaleVersions !== Number.POSITIVE_INFINITY);
    return operation;
  }

  put(key: string, value: Value, options: PutOptions | undefined, bucket?: Bucket): Operation | PendingChange {
    const step = this.#writeStep(value, options, bucket);
    if (step !== undefined) return this.#change({ key, step, bucket }, options);
    this.#requireService();
    const place = keyIn(bucket, key);
    const ttlMs = ttlOf(options, bucket);
    const expiresAtMs = ttlMs === undefined ? NEVER : this.#doors.sharedMs() + ttlMs;
    const operation = this.#maker.put(place, value, options, expiresAtMs);
    this.#changes.overwrite(place);
    return operation;
  }

  delete(key: string, options: WriteOptions | undefined, bucket?: Bucket): Operation | PendingChange {
    const step = this.#writeStep(undefined, options, bucket);
    if (step !== undefined) return this.#change({ key, step, bucket }, options);
    this.#requireService();
    const place = keyIn(bucket, key);
    const operation = this.#maker.delete(place, options);
    this.#changes.overwrite(place);
    this.deletes++;
    return operation;
  }

  update(key: string, fn: UpdateFunction, options: ChangeOptions | undefined, bucket?: Bucket): PendingChange {
    return this.#change({ key, step: updateStep(fn), bucket, tellsValue: true, keepsExpiry: true }, options);
  }

  compareAndSet(
    key: string,
    expected: Value,
    next: Value,
    options: ChangeOptions | undefined,
    bucket?: Bucket,
  ): PendingChange {
    return this.#change(
      { key, step: compareStep(this.#maker.copyOf(expected), this.#maker.copyOf(next)), bucket },
      options,
    );
  }

  increment(key: string, by: number, options: ChangeOptions | undefined, bucket?: Bucket): PendingChange {
    return this.#change({ key, step: incrementStep(by), bucket, tellsValue: true, keepsExpiry: true }, options);
  }

  /** An operation that asks one replica something; its context has to be an {@link InnerCall}. */
  inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation {
    this.#requireService();
    return this.#maker.inquiry(inquiry, options);
  }

  /**
   * The repair of one key, as replicas know it; its context has to be an {@link InnerCall}. It ends `ok` or `absent`
   * once all that it is for and that are up hold the newest entry of the key.
   */
  repairKey(place: string, aim: RepairAim, options: OperationOptions | undefined): Operation {
    this.#requireService();
    return this.#maker.repair(place, aim, options);
  }

  /** A repair, to be started; its caller flushes then. @throws what is wrong with its options. */
  repairer(options: Omit<RepairerOptions, 'core' | 'placement'>): Repairer {
    this.#requireService();
    this.coordinator.lookAtConfiguration();
    const { placement } = this.coordinator;
    return new Repairer({ ...options, core: this, placement });
  }

  /** Whether another operation may be submitted. */
  get hasRoom(): boolean {
    return this.coordinator.hasRoom;
  }

  /** Replicas whose rings have room for a few requests, as a mask. */
  get roomy(): number {
    const { links, ringBytes } = this.#doors;
    const roomBytes = Math.min(OMISSION_ROOM_BYTES, OMISSION_SHARE * ringBytes);
    let mask = 0;
    for (let replica = 0; replica < links.length; replica++) {
      if (links[replica]!.hasRoomFor(roomBytes)) mask |= 1 << replica;
    }
    return mask;
  }

  /** Copies up to where deletions may have been erased into `target`. */
  erasedFloor(target: MutableBallot): void {
    this.#doors.erased.read(target);
  }

  /** Number of the configuration in force. */
  get configuration(): number {
    return this.quorums.electorate.number;
  }

  epochOf(replica: number): number {
    return this.#doors.epochs.epochOf(replica);
  }

  /** Threads that hold keys, as a mask. */
  get members(): number {
    return this.quorums.electorate.all;
  }

  /** Replicas that have their memory, as a mask. */
  get operational(): number {
    const { epochs, links } = this.#doors;
    let mask = 0;
    for (let replica = 0; replica < links.length; replica++) if (epochs.isOperational(replica)) mask |= 1 << replica;
    return mask & this.quorums.electorate.all;
  }

  /** A page of keys. `seen`: what the session of the caller has seen, if it is one. */
  scan(prefix: string, options: ScanOptions | undefined, bucket?: Bucket, seen?: SessionState): ScanCall {
    this.#requireService();
    const listsNeeded = this.sizesFor(options ?? {}).read;
    const { sizes } = this.quorums.electorate;
    return new ScanCall(this.#ofScans, checkedScan(prefix, options ?? {}, { bucket, listsNeeded, sizes }), seen);
  }

  /** A proposal to the voters of one of `topics`. */
  propose(topics: Topics, topic: string, payload: Value, options: ProposeOptions | undefined): Proposal {
    this.#requireService();
    if (!this.#proposer.hasRoom) throw overloadedError(this.#proposer.open);
    const { voters } = this.quorums.electorate;
    return proposalFor(voters, topics, { topic, payload: this.#maker.copyOf(payload), options });
  }

  /** A number from the shared counter that nobody else has. */
  takeTag(tag: MutableBallot): void {
    this.coordinator.takeTag(tag);
  }

  /**
   * A read of a key as replicas know it, which ends with what all its homes have voted for, if they have. Its context
   * has to be an {@link InnerCall}.
   */
  confirm(key: string, options: OperationOptions | undefined): Operation {
    this.#requireService();
    const operation = this.#maker.get(key, options);
    operation.asksAll = true;
    operation.readNeeded = operation.agreeNeeded = this.quorums.replicas;
    return operation;
  }

  /** A watch: its caller ticks it, and flushes then. */
  watcher(
    prefix: string,
    options: WatchOptions,
    bucket: Bucket | undefined,
    doors: Pick<WatchDoors, 'ready' | 'proceed'>,
  ): Watcher {
    this.#requireService();
    return new Watcher(
      { ...this.#ofScans, ...doors, core: this },
      checkedWatch(prefix, options, { bucket, ...this.watched }),
    );
  }

  /** What positions of watches depend on. */
  get watched(): WatchedCluster {
    return { resets: this.#life.resets };
  }

  /**
   * A change of a key, as replicas know it, that deletes its value if that has expired, and else leaves it alone: it
   * ends as a conflict either way. Its context has to be an {@link InnerChange}.
   */
  deleteExpired(place: string, options: OperationOptions | undefined): PendingChange {
    this.#requireService();
    const request = { key: place, step: deleteIfExpired, tellsValue: false, expiry: NO_EXPIRY };
    return new PendingChange(this.#maker.changeRequest(request, options, this.#changes.open));
  }

  /** The time, by the clock that values expire by. */
  sharedMs(): number {
    return this.#doors.sharedMs();
  }

  /** The write of `operationId` again, under its first tag; `undefined` when it is not known, or no longer. */
  resolve(operationId: string, options: OperationOptions | undefined): Operation | PendingChange | undefined {
    const isChange = typeof operationId === 'string' && operationId.includes('-');
    if (!isChange && !this.#unresolved.has(operationId)) return undefined;
    this.#requireService();
    if (isChange) return this.#changes.again(operationId, options);
    if (!this.#unresolved.has(operationId)) return undefined; // It belonged to a state that is gone.
    const operation = this.#maker.acquire('put', options);
    this.#unresolved.restore(operationId, operation);
    resize(operation, this.quorums.electorate.sizes); // Those that it was made under may be in force no longer.
    return operation;
  }

  /** Keeps the write of an operation id until it is let go of. @returns `false` where there is no room for it. */
  pin(operationId: string): boolean {
    return this.#unresolved.pin(operationId);
  }

  unpin(operationId: string): void {
    this.#unresolved.unpin(operationId);
  }

  /** A session of the cluster of this name. @throws what is wrong with its options. */
  session(cluster: string, options: SessionOptions): SessionMaker {
    this.#requireService();
    return new SessionMaker(this.#ofSessions, cluster, options);
  }

  /** Queues what was made; {@link flush} sends it. */
  submit(made: Operation | PendingChange | SessionCall | ScanCall | Proposal): void {
    if (made instanceof Proposal) return this.#proposer.submit(made);
    if (made instanceof SessionCall) this.submit(made.made);
    else if (made instanceof PendingChange) this.#changes.submit(made);
    else if (made instanceof ScanCall) made.start();
    else this.coordinator.submit(made);
  }

  /** The caller gives up waiting; `reason` is why, for changes, whose results are made at once. */
  cancel(made: Operation | PendingChange | SessionCall | ScanCall | Proposal, reason: unknown): void {
    if (made instanceof Proposal) return this.#proposer.cancel(made, reason);
    if (made instanceof SessionCall) this.#sessions.cancel(made, reason);
    else if (made instanceof PendingChange) this.#changes.cancel(made, reason);
    else if (made instanceof ScanCall) made.cancel(reason);
    else if (!this.#expired.cancel(made, reason)) this.coordinator.cancel(made);
  }

  /** Resets of the cluster that it knows of. */
  get resets(): number {
    return this.#life.resets;
  }

  /** Answers and acknowledgements that a level asks for. @throws {RangeError} where there is no such level. */
  sizesFor(options: Pick<OperationOptions, 'level'>): { readonly read: number; readonly write: number } {
    return this.#maker.sizesFor(options);
  }

  /** Time that is left until a deadline, in whole milliseconds from 1. */
  msUntil(deadlineMs: number): number {
    return Math.max(1, Math.ceil(deadlineMs - this.#nowMs));
  }

  /** Whether a deadline has passed, as of the last look at the clock. */
  hasPassed(deadlineMs: number): boolean {
    return this.#nowMs >= deadlineMs;
  }

  /** Reads that the cache has answered. */
  get cachedReads(): number {
    return this.#cache.hits;
  }

  /** Whether the function of a change runs: what that calls may submit and give up, but must not wait or flush. */
  get isComputing(): boolean {
    return this.#changes.isComputing;
  }

  /** Operations and changes that are pending. */
  get pending(): number {
    return this.coordinator.pending - this.#changes.rounds + this.#changes.open + this.#proposer.open;
  }

  // --- the turns of a thread

  /** Sends what there is room for. @returns the replicas that got frames, as a mask, see {@link Coordinator.flush}. */
  flush(nowMs: number): number {
    this.#nowMs = nowMs;
    if (!this.heedLife()) return 0;
    if (this.#proposer.open > 0) this.#proposer.tick(nowMs);
    this.#changes.startClocks(nowMs);
    return this.coordinator.flush(nowMs);
  }

  /** To be called before frames are taken in. */
  look(): void {
    this.heedLife();
    this.coordinator.look();
  }

  /**
   * Looks how the cluster fares before anything is sent, also in answer to what has arrived: a thread that was blocked
   * while the state was lost and reset must carry nothing of it into the new one, and replicas may have begun empty
   * before the reset is counted.
   *
   * @returns whether the cluster serves its clients; if not, everything was settled.
   */
  heedLife(): boolean {
    const { state } = this.#life;
    if (state !== CLUSTER_OPEN) this.abandon(state === CLUSTER_CLOSED ? 'closed' : 'state-lost');
    else this.#forgetLostState();
    return state === CLUSTER_OPEN;
  }

  /** Settles everything. */
  abandon(outcome: 'closed' | 'state-lost'): void {
    this.#expired.abandon(outcome);
    this.omissions.clear();
    this.#proposer.abandon(outcome);
    const left = this.#changes.stop(); // First: else a round that ends would begin the next one.
    this.coordinator.abandon(outcome);
    this.#changes.abandon(left, outcome);
  }

  /** Deadlines, and asking again where nobody answered; see {@link Coordinator.tick}. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.omissions.repair();
    this.#changes.tick(nowMs);
    this.coordinator.tick(nowMs);
  }

  #forgetLostState(): void {
    const { resets } = this.#life;
    if (resets === this.#resets || !this.#rules.forgetsLostState) return;
    if (this.isComputing) throw stateLostError(); // Asked for inside of a change that belongs to what is gone.
    this.#resets = resets;
    this.abandon('state-lost');
    this.#unresolved.clear();
    this.#cache.clear();
    this.#changes.clear();
  }

  /** The outcome of a settled operation, or the error to reject with. `signal` is the caller's, for its reason. */
  resultOf(operation: Operation, signal: AbortSignal | undefined): Settled | Failure {
    return resultOf(operation, signal, this.#ofResults);
  }

  /** Fences keys, so that it can be said how many versions of them have come since; nobody waits for that. */
  #fence(places: readonly string[]): void {
    for (const place of places) {
      const fence = this.#doors.tags.taken() + 1; // The change takes at least one.
      try {
        const change = this.deleteExpired(place, undefined);
        change.context = ({ result }: PendingChange): void => {
          const isKnown = result !== undefined && !(result instanceof Failure) && result.outcome === 'conflict';
          if (isKnown) this.#cache.fenced(place, result.version, fence);
        };
        this.submit(change);
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error; // Too much is pending, or nobody is served any more.
      }
    }
  }

  #settle(operation: Operation): void {
    if (this.#cache.isUsed) {
      this.#cache.settled(operation);
      this.#fence(this.#cache.takeUnfenced());
    }
    if (operation.kind === 'change') this.#changes.settled(operation);
    else if (operation.isOfSession) this.#sessions.settled(operation);
    else if (isInnerCall(operation.context)) this.#settleInner(operation, operation.context);
    else this.#doors.settle(operation);
  }

  /** Whether a session may be told what the cache has; then it has seen that. */
  #admits(seen: SessionState, place: string, { version }: CachedRead): boolean {
    if (!seen.admits(place, version)) return false;
    if (!isNone(version)) seen.note(place, version, true);
    return true;
  }

  #settleInner(operation: Operation, call: InnerCall): void {
    call(operation);
    this.coordinator.release(operation);
  }

  /** What a put or delete does that has to look at what it overwrites; `undefined` for a blind one. */
  #writeStep(value: Value, options: PutOptions | undefined, bucket: Bucket | undefined): ChangeStep | undefined {
    const ifVersion = options?.ifVersion;
    if (ifVersion !== undefined) return versionStep(ifVersion, this.#maker.copyOf(value));
    return looksFirst(bucket) ? overwriteStep(this.#maker.copyOf(value)) : undefined;
  }

  #change(change: Change, options: ChangeOptions | undefined): PendingChange {
    this.#requireService();
    const { key, step, bucket, tellsValue = false, keepsExpiry = false } = change;
    const expiry = { ttlMs: ttlOf(options, bucket), isKept: keepsExpiry && options?.ttlMs === undefined };
    const request = { key: keyIn(bucket, key), step: stepIn(bucket, step), tellsValue, expiry };
    return new PendingChange(this.#maker.changeRequest(request, options, this.#changes.open));
  }

  #requireService(): void {
    const { state } = this.#life;
    if (state === CLUSTER_STATE_LOST) throw stateLostError();
    this.#forgetLostState(); // What begins now belongs to the new state.
    if (state === CLUSTER_CLOSED) throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot use the cluster: it is closed');
  }
}

function isInnerChange(context: unknown): context is InnerChange {
  return typeof context === 'function';
}

function isInnerCall(context: unknown): context is InnerCall {
  return typeof context === 'function';
}
