// One client thread of the demo: keeps a number of requests in flight, and writes down what it saw of each.
import { nowMs } from '../../base/clock.ts';
import { isQuorateError } from '../../base/errors.ts';
import type { Histogram } from '../../base/histogram.ts';
import type { ReadResult, Store, WriteResult } from '../../store/store.ts';
import { OBSERVED, type Observation, type ObservationKind } from './observation.ts';
import { COUNTED, PHASES, TICKS_MAX, type SharedRecord } from './record.ts';
import type { Request, RequestSource } from './requests.ts';
import { Stamper, type Stamp } from './stamp.ts';

/** What a client has to know. */
export interface ClientOptions {
  readonly store: Pick<Store, 'get' | 'put' | 'delete'>;
  readonly record: SharedRecord;
  /** Index of this client in the record. */
  readonly client: number;
  /** Requests in flight, at least 1. */
  readonly concurrency: number;
  /** Longest value, in bytes. */
  readonly valueBytesMax: number;
  /** Takes what was seen; a promise when the judge has to catch up first. The object is reused. */
  readonly observe: (seen: Readonly<Observation>) => void | Promise<void>;
}

/** Completions between two reports of how far a client is. */
const ADVANCE_EVERY = 64;
/** Pause of a request after a failure, in milliseconds. */
const RETRY_MS = 2;
const LAST_TICK = 2 ** 32 - 1;

/** What a request may end with that makes going on pointless. */
const FATAL: ReadonlySet<string> = new Set(['ERR_QUORATE_STATE_LOST', 'ERR_QUORATE_CLOSED', 'ERR_QUORATE_INVARIANT']);

/** Runs requests against a store and reports them. One instance per thread, for the whole demo. */
export class DemoClient {
  readonly #options: ClientOptions;
  readonly #stamper: Stamper;
  readonly #gets: Histogram;
  readonly #puts: Histogram;
  /** When the request of each slot began; the last tick for a free slot. */
  readonly #starts: number[];
  #sequence = 0;
  #sinceAdvance = 0;
  #pending = 0;
  #progressMs = 0;
  #isMeasured = false;
  /** The first failure that was not an outcome. */
  firstFailure: unknown;

  constructor(options: ClientOptions) {
    const { record, client, concurrency, valueBytesMax } = options;
    this.#options = options;
    this.#stamper = new Stamper(valueBytesMax);
    this.#gets = record.latencies(client, 'get');
    this.#puts = record.latencies(client, 'put');
    this.#starts = Array.from({ length: concurrency }, () => LAST_TICK);
  }

  /**
   * Works through `source` until it ends or the record's phase says so; `isMeasured` counts and times.
   *
   * @throws what the store rejects with when its state is lost or it was closed.
   */
  async run(source: RequestSource, isMeasured: boolean): Promise<void> {
    this.#isMeasured = isMeasured;
    await Promise.all(this.#starts.map((_, slot) => this.#serve(slot, source)));
    await this.#advance();
  }

  /** Tells the judge that this client asks no more. */
  async finish(): Promise<void> {
    await this.#report(OBSERVED.ADVANCE, 0, LAST_TICK);
  }

  /** Reads one key at level `all` and returns what it saw, or `undefined` when not all replicas answered. */
  async readAll(key: number, name: string): Promise<Observation | undefined> {
    const start = this.#options.record.begin();
    const result = await this.#options.store.get(name, { level: 'all' });
    if (result.outcome === 'unavailable') return undefined;
    const end = this.#options.record.end();
    const { kind, client, sequence } = this.#judged(key, result);
    return { kind, key, client, sequence, start, end };
  }

  async #serve(slot: number, source: RequestSource): Promise<void> {
    const { record } = this.#options;
    while (record.phase !== PHASES.STOP && record.begin() < TICKS_MAX) {
      const next = source.take();
      const request = next instanceof Promise ? await next : next;
      if (request === undefined) return;
      await this.#perform(slot, request);
      if (++this.#sinceAdvance >= ADVANCE_EVERY) await this.#advance();
    }
  }

  async #perform(slot: number, request: Request): Promise<void> {
    if (request.kind === 'get' || request.kind === 'update') await this.#get(slot, request);
    if (request.kind !== 'get') await this.#write(slot, request);
    this.#starts[slot] = LAST_TICK;
  }

