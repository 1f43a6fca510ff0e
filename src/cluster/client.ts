// A client of a cluster on its thread: promises and synchronous calls in front of a coordinator, its rings and its
// doorbell. All operations of one turn of the event loop leave in one batch.
import { isMainThread } from 'node:worker_threads';
import { nowMs } from '../base/clock.ts';
import { QuorateError, integerOption, rangeError } from '../base/errors.ts';
import { INLINE_BYTES_MAX, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { systemRandom } from '../base/random.ts';
import { ValueEncoder, decodeValue } from '../base/value-codec.ts';
import { ballotOf, copyBallot, versionOf } from '../protocol/ballot.ts';
import { Coordinator } from '../replica/coordinator.ts';
import { writeKey, writtenKey } from '../replica/key-bytes.ts';
import { FrameBuffer } from '../replica/operation.ts';
import type { Operation } from '../replica/operation.ts';
import { BY_REFERENCE, REFERENCE_BYTES, REQUEST, copyWords, padded } from '../replica/wire.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { EpochTable } from '../ring/epoch-table.ts';
import { sharedMemory } from '../ring/memory.ts';
import { RingConsumer, RingProducer } from '../ring/spsc-ring.ts';
import { TallyBoard } from '../ring/tally-board.ts';
import type { BatchWrite, Level, OperationOptions, ReadResult, Value, WriteResult } from '../store/store.ts';
import { ClusterBoard, CLUSTER_CLOSED, CLUSTER_STATE_LOST, EPOCH_TABLE_WORD, TAG_WORD } from './board.ts';
import { clientLargeChannel, clientOwner } from './connection.ts';
import type { Connection } from './connection.ts';
import { inspectCluster } from './inspect.ts';
import { ChannelLane } from './large-lane.ts';
import type { ClusterClient, ClusterMetrics, ClusterStatus } from './options.ts';
import { SharedTagCounter } from './tag-counter.ts';

/** How often deadlines and silences are looked at while operations are pending, in milliseconds. */
const TICK_MS = 5;
/** Unknown writes that {@link Client.resolve} can still finish. */
const UNRESOLVED_MAX = 1024;

type Settled = ReadResult | WriteResult;
type Resolve = (result: Settled | Promise<never>) => void;

/** What an operation settles: a promise's resolve, or a box that a blocked thread looks at. */
interface Waiting {
  resolve: Resolve;
  key: string;
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
}

/** A write whose outcome is unknown, kept until it is resolved. */
interface Unresolved {
  readonly request: FrameBuffer;
  readonly requestBytes: number;
  readonly operation: Pick<Operation, 'keyBytes' | 'valueBytes' | 'large' | 'writeNeeded'>;
}

/** A client, made from a connection. One thread uses it. */
export class Client implements ClusterClient {
  readonly #connection: Connection;
  readonly #board: ClusterBoard;
  readonly #epochs: EpochTable;
  readonly #bell: Doorbell;
  readonly #replicaBells: readonly Doorbell[];
  readonly #requests: readonly RingProducer[];
  readonly #replies: readonly RingConsumer[];
  readonly #large: readonly ChannelLane[];
  readonly #coordinator: Coordinator;
  readonly #encoder = new ValueEncoder();
  readonly #unresolved = new Map<string, Unresolved>();
  readonly #onClose: () => void;
  #isFlushing = false;
  #isArmed = false;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;
  #idle: (() => void) | undefined;
  #wakeUps = 0;
  #replicaWakeUps = 0;
  #deletes = 0;

  constructor(connection: Connection, onClose: () => void) {
    this.#connection = connection;
    this.#onClose = onClose;
    const memory = sharedMemory(connection.board);
    this.#board = new ClusterBoard(memory);
    this.#epochs = new EpochTable(memory, EPOCH_TABLE_WORD);
    const { client, lanes, name, quorums, serial } = connection;
    this.#bell = this.#board.clientBell(client);
    this.#replicaBells = lanes.map((_, replica) => this.#board.replicaBell(replica));
    const owner = clientOwner(serial);
    this.#requests = lanes.map((lane) => new RingProducer(sharedMemory(lane.requests), owner));
    this.#replies = lanes.map((lane) => new RingConsumer(sharedMemory(lane.replies), owner));
    const nextReference = (): number => this.#board.nextReference();
    this.#large = lanes.map((_, replica) => new ChannelLane(clientLargeChannel(name, serial, replica), nextReference));
    const doors = {
      links: this.#requests,
      large: this.#large,
      board: new TallyBoard(sharedMemory(connection.tally)),
      epochs: this.#epochs,
      tags: new SharedTagCounter(connection.board, TAG_WORD),
      random: systemRandom(),
      replyRoomBytes: Math.floor((this.#replies[0]!.bytes.byteLength >> 1) * 0.75),
      settle: (operation: Operation): void => this.#settle(operation),
    };
    this.#coordinator = new Coordinator(doors, quorums);
  }

  get(key: string, options?: OperationOptions): Promise<ReadResult> {
    return this.#start(() => this.#read(key, options), key, options?.signal) as Promise<ReadResult>;
  }

  put(key: string, value: Value, options?: OperationOptions): Promise<WriteResult> {
    return this.#start(() => this.#write(key, value, options), key, options?.signal) as Promise<WriteResult>;
  }

  delete(key: string, options?: OperationOptions): Promise<WriteResult> {
    this.#deletes++;
    return this.#start(() => this.#erase(key, options), key, options?.signal) as Promise<WriteResult>;
  }

  getMany(keys: readonly string[], options?: OperationOptions): Promise<ReadResult[]> {
    return Promise.all(keys.map((key) => this.get(key, options)));
  }

  batch(writes: readonly BatchWrite[], options?: OperationOptions): Promise<WriteResult[]> {
    return Promise.all(
      writes.map((write) =>
        write.kind === 'put' ? this.put(write.key, write.value, options) : this.delete(write.key, options),
      ),
    );
  }

  resolve(operationId: string, options?: OperationOptions): Promise<WriteResult> {
    const unresolved = this.#unresolved.get(operationId);
    const first = ballotOf(operationId);
    if (unresolved === undefined || first === undefined) return Promise.resolve({ outcome: 'unknown', operationId });
    const make = (): Operation => {
      const operation = this.#acquire('put', options);
      operation.request.reserve(unresolved.requestBytes, 0);
      copyWords(unresolved.request, 0, operation.request, 0, unresolved.requestBytes);
      Object.assign(operation, unresolved.operation);
      copyBallot(operation.first, first);
      return operation;
    };
    return this.#start(make, '', options?.signal) as Promise<WriteResult>;
  }

  getSync(key: string, options?: Omit<OperationOptions, 'signal'>): ReadResult {
    return this.#run(() => this.#read(key, options)) as ReadResult;
  }

  putSync(key: string, value: Value, options?: Omit<OperationOptions, 'signal'>): WriteResult {
    return this.#run(() => this.#write(key, value, options)) as WriteResult;
  }

  deleteSync(key: string, options?: Omit<OperationOptions, 'signal'>): WriteResult {
    this.#deletes++;
    return this.#run(() => this.#erase(key, options)) as WriteResult;
  }

  metrics(): ClusterMetrics {
    const { puts, ...counters } = this.#coordinator.counters;
    return {
      ...counters,
      puts: puts - this.#deletes,
      deletes: this.#deletes,
      wakeUps: this.#wakeUps,
      replicaWakeUps: this.#replicaWakeUps,
    };
  }

  inspect(): ClusterStatus {
    const { quorums, lanes } = this.#connection;
    const unread = lanes.map((lane) => lane.requests);
    return { ...inspectCluster(this.#board, this.#epochs, quorums, unread), pending: this.#coordinator.pending };
  }

  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#coordinator.pending > 0) {
      const idle = new Promise<void>((resolve) => (this.#idle = resolve));
      const timer = setTimeout(() => this.#coordinator.abandon('closed'), options.timeoutMs ?? 5000);
      await idle;
      clearTimeout(timer);
    }
    this.#letGo();
  }

  /** Settles everything at once, without waiting. */
  abandon(outcome: 'closed' | 'state-lost'): void {
    this.#coordinator.abandon(outcome);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // --- making operations

  #acquire(kind: 'get' | 'put', options: OperationOptions | undefined): Operation {
    if (this.#isClosed) throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot use the client: it is closed');
    const { state } = this.#board;
    if (state === CLUSTER_STATE_LOST) throw stateLostError();
    if (state === CLUSTER_CLOSED) throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot use the cluster: it is closed');
    const timeoutMs = options?.timeoutMs ?? TIMEOUT_MS_DEFAULT;
    if (timeoutMs !== TIMEOUT_MS_DEFAULT) integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX });
    if (!this.#coordinator.hasRoom) {
      const { pending } = this.#coordinator;
      throw new QuorateError('ERR_QUORATE_OVERLOADED', `Cannot take another operation: ${pending} are pending`, {
        fields: { pending },
      });
    }
    const operation = this.#coordinator.acquire();
    operation.kind = kind;
    operation.timeoutMs = timeoutMs;
    this.#setLevel(operation, options?.level);
    return operation;
  }

  #setLevel(operation: Operation, level: Level | undefined): void {
    const { quorums } = this.#connection;
    operation.readNeeded = quorums.read;
    operation.agreeNeeded = quorums.agreeing;
    operation.writeNeeded = quorums.write;
    if (level === undefined || level === 'quorum') return;
    const { read, write } = this.#sizesOf(level);
    operation.readNeeded = read;
    operation.writeNeeded = write;
    // A level that asks fewer than R promises no more than the newest of those; R or more are made stable.
    operation.agreeNeeded = read < quorums.read ? 0 : quorums.agreeing;
  }

  #sizesOf(level: Exclude<Level, 'quorum'>): { readonly read: number; readonly write: number } {
    const { replicas, read, write } = this.#connection.quorums;
    const range = { min: 1, max: replicas };
    if (level === 'one') return { read: 1, write: 1 };
    if (level === 'two') return { read: Math.min(2, replicas), write: Math.min(2, replicas) };
    if (level === 'all') return { read: replicas, write: replicas };
    if (typeof level !== 'object' || level === null) {
      const allowed = 'it must be one, two, quorum, all or { r, w }';
      throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use level ${String(level)}: ${allowed}`);
    }
    return {
      read: integerOption('level r', level.r ?? read, range),
      write: integerOption('level w', level.w ?? write, range),
    };
  }

  #read(key: string, options: OperationOptions | undefined): Operation {
    return this.#withKey(this.#acquire('get', options), key);
  }

  #erase(key: string, options: OperationOptions | undefined): Operation {
    return this.#withKey(this.#acquire('put', options), key);
  }

  #write(key: string, value: Value, options: OperationOptions | undefined): Operation {
    const operation = this.#withKey(this.#acquire('put', options), key);
    try {
      this.#writeValue(operation, value);
    } catch (error) {
      this.#coordinator.release(operation);
      throw error;
    }
    return operation;
  }

  #withKey(operation: Operation, key: string): Operation {
    try {
      operation.request.reserve(REQUEST.BYTES + (key.length <= 64 ? 192 : 1028), 0);
      writeKey(key, operation.request, REQUEST.BYTES);
    } catch (error) {
      this.#coordinator.release(operation);
      throw error;
    }
    operation.keyBytes = writtenKey.byteLength;
    operation.request.words[REQUEST.KEY_BYTES] = writtenKey.byteLength;
    operation.request.words[REQUEST.HASH] = writtenKey.hash;
    return operation;
  }

  #writeValue(operation: Operation, value: Value): void {
    const start = REQUEST.BYTES + padded(operation.keyBytes);
    const byteLength = this.#encoder.encode(value);
    if (byteLength > INLINE_BYTES_MAX) {
      const buffer = new SharedArrayBuffer(byteLength);
      new Uint8Array(buffer).set(this.#encoder.bytes.subarray(0, byteLength));
      operation.large = { buffer, byteLength };
      operation.valueBytes = BY_REFERENCE;
      operation.request.reserve(start + REFERENCE_BYTES, start);
      return;
    }
    operation.request.reserve(start + padded(byteLength), start);
    copyWords(this.#encoder, 0, operation.request, start, byteLength);
    operation.valueBytes = byteLength;
  }

  // --- running them

  #start(make: () => Operation, key: string, signal: AbortSignal | undefined): Promise<Settled> {
    let operation: Operation;
    try {
      signal?.throwIfAborted();
      operation = make();
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return new Promise((resolve) => {
      operation.context = signal === undefined ? resolve : this.#abortable(operation, key, { resolve, signal });
      this.#coordinator.submit(operation);
      if (!this.#isFlushing) {
        this.#isFlushing = true;
        queueMicrotask(this.#flushTurn);
      }
    });
  }

  #abortable(operation: Operation, key: string, on: { resolve: Resolve; signal: AbortSignal }): Waiting {
    const onAbort = (): void => this.#coordinator.cancel(operation);
    on.signal.addEventListener('abort', onAbort, { once: true });
    return { ...on, key, onAbort };
  }

  readonly #flushTurn = (): void => {
    this.#flush();
    this.#arm();
  };

  #flush(): void {
    this.#isFlushing = false;
    const now = nowMs();
    let replicas = this.#coordinator.flush(now);
    for (let replica = 0; replicas !== 0; replica++, replicas >>>= 1) {
      if ((replicas & 1) === 0) continue;
      this.#requests[replica]!.publish();
      if (this.#replicaBells[replica]!.ring(this.#lane)) this.#replicaWakeUps++;
    }
  }

  /** The client's lane at every replica; lanes below are those of other replicas. */
  get #lane(): number {
    return this.#connection.quorums.replicas + this.#connection.client;
  }

  /** Takes in what has arrived, and settles what is decided. */
  #drain(): void {
    this.#bell.take();
    for (let replica = 0; replica < this.#replies.length; replica++) {
      const ring = this.#replies[replica]!;
      let start = ring.next();
      if (start < 0) continue;
      for (; start >= 0; start = ring.next()) this.#coordinator.receive(replica, ring, start);
      ring.free();
    }
    this.#coordinator.collect(nowMs());
  }

  /** Waits for the next wake-up while operations are pending; the process stays alive meanwhile. */
  #arm(): void {
    if (this.#coordinator.pending === 0) return;
    this.#ticker ??= setInterval(this.#tick, TICK_MS);
    if (this.#isArmed) return;
    this.#isArmed = true;
    const wait = this.#bell.parkAsync();
    if (wait === undefined) setImmediate(this.#wake);
    else void wait.then(this.#wake);
  }

  readonly #wake = (): void => {
    this.#isArmed = false;
    this.#bell.unpark();
    this.#wakeUps++;
    this.#drain();
    process.nextTick(this.#endTurn); // After the continuations of what was settled, whose operations join the batch.
  };

  readonly #endTurn = (): void => {
    if (this.#coordinator.queued > 0) this.#flush();
    this.#arm();
  };

  readonly #tick = (): void => {
    if (this.#coordinator.pending === 0) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
      return;
    }
    if (this.#board.state === CLUSTER_STATE_LOST) return this.#coordinator.abandon('state-lost');
    this.#drain();
    this.#coordinator.tick(nowMs());
    this.#flush();
    this.#arm();
  };

  #run(make: () => Operation): Settled {
    if (isMainThread) {
      throw new QuorateError('ERR_QUORATE_SYNC_ON_MAIN', 'Cannot block the main thread: call it in a worker thread');
    }
    const operation = make();
    let settled: Settled | Promise<never> | undefined;
    operation.context = (result: Settled | Promise<never>): void => {
      settled = result;
    };
    operation.deadlineMs = nowMs() + operation.timeoutMs;
    this.#coordinator.submit(operation);
    this.#flush();
    let tickAtMs = nowMs() + TICK_MS;
    while (settled === undefined) {
      this.#bell.park(TICK_MS);
      this.#wakeUps++;
      this.#drain();
      const now = nowMs();
      if (now >= tickAtMs) {
        tickAtMs = now + TICK_MS;
        if (this.#board.state === CLUSTER_STATE_LOST) this.#coordinator.abandon('state-lost');
        this.#coordinator.tick(now);
        this.#flush();
      }
    }
    if (settled instanceof Promise) {
      settled.catch(() => undefined);
      throw this.#syncError;
    }
    return settled;
  }

  #syncError: unknown;

  // --- settling

  #settle(operation: Operation): void {
    const { context } = operation;
    if (typeof context === 'function') {
      (context as Resolve)(this.#resultOf(operation, undefined));
    } else {
      const waiting = context as Waiting;
      waiting.signal?.removeEventListener('abort', waiting.onAbort!);
      waiting.resolve(this.#resultOf(operation, waiting.signal));
    }
    this.#coordinator.release(operation);
    if (this.#idle !== undefined && this.#coordinator.pending === 0) this.#idle();
  }

  #resultOf(operation: Operation, signal: AbortSignal | undefined): Settled | Promise<never> {
    const { outcome, kind } = operation;
    switch (outcome) {
      case 'ok':
        return kind === 'get' ? readResult(operation) : { outcome, version: writtenVersion(operation) };
      case 'absent':
        return { outcome };
      case 'unavailable':
        return kind === 'get'
          ? { outcome, needed: operation.readNeeded, got: operation.answers }
          : { outcome, needed: operation.writeNeeded, got: 0 };
      case 'unknown':
        return { outcome, operationId: this.#remember(operation) };
      default:
        this.#syncError = failureOf(outcome, signal);
        return Promise.reject(this.#syncError as Error);
    }
  }

  /** Keeps what is needed to finish an unknown write later. */
  #remember(operation: Operation): string {
    const operationId = versionOf(operation.first);
    const requestBytes =
      REQUEST.BYTES + padded(operation.keyBytes) + Math.max(padded(operation.valueBytes), REFERENCE_BYTES);
    const request = new FrameBuffer(requestBytes + 8);
    copyWords(operation.request, 0, request, 0, requestBytes);
    const { keyBytes, valueBytes, large, writeNeeded } = operation;
    this.#unresolved.delete(operationId);
    this.#unresolved.set(operationId, {
      request,
      requestBytes,
      operation: { keyBytes, valueBytes, large, writeNeeded },
    });
    if (this.#unresolved.size > UNRESOLVED_MAX) {
      const [oldest] = this.#unresolved.keys();
      this.#unresolved.delete(oldest!);
    }
    return operationId;
  }

  #letGo(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#bell.wake();
    for (const lane of this.#large) lane.close();
    for (const ring of this.#requests) ring.detach();
    for (const ring of this.#replies) ring.detach();
    this.#onClose();
  }
}

function readResult(operation: Operation): ReadResult {
  const version = versionOf(operation.newestRoot);
  const large = operation.newestLarge;
  if (large !== undefined) {
    return { outcome: 'ok', value: decodeValue(new Uint8Array(large.buffer), 0, large.byteLength), version };
  }
  const { bytes } = operation.newestValue;
  return { outcome: 'ok', value: decodeValue(bytes, 0, operation.newestBytes), version };
}

function writtenVersion(operation: Operation): string {
  return versionOf(operation.adopts ? operation.first : operation.root);
}

function stateLostError(): QuorateError {
  const meaning = 'more replicas lost their memory at once than the quorums survive; reset() starts an empty state';
  return new QuorateError('ERR_QUORATE_STATE_LOST', `Cannot serve: ${meaning}`);
}

function failureOf(outcome: 'memory' | 'aborted' | 'closed' | 'state-lost', signal: AbortSignal | undefined): unknown {
  switch (outcome) {
    case 'aborted':
      return signal?.reason ?? new QuorateError('ERR_QUORATE_ABORTED', 'The operation was aborted');
    case 'memory':
      return new QuorateError('ERR_QUORATE_MEMORY', 'Cannot store the value: too few replicas have memory left for it');
    case 'state-lost':
      return stateLostError();
    default:
      return new QuorateError('ERR_QUORATE_CLOSED', 'The cluster was closed before the operation was decided');
  }
}
