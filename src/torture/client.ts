// One client of a torture run: a few lanes of operations at a time, on keys that every client fights for, in every way
// that a client can call them. What it did and saw goes to the ledger.
import { nowMs } from '../base/clock.ts';
import { isQuorateError } from '../base/errors.ts';
import { below, unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import type { ClusterClient } from '../cluster/options.ts';
import type { OperationOptions, ReadResult, WriteResult } from '../store/store.ts';
import { ABSENT, STATES, keyOf } from './ledger.ts';
import type { Call, SharedLedger, Ticket } from './ledger.ts';
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
const LARGE_BYTES_MAX = 200_000;
const QUIET_WRITES = 12;
const QUIET_BUSY_SHARE = 0.3;
const FLOOD_WRITES = 1500;
const FLOOD_LARGE_WRITES = 24;
const FLOOD_LARGE_BYTES = 512 * 1024;
const PAUSE_MS = 2;
/** Shares of the calls, from 0 to 1. */
const SHARES = { batch: 0.05, sync: 0.12, large: 0.02, hasty: 0.02, aborted: 0.01, pause: 0.1, resting: 0.2 };
/** Of the calls on a busy key, the share that writes it, by slot; then that on a resting one. */
const WRITE_SHARES = [0.6, 0.45, 0.3, 0.2, 0.1, 0.03];
const WRITE_SHARE_RESTING = 0.4;
const READ_SHARE_BATCH = 0.7;
const DELETE_EVERY = 8;
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
    if (maySync && kind < SHARES.batch + SHARES.sync) return this.#syncBurst(lane);
    const ticket = this.#take();
    if (ticket === undefined) return false;
    await this.#single(lane, ticket);
    return true;
  }

  async #single(lane: Lane, ticket: Ticket): Promise<void> {
    const { store } = this.#options;
    const key = keyOf(ticket.slot, ticket.generation);
    const call = this.#nextCall(ticket);
    const options = this.#nextOptions();
    const value = call === 'put' ? stampedValue(ticket, this.#nextBytes()) : undefined;
    this.#begin(ticket, call, lane);
    try {
      if (call === 'get') return this.#endRead(ticket, await store.get(key, options));
      const written = call === 'put' ? store.put(key, value, options) : store.delete(key, options);
      await this.#endWrite(ticket, await written, lane);
    } catch (error) {
      this.#fail(ticket, call, error);
      this.#renew(lane);
      await pause(PAUSE_MS);
    }
  }

  async #readBatch(size: number): Promise<boolean> {
    const tickets = this.#beginBatch(size, 'get', () => this.#take());
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
    const tickets = this.#beginBatch(size, 'put', take);
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
    await Promise.all(tickets.map((ticket, index) => this.#endWrite(ticket, written[index]!, this.#newLane())));
    return tickets.length > 0;
  }

  /** Begins so many operations at once, each of a process of its own, as far as there are tickets. */
  #beginBatch(size: number, call: Call, take: () => Ticket | undefined): Ticket[] {
    const tickets: Ticket[] = [];
    for (let ticket = take(); ticket !== undefined; ticket = tickets.length < size ? take() : undefined) {
      this.#begin(ticket, call, this.#newLane());
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
    const { store } = this.#options;
    const key = keyOf(ticket.slot, ticket.generation);
    const call = this.#nextCall(ticket);
    const value = call === 'put' ? stampedValue(ticket, this.#nextBytes()) : undefined;
    const options = { timeoutMs: OPERATION_MS };
    this.#begin(ticket, call, lane);
    try {
      if (call === 'get') this.#endRead(ticket, store.getSync(key, options));
      else {
        const written = call === 'put' ? store.putSync(key, value, options) : store.deleteSync(key, options);
        this.#endWriteAsIs(ticket, written);
        return written.outcome === 'ok';
      }
      return true;
    } catch (error) {
      this.#fail(ticket, call, error);
      return false;
    }
  }

  #endRead(ticket: Ticket, result: ReadResult): void {
    const { ledger } = this.#options;
    if (result.outcome === 'unavailable') return ledger.end(ticket, STATES.VOID);
    ledger.end(ticket, STATES.DONE, result.outcome === 'ok' ? readStamp(result.value, ticket) : ABSENT);
  }

  /** Of what is unknown, half is left at that, and half is resolved: then it happened exactly once, by now. */
  async #endWrite(ticket: Ticket, result: WriteResult, lane: Lane): Promise<void> {
    const { store, random } = this.#options;
    if (result.outcome !== 'unknown' || unitOf(random) < 0.5) {
      this.#endWriteAsIs(ticket, result);
      if (result.outcome === 'unknown') this.#renew(lane);
      return;
    }
    try {
      this.#endWriteAsIs(ticket, await store.resolve(result.operationId, { timeoutMs: OPERATION_MS }));
    } catch (error) {
      this.#fail(ticket, 'put', error);
    }
    this.#renew(lane);
  }

  #endWriteAsIs(ticket: Ticket, { outcome }: WriteResult): void {
    const { ledger } = this.#options;
    // What was unavailable never happened: it is no part of the history, and a read that sees it is a violation.
    if (outcome === 'unavailable') ledger.end(ticket, STATES.VOID);
    else ledger.end(ticket, outcome === 'ok' ? STATES.DONE : STATES.OPEN);
  }

  /** A call that threw: of a write that rejected nobody said whether it has left. */
  #fail(ticket: Ticket, call: Call, error: unknown): void {
    this.#options.ledger.end(ticket, call === 'get' ? STATES.VOID : STATES.OPEN);
    const isExpected = isQuorateError(error) && TRANSIENT.has(error.code);
    if (!isExpected && !isAbort(error)) throw error;
  }

  #take(): Ticket | undefined {
    const { ledger, random } = this.#options;
    const { busy, resting } = ledger.shape;
    return ledger.take(unitOf(random) < SHARES.resting ? busy + below(random, resting) : below(random, busy));
  }

  #begin(ticket: Ticket, call: Call, lane: Lane): void {
    this.#options.ledger.begin(ticket, call, lane);
  }

  #newLane(): Lane {
    const { client, owner, ledger } = this.#options;
    return { client, owner, process: ledger.nextProcess() };
  }

  /** After an open call the process is another: it would have two open calls. */
  #renew(lane: Lane): void {
    lane.process = this.#options.ledger.nextProcess();
  }

  #nextCall({ slot, number }: Ticket): Call {
    const { random, ledger } = this.#options;
    if (number === 1) return 'put'; // A key that nobody has written has nothing to lose.
    const share = slot < ledger.shape.busy ? WRITE_SHARES[slot % WRITE_SHARES.length]! : WRITE_SHARE_RESTING;
    if (unitOf(random) >= share) return 'get';
    return below(random, DELETE_EVERY) === 0 ? 'delete' : 'put';
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
