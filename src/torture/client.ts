// One client of a torture run: a few lanes of operations at a time, on keys that every client fights for, in every way
// that a client can call them. What it did and saw goes to the ledger.
import { nowMs } from '../base/clock.ts';
import { isQuorateError } from '../base/errors.ts';
import { below, unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import type { ClusterClient } from '../cluster/options.ts';
import type { OperationOptions, WriteResult, WriteUnknown } from '../store/store.ts';
import { ChangedMind, NOTHING_KNOWN, deedOf } from './deed.ts';
import type { Deed, DeedResult, Known, Method } from './deed.ts';
import { ABSENT, STATES, UNTOLD, keyOf } from './ledger.ts';
import type { Call, SharedLedger, Sight, Ticket } from './ledger.ts';
import { STAMPED_BYTES_MIN, readStamp, stampedValue } from './stamp.ts';

/**
 * What a client suffers when the nemesis asks: it blocks for so many milliseconds, floods the cluster, or is killed
 * when it has shown its next requests to some replicas and not to all.
 */
export const ORDERS = { BLOCK_MS_MAX: 10_000, FLOOD: 10_001, FLOOD_LARGE: 10_002, DIE_HALFWAY: 10_003 } as const;

/** What a client works with. */
export interface TortureClientOptions {
  readonly store: ClusterClient;
  readonly ledger: SharedLedger;
  /** Its place in the ledger. */
  readonly client: number;
  /** Tells this thread from those that had the place before; 1 or more. */
  readonly owner: number;
  readonly random: Random;
  /** Calls in flight, beside batches. */
  readonly lanes: number;
  /** Whether the thread may block: all but the main thread. */
  readonly maySync: boolean;
  /** Sees to it that the thread is killed in the middle of its next batch; `undefined` where it must live. */
  readonly dieHalfway: (() => void) | undefined;
}

/** Deadline of an operation, in milliseconds. */
export const OPERATION_MS = 3000;
const BATCH_MAX = 6;
const SYNC_BURST_MAX = 6;
const CHANGE_BURST_MAX = 8;
const LARGE_BYTES_MAX = 200_000;
const QUIET_WRITES = 12;
const QUIET_BUSY_SHARE = 0.3;
const FLOOD_WRITES = 1500;
const FLOOD_LARGE_WRITES = 24;
const FLOOD_LARGE_BYTES = 512 * 1024;
const PAUSE_MS = 2;
/** Shares of the calls, from 0 to 1. */
const SHARES = {
  batch: 0.05,
  sync: 0.12,
  changeBurst: 0.06,
  large: 0.02,
  hasty: 0.02,
  aborted: 0.01,
  thrown: 0.02,
  pause: 0.1,
  resting: 0.2,
};
/** Of the calls on a busy key, the share that writes it, by slot; then that on a resting one. */
const WRITE_SHARES = [0.6, 0.45, 0.3, 0.2, 0.1, 0.03];
const WRITE_SHARE_RESTING = 0.4;
const READ_SHARE_BATCH = 0.7;
/** Of the writes, the share of changes, by slot: on some keys nothing is written blindly but the first value. */
const CHANGE_SHARES = [0.5, 1, 0.2, 1, 0.5, 0.8];
const DELETE_EVERY = 8;
/** How changes are made, each as often as it is here. */
const CHANGES: readonly Method[] = [
  ...(['update', 'update', 'update', 'compareAndSet', 'compareAndSet', 'putIfVersion'] as const),
  ...(['compareAndDelete', 'deleteIfVersion', 'putIfAbsent'] as const),
];
/** What ends a lane for a while: the cluster is lost, being reset, or drowned. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'ERR_QUORATE_STATE_LOST',
  'ERR_QUORATE_OVERLOADED',
  'ERR_QUORATE_TIMEOUT',
  'ERR_QUORATE_ABORTED',
  'ERR_QUORATE_MEMORY',
]);

/** A process of the history, and the client that it is of. */
interface Lane {
  readonly client: number;
  readonly owner: number;
  process: number;
}

/** Runs until the ledger says stop. One thread. */
export class TortureClient {
  readonly #options: TortureClientOptions;
  readonly #values = Array.from({ length: FLOOD_LARGE_WRITES });
  /** What was seen last, by slot, and on which of its keys. */
  readonly #known = new Map<number, Known & { readonly generation: number }>();

  constructor(options: TortureClientOptions) {
    this.#options = options;
  }

  /** @throws what the store throws and no outcome or expected failure is: a defect. */
  async run(): Promise<void> {
    const lanes = Array.from({ length: this.#options.lanes }, () => this.#runLane());
    await Promise.all(lanes);
  }

  async #runLane(): Promise<void> {
    const { ledger, random } = this.#options;
    const lane = this.#newLane();
    while (!ledger.isStopped) {
      await this.#suffer();
      const isUsed = await this.#step(lane);
      if (!isUsed || unitOf(random) < SHARES.pause) await pause(isUsed ? below(random, PAUSE_MS + 1) : PAUSE_MS);
    }
  }

  /** One call, or a batch of them. @returns `false` when there was no key to work on. */
  async #step(lane: Lane): Promise<boolean> {
    const { random, maySync } = this.#options;
    const kind = unitOf(random);
    if (kind < SHARES.batch) {
      const size = 2 + below(random, BATCH_MAX - 1);
      return unitOf(random) < READ_SHARE_BATCH ? this.#readBatch(size) : this.#writeBatch(size, () => this.#take());
    }
    if (kind < SHARES.batch + SHARES.changeBurst) return this.#changeBurst();
    if (maySync && kind < SHARES.batch + SHARES.changeBurst + SHARES.sync) return this.#syncBurst(lane);
    const ticket = this.#take();
    if (ticket === undefined) return false;
    await this.#single(lane, ticket);
    return true;
  }

  async #single(lane: Lane, ticket: Ticket): Promise<void> {
    await this.#perform(lane, ticket, this.#deed(this.#nextMethod(ticket), ticket));
  }

  async #perform(lane: Lane, ticket: Ticket, deed: Deed): Promise<void> {
    const { store } = this.#options;
    this.#begin(ticket, deed, lane);
    try {
      await this.#end(ticket, deed, await deed.start(store, this.#nextOptions()), lane);
    } catch (error) {
      this.#fail(ticket, deed.call, error);
      this.#renew(lane);
      await pause(PAUSE_MS);
    }
  }

  /** Changes of one key at once: they share rounds. */
  async #changeBurst(): Promise<boolean> {
    const { ledger, random } = this.#options;
    const first = this.#take();
    if (first === undefined) return false;
    const tickets = [first];
    for (let left = 1 + below(random, CHANGE_BURST_MAX - 1); left > 0; left--) {
      const ticket = ledger.take(first.slot);
      if (ticket !== undefined) tickets.push(ticket);
    }
    await Promise.all(
      tickets.map((ticket) => this.#perform(this.#newLane(), ticket, this.#deed(this.#nextChange(), ticket))),
    );
    return true;
  }

  async #readBatch(size: number): Promise<boolean> {
    const tickets = this.#beginBatch(size, { call: 'get', expects: UNTOLD }, () => this.#take());
    try {
      const keys = tickets.map(({ slot, generation }) => keyOf(slot, generation));
      const seen = await this.#options.store.getMany(keys);
      tickets.forEach((ticket, index) => this.#endRead(ticket, seen[index]!));
    } catch (error) {
      for (const ticket of tickets) this.#fail(ticket, 'get', error);
      await pause(PAUSE_MS);
    }
    return tickets.length > 0;
  }

  async #writeBatch(size: number, take: () => Ticket | undefined): Promise<boolean> {
    const tickets = this.#beginBatch(size, { call: 'put', expects: UNTOLD }, take);
    const writes = tickets.map((ticket) => {
      const key = keyOf(ticket.slot, ticket.generation);
      return { kind: 'put' as const, key, value: stampedValue(ticket, STAMPED_BYTES_MIN) };
    });
    let written: WriteResult[];
    try {
      written = await this.#options.store.batch(writes);
    } catch (error) {
      for (const ticket of tickets) this.#fail(ticket, 'put', error);
      await pause(PAUSE_MS);
      return true;
    }
    const put = { call: 'put', expects: UNTOLD } as const;
    await Promise.all(tickets.map((ticket, index) => this.#end(ticket, put, written[index]!, this.#newLane())));
    return tickets.length > 0;
  }

  /** Begins so many operations at once, each of a process of its own, as far as there are tickets. */
  #beginBatch(size: number, deed: Pick<Deed, 'call' | 'expects'>, take: () => Ticket | undefined): Ticket[] {
    const tickets: Ticket[] = [];
    for (let ticket = take(); ticket !== undefined; ticket = tickets.length < size ? take() : undefined) {
      this.#begin(ticket, deed, this.#newLane());
      tickets.push(ticket);
    }
    return tickets;
  }

  /** Blocking calls, one after the other, while the promises of the other lanes are under way. */
  async #syncBurst(lane: Lane): Promise<boolean> {
    for (let count = 1 + below(this.#options.random, SYNC_BURST_MAX); count > 0; count--) {
      const ticket = this.#options.ledger.isStopped ? undefined : this.#take();
      if (ticket === undefined) return false;
      if (!this.#callSync(lane, ticket)) {
        this.#renew(lane);
        await pause(PAUSE_MS);
      }
    }
    return true;
  }

  #callSync(lane: Lane, ticket: Ticket): boolean {
    const deed = this.#deed(this.#nextMethod(ticket), ticket);
    this.#begin(ticket, deed, lane);
    try {
      const result = deed.block(this.#options.store, { timeoutMs: OPERATION_MS });
      this.#endAsIs(ticket, deed, result);
      return result.outcome !== 'unknown';
    } catch (error) {
      this.#fail(ticket, deed.call, error);
      return false;
    }
  }

  #endRead(ticket: Ticket, result: DeedResult): void {
    const { ledger } = this.#options;
    if (result.outcome === 'unavailable') return ledger.end(ticket, STATES.VOID);
    ledger.end(ticket, STATES.DONE, this.#look(ticket, 'value' in result ? result : NOTHING_KNOWN));
  }

  /** Of what is unknown, half is left at that, and half is resolved: then it happened exactly once, by now. */
  async #end(ticket: Ticket, deed: Pick<Deed, 'call' | 'expects'>, result: DeedResult, lane: Lane): Promise<void> {
    if (result.outcome !== 'unknown') return this.#endAsIs(ticket, deed, result);
    try {
      const isLeft = unitOf(this.#options.random) < 0.5;
      this.#endAsIs(ticket, deed, isLeft ? result : await this.#resolve(result));
    } catch (error) {
      this.#fail(ticket, 'put', error);
    }
    this.#renew(lane);
  }

  /** @throws where what nobody would ever know has become known: a defect. */
  async #resolve(unknown: WriteUnknown): Promise<WriteResult> {
    const options = { timeoutMs: OPERATION_MS };
    const { store } = this.#options;
    const result = await store.resolve(unknown.operationId, options);
    if (result.outcome !== 'unknown' || result.isFinal !== true) {
      if (unknown.isFinal === true) requireUnknown(result, unknown.operationId);
      return result;
    }
    requireUnknown(await store.resolve(unknown.operationId, options), unknown.operationId);
    return result;
  }

  #endAsIs(ticket: Ticket, { call, expects }: Pick<Deed, 'call' | 'expects'>, result: DeedResult): void {
    const { ledger } = this.#options;
    const isChange = call !== 'get' && call !== 'put' && call !== 'delete';
    if (call === 'get') return this.#endRead(ticket, result);
    switch (result.outcome) {
      case 'ok': {
        if (isChange) ledger.count('changes');
        if (call !== 'update') return ledger.end(ticket, STATES.DONE);
        // The try that landed tells by its value what it found.
        const { value, found } = this.#look(ticket, 'value' in result ? result : NOTHING_KNOWN);
        if (value !== ticket.number) throw new Error(`An update returned value ${value}, not ${ticket.number}`);
        return ledger.end(ticket, STATES.DONE, { found });
      }
      case 'conflict': {
        const sight = this.#look(ticket, result);
        if (!isChange || call === 'update') throw new Error(`A conflict of ${call}, which has no condition`);
        if (sight.value === expects && expects === ABSENT) throw new Error('A conflict with what was expected');
        ledger.count('conflicts');
        return ledger.endAsRead(ticket, sight);
      }
      case 'unknown':
        if (result.isFinal === true) ledger.count('finals');
        return ledger.end(ticket, STATES.OPEN);
      case 'absent':
      case 'unavailable':
        // What was unavailable never happened: it is no part of the history, and a read that sees it is a violation.
        return ledger.end(ticket, STATES.VOID);
    }
  }

  /** Remembers what the key holds. @returns what the ledger is told of it. */
  #look(ticket: Ticket, { value, version }: Known): Required<Sight> {
    this.#known.set(ticket.slot, { generation: ticket.generation, value, version });
    return value === undefined ? { value: ABSENT, found: UNTOLD } : readStamp(value, ticket);
  }

  /** A call that threw: of a write that rejected nobody said whether it has left, but where its caller had given up. */
  #fail(ticket: Ticket, call: Call, error: unknown): void {
    const isVoid = call === 'get' || isAbort(error) || error instanceof ChangedMind;
    this.#options.ledger.end(ticket, isVoid ? STATES.VOID : STATES.OPEN);
    const isExpected = isQuorateError(error) && TRANSIENT.has(error.code);
    if (!isExpected && !isAbort(error) && !(error instanceof ChangedMind && call === 'update')) throw error;
  }

  #take(): Ticket | undefined {
    const { ledger, random } = this.#options;
    const { busy, resting } = ledger.shape;
    return ledger.take(unitOf(random) < SHARES.resting ? busy + below(random, resting) : below(random, busy));
  }

  #begin(ticket: Ticket, { call, expects }: Pick<Deed, 'call' | 'expects'>, lane: Lane): void {
    this.#options.ledger.begin(ticket, call, { ...lane, expects });
  }

  #newLane(): Lane {
    const { client, owner, ledger } = this.#options;
    return { client, owner, process: ledger.nextProcess() };
  }

  /** After an open call the process is another: it would have two open calls. */
  #renew(lane: Lane): void {
    lane.process = this.#options.ledger.nextProcess();
  }

  #deed(method: Method, ticket: Ticket): Deed {
    const { random } = this.#options;
    const seen = this.#known.get(ticket.slot);
    const known = seen?.generation === ticket.generation ? seen : NOTHING_KNOWN;
    const fails = (): boolean => unitOf(random) < SHARES.thrown;
    return deedOf(method, { ticket, bytes: this.#nextBytes(), known, fails });
  }

  #nextMethod({ slot, number }: Ticket): Method {
    const { random, ledger } = this.#options;
    if (number === 1) return 'put'; // A key that nobody has written has nothing to lose.
    const share = slot < ledger.shape.busy ? WRITE_SHARES[slot % WRITE_SHARES.length]! : WRITE_SHARE_RESTING;
    if (unitOf(random) >= share) return 'get';
    if (unitOf(random) < CHANGE_SHARES[slot % CHANGE_SHARES.length]!) return this.#nextChange();
    return below(random, DELETE_EVERY) === 0 ? 'delete' : 'put';
  }

  #nextChange(): Method {
    return CHANGES[below(this.#options.random, CHANGES.length)]!;
  }

  #nextBytes(): number {
    const { random } = this.#options;
    if (unitOf(random) >= SHARES.large) return STAMPED_BYTES_MIN + below(random, 100);
    return STAMPED_BYTES_MIN + below(random, LARGE_BYTES_MAX);
  }

  /** Most calls have a deadline that only trouble exceeds; some are in a hurry, some give up. */
  #nextOptions(): OperationOptions {
    const { random } = this.#options;
    const share = unitOf(random);
    if (share < SHARES.hasty) return { timeoutMs: 1 + below(random, 10) };
    if (share >= SHARES.hasty + SHARES.aborted) return { timeoutMs: OPERATION_MS };
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(new DOMException('The client gave up', 'AbortError')), below(random, 5));
    return { timeoutMs: OPERATION_MS, signal: giveUp.signal };
  }

  async #suffer(): Promise<void> {
    const order = this.#options.ledger.takeOrder(this.#options.client);
    if (order === 0) return;
    if (order === ORDERS.DIE_HALFWAY) return this.#dieHalfway();
    if (order <= ORDERS.BLOCK_MS_MAX) return blockFor(order);
    await this.#flood(order === ORDERS.FLOOD ? FLOOD_WRITES : FLOOD_LARGE_WRITES, order === ORDERS.FLOOD_LARGE);
  }

  /** Its last writes reach some replicas and not all, on keys that few write: many read what became of them. */
  async #dieHalfway(): Promise<void> {
    const { dieHalfway, ledger, random } = this.#options;
    if (dieHalfway === undefined) return;
    dieHalfway();
    const { busy } = ledger.shape;
    await this.#writeBatch(QUIET_WRITES, () => {
      const isBusy = unitOf(random) < QUIET_BUSY_SHARE;
      return ledger.take(isBusy ? busy - 1 - below(random, 2) : busy + below(random, ledger.slots - busy));
    });
  }

  /** Writes at once, to keys that nobody checks: more than the rings hold. */
  async #flood(writes: number, isLarge: boolean): Promise<void> {
    const value = new Uint8Array(isLarge ? FLOOD_LARGE_BYTES : 1000).fill(writes);
    const one = (index: number) => ({ kind: 'put' as const, key: `flood ${index % this.#values.length}`, value });
    try {
      await this.#options.store.batch(
        Array.from({ length: writes }, (_, index) => one(index)),
        { timeoutMs: OPERATION_MS },
      );
    } catch (error) {
      if (!isQuorateError(error) || !TRANSIENT.has(error.code)) throw error;
    }
  }
}

function requireUnknown({ outcome }: WriteResult, operationId: string): void {
  if (outcome !== 'unknown') throw new Error(`Operation ${operationId} was unknown for ever, and is ${outcome} now`);
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Blocks the thread's event loop: answers pile up in its rings. */
function blockFor(ms: number): void {
  for (const untilMs = nowMs() + ms; nowMs() < untilMs;);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