  async #get(slot: number, { key, name }: Request): Promise<void> {
    const start = this.#begin(slot);
    const beganMs = nowMs();
    let result: ReadResult;
    try {
      result = await this.#options.store.get(name);
    } catch (error) {
      return this.#failed(error);
    }
    const end = this.#end(beganMs, this.#gets);
    if (result.outcome === 'unavailable') return this.#pause(COUNTED.UNAVAILABLE);
    const { kind, client, sequence } = this.#judged(key, result);
    await this.#observe({ kind, key, client, sequence, start, end });
  }

  async #write(slot: number, { kind, key, name, bytes }: Request): Promise<void> {
    const { store, client } = this.#options;
    const sequence = this.#sequence++;
    const isDelete = kind === 'delete';
    const value = isDelete ? undefined : this.#stamper.make({ client, sequence, key }, bytes);
    const start = this.#begin(slot);
    const beganMs = nowMs();
    let outcome: WriteResult['outcome'];
    let failure: unknown;
    try {
      outcome = (await (isDelete ? store.delete(name) : store.put(name, value))).outcome;
    } catch (error) {
      outcome = 'unknown';
      failure = error;
    }
    const end = failure === undefined ? this.#end(beganMs, this.#puts) : start;
    const seen = writeKind(outcome, isDelete);
    await this.#observe({ kind: seen, key, client, sequence, start, end });
    if (failure !== undefined) return this.#failed(failure);
    if (outcome === 'unknown' && this.#isMeasured) this.#options.record.count(client, COUNTED.UNKNOWN);
    if (outcome === 'unavailable') return this.#pause(COUNTED.UNAVAILABLE);
  }

  #judged(key: number, result: ReadResult): { kind: ObservationKind; client: number; sequence: number } {
    if (result.outcome !== 'ok') return { kind: OBSERVED.READ_ABSENT, client: 0, sequence: 0 };
    const stamp: Stamp = { client: 0, sequence: 0, key: 0 };
    const isOurs = this.#stamper.read(result.value, stamp) && stamp.key === key;
    return { kind: isOurs ? OBSERVED.READ : OBSERVED.READ_CORRUPT, client: stamp.client, sequence: stamp.sequence };
  }

  #begin(slot: number): number {
    if (this.#pending++ === 0) this.#progressMs = nowMs();
    const start = this.#options.record.begin();
    // An update keeps the start of its read: what is in flight began no later.
    if (this.#starts[slot] === LAST_TICK) this.#starts[slot] = start;
    return start;
  }

  #end(beganMs: number, latencies: Histogram): number {
    const { record, client } = this.#options;
    const end = record.end();
    const endedMs = nowMs();
    this.#pending -= 1;
    if (this.#isMeasured) {
      latencies.record((endedMs - beganMs) * 1000);
      record.raise(client, COUNTED.STALL_US, (endedMs - this.#progressMs) * 1000);
      record.count(client, COUNTED.OPERATIONS);
    }
    this.#progressMs = endedMs;
    return end;
  }

  async #failed(error: unknown): Promise<void> {
    this.#pending -= 1;
    this.firstFailure ??= error;
    if (isQuorateError(error) && FATAL.has(error.code)) {
      this.#options.record.phase = PHASES.STOP;
      throw error;
    }
    await this.#pause(COUNTED.FAILED);
  }

  async #pause(counter: typeof COUNTED.UNAVAILABLE | typeof COUNTED.FAILED): Promise<void> {
    if (this.#isMeasured) this.#options.record.count(this.#options.client, counter);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, RETRY_MS);
    });
  }

  async #advance(): Promise<void> {
    this.#sinceAdvance = 0;
    // Look at the clock first: what begins after that cannot be earlier.
    let oldest = this.#options.record.begin();
    for (const start of this.#starts) if (start < oldest) oldest = start;
    await this.#report(OBSERVED.ADVANCE, 0, oldest);
  }

  async #report(kind: ObservationKind, key: number, tick: number): Promise<void> {
    await this.#observe({ kind, key, client: this.#options.client, sequence: 0, start: tick, end: tick });
  }

  /**
   * Awaited while the request still counts as in flight, so that the judge hears of it before it hears of later ones.
   */
  #observe(seen: Observation): void | Promise<void> {
    return this.#options.observe(seen);
  }
}

function writeKind(outcome: WriteResult['outcome'], isDelete: boolean): ObservationKind {
  if (outcome === 'ok') return isDelete ? OBSERVED.DELETE_OK : OBSERVED.WRITE_OK;
  if (outcome === 'unavailable') return isDelete ? OBSERVED.DELETE_REFUSED : OBSERVED.WRITE_REFUSED;
  return isDelete ? OBSERVED.DELETE_UNKNOWN : OBSERVED.WRITE_UNKNOWN;
}
