// One client thread of the demo: keeps a number of requests in flight, and writes down what it saw of each.
import { unreachable } from '../../base/assert.ts';
import { nowMs } from '../../base/clock.ts';
import { isQuorateError } from '../../base/errors.ts';
import type { Histogram } from '../../base/histogram.ts';
import type { Store, WriteResult } from '../../store/store.ts';
import { NOBODY, OBSERVED, observationOf, type Observation, type ObservationKind } from './observation.ts';
import { COUNTED, PHASES, TICKS_MAX, type Counted, type SharedRecord, type Timed } from './record.ts';
import type { Request, RequestSource } from './requests.ts';
import { Stamper, type Stamp } from './stamp.ts';

/** What the demo asks of a store. */
export type DemoStore = Pick<Store, 'get' | 'put' | 'delete' | 'update' | 'compareAndSet' | 'increment'>;

/** What a client has to know. */
export interface ClientOptions {
  readonly store: DemoStore;
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

/** One call of the store that has ended. */
interface Ended<Result> {
  readonly start: number;
  readonly end: number;
  /** `undefined` where it failed: it may or may not have happened. */
  readonly result: Result | undefined;
  readonly error: unknown;
}

/** Whose value somebody has seen, or what else. */
type ValueSeen = Pick<Observation, 'kind' | 'client' | 'sequence'>;

/** One run of the function of an update: the write that it made, and the one that it saw. */
interface Try {
  readonly sequence: number;
  readonly prior: ValueSeen;
}

/** Runs requests against a store and reports them. One instance per thread, for the whole demo. */
export class DemoClient {
  readonly #options: ClientOptions;
  readonly #stamper: Stamper;
  readonly #latencies: Readonly<Record<Timed, Histogram>>;
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
    this.#latencies = {
      get: record.latencies(client, 'get'),
      put: record.latencies(client, 'put'),
      change: record.latencies(client, 'change'),
    };
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
    await this.#report(OBSERVED.ADVANCE, { start: LAST_TICK, end: LAST_TICK, client: this.#options.client });
  }

  /** Reads one key at level `all` and returns what it saw, or `undefined` when not all replicas answered. */
  async readAll(key: number, name: string, isCounter: boolean): Promise<Observation | undefined> {
    const start = this.#options.record.begin();
    const result = await this.#options.store.get(name, { level: 'all' });
    if (result.outcome === 'unavailable') return undefined;
    const value = result.outcome === 'ok' ? result.value : undefined;
    const seen = isCounter ? countSeen(value) : this.#valueSeen(key, value);
    return observationOf(seen.kind, { ...seen, key, start, end: this.#options.record.end() });
  }

  async #serve(slot: number, source: RequestSource): Promise<void> {
    const { record } = this.#options;
    while (record.phase !== PHASES.STOP && record.begin() < TICKS_MAX) {
      const next = source.take();
      const request = next instanceof Promise ? await next : next;
      if (request === undefined) return;
      await this.#perform(slot, request);
      this.#starts[slot] = LAST_TICK;
      if (++this.#sinceAdvance >= ADVANCE_EVERY) await this.#advance();
    }
  }

  #perform(slot: number, request: Request): Promise<unknown> {
    switch (request.kind) {
      case 'get':
      case 'count':
        return this.#get(slot, request);
      case 'put':
      case 'delete':
        return this.#write(slot, request);
      case 'update':
        return this.#update(slot, request);
      case 'compare':
        return this.#compare(slot, request);
      case 'increment':
        return this.#increment(slot, request);
      default:
        return unreachable(request.kind);
    }
  }

  // --- requests, each with what is seen of it

  /** @returns the value, and whose it is; `undefined` where it could not be read. */
  async #get(slot: number, { kind, key, name }: Request): Promise<{ seen: ValueSeen; value: unknown } | undefined> {
    const { start, end, result, error } = await this.#call(slot, 'get', () => this.#options.store.get(name));
    if (result === undefined) return this.#failed(error);
    this.#count(COUNTED.GETS);
    if (result.outcome === 'unavailable') return this.#pause(COUNTED.UNAVAILABLE);
    const value = result.outcome === 'ok' ? result.value : undefined;
    const seen = kind === 'count' ? countSeen(value) : this.#valueSeen(key, value);
    await this.#report(seen.kind, { ...seen, key, start, end });
    return seen.kind === OBSERVED.READ_CORRUPT ? undefined : { seen, value };
  }

  async #write(slot: number, { kind, key, name, bytes }: Request): Promise<void> {
    const { store, client } = this.#options;
    const sequence = this.#sequence++;
    const isDelete = kind === 'delete';
    const value = isDelete ? undefined : this.#stamper.make({ client, sequence, key }, bytes);
    const ended = await this.#call(slot, 'put', () => (isDelete ? store.delete(name) : store.put(name, value)));
    const [ok, unknown, refused] = isDelete ? DELETE_KINDS : WRITE_KINDS;
    const { result, start, end } = ended;
    const seen = result?.outcome === 'ok' ? ok : result?.outcome === 'unavailable' ? refused : unknown;
    await this.#report(seen, { key, client, sequence, start, end });
    this.#count(isDelete ? COUNTED.DELETES : COUNTED.PUTS);
    return this.#settle(ended);
  }

  /** Every run of the function makes a write of its own, of which at most one may happen. */
  async #update(slot: number, { key, name, bytes }: Request): Promise<void> {
    const { store, client } = this.#options;
    const tries: Try[] = [];
    let isOver = false;
    const renew = (current: unknown): Buffer => {
      const sequence = this.#sequence++;
      tries.push({ sequence, prior: this.#valueSeen(key, current) });
      // Run again after it was given up: that may happen, and so may have what it writes.
      if (isOver) void this.#report(OBSERVED.WRITE_UNKNOWN, this.#momentOf({ key, client, sequence }));
      return this.#stamper.make({ client, sequence, key }, bytes);
    };
    const ended = await this.#call(slot, 'change', () => store.update(name, renew));
    const { result, start, end } = ended;
    const landed = result?.outcome === 'ok' ? this.#valueSeen(key, result.value) : undefined;
    isOver = true;
    this.#count(COUNTED.UPDATES);
    const otherwise = landed === undefined ? failedKind(result?.outcome) : OBSERVED.WRITE_REFUSED;
    for (const { sequence, prior } of tries) {
      const seen = { key, client, sequence, start, end };
      if (landed?.client === client && landed.sequence === sequence) await this.#changed(seen, prior);
      else await this.#report(otherwise, seen);
    }
    if (landed !== undefined && !tries.some(({ sequence }) => sequence === landed.sequence)) {
      await this.#report(OBSERVED.READ_CORRUPT, { key, start, end }); // It is said to have written what it did not.
    }
    return this.#settle(ended);
  }

  /** Replaces what it has read, if that is still there. */
  async #compare(slot: number, request: Request): Promise<void> {
    const { key, name, bytes } = request;
    const { store, client } = this.#options;
    const found = await this.#get(slot, { ...request, kind: 'get' });
    if (found === undefined) return;
    const sequence = this.#sequence++;
    const next = this.#stamper.make({ client, sequence, key }, bytes);
    const ended = await this.#call(slot, 'change', () => store.compareAndSet(name, found.value, next));
    const { result, start, end } = ended;
    const seen = { key, client, sequence, start, end };
    this.#count(COUNTED.COMPARES);
    if (result?.outcome === 'ok') await this.#changed(seen, found.seen);
    else await this.#report(failedKind(result?.outcome), seen);
    if (result?.outcome === 'conflict') {
      this.#count(COUNTED.CONFLICTS);
      const other = this.#valueSeen(key, result.value); // What it found instead is as good as read.
      await this.#report(other.kind, { ...other, key, start, end });
    }
    return this.#settle(ended);
  }

  async #increment(slot: number, { key, name }: Request): Promise<void> {
    const ended = await this.#call(slot, 'change', () => this.#options.store.increment(name));
    const { result, start, end } = ended;
    this.#count(COUNTED.INCREMENTS);
    if (result?.outcome === 'ok') {
      const left = countSeen(result.value);
      const kind = left.kind === OBSERVED.READ_COUNT ? OBSERVED.INCREMENT_OK : left.kind;
      await this.#report(kind, { ...left, key, start, end });
    } else if (result?.outcome !== 'unavailable') {
      await this.#report(OBSERVED.INCREMENT_UNKNOWN, { key, start, end });
    }
    return this.#settle(ended);
  }

  async #changed(seen: Partial<Observation>, prior: ValueSeen): Promise<void> {
    if (prior.kind === OBSERVED.READ_CORRUPT) {
      await this.#report(OBSERVED.READ_CORRUPT, seen);
      return this.#report(OBSERVED.WRITE_OK, seen);
    }
    return this.#report(OBSERVED.CHANGE_OK, { ...seen, priorClient: prior.client, priorSequence: prior.sequence });
  }

  /** Whose value it is. */
  #valueSeen(key: number, value: unknown): ValueSeen {
    if (value === undefined) return { kind: OBSERVED.READ_ABSENT, client: NOBODY, sequence: 0 };
    const stamp: Stamp = { client: 0, sequence: 0, key: 0 };
    const isOurs = this.#stamper.read(value, stamp) && stamp.key === key;
    return { kind: isOurs ? OBSERVED.READ : OBSERVED.READ_CORRUPT, client: stamp.client, sequence: stamp.sequence };
  }

  // --- calls of the store

  /** Makes one call and times it. */
  async #call<Result>(slot: number, timed: Timed, ask: () => Promise<Result>): Promise<Ended<Result>> {
    if (this.#pending++ === 0) this.#progressMs = nowMs();
    const start = this.#options.record.begin();
    // A compare-and-set keeps the start of its read: what is in flight began no later.
    if (this.#starts[slot] === LAST_TICK) this.#starts[slot] = start;
    const beganMs = nowMs();
    try {
      const result = await ask();
      return { start, end: this.#end(beganMs, this.#latencies[timed]), result, error: undefined };
    } catch (error) {
      this.#pending -= 1;
      return { start, end: start, result: undefined, error };
    }
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

  /** After a write was reported: counts what did not end well, and waits a little where it makes sense. */
  async #settle({ result, error }: Ended<WriteResult>): Promise<void> {
    if (result === undefined) return this.#failed(error);
    if (result.outcome === 'unknown') {
      this.#count(COUNTED.UNKNOWN);
      if (result.isFinal === true) this.#count(COUNTED.UNKNOWN_FINALLY);
    }
    if (result.outcome === 'unavailable') return this.#pause(COUNTED.UNAVAILABLE);
  }

  async #failed(error: unknown): Promise<undefined> {
    this.firstFailure ??= error;
    if (isQuorateError(error) && FATAL.has(error.code)) {
      this.#options.record.phase = PHASES.STOP;
      throw error;
    }
    return this.#pause(COUNTED.FAILED);
  }

  async #pause(counter: typeof COUNTED.UNAVAILABLE | typeof COUNTED.FAILED): Promise<undefined> {
    this.#count(counter);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, RETRY_MS);
    });
    return undefined;
  }

  #count(counter: Counted): void {
    if (this.#isMeasured) this.#options.record.count(this.#options.client, counter);
  }

  // --- reports

  async #advance(): Promise<void> {
    this.#sinceAdvance = 0;
    // Look at the clock first: what begins after that cannot be earlier.
    let oldest = this.#options.record.begin();
    for (const start of this.#starts) if (start < oldest) oldest = start;
    await this.#report(OBSERVED.ADVANCE, { start: oldest, end: oldest, client: this.#options.client });
  }

  #momentOf(seen: Partial<Observation>): Partial<Observation> {
    const now = this.#options.record.begin();
    return { ...seen, start: now, end: now };
  }

  /**
   * Awaited while the request still counts as in flight, so that the judge hears of it before it hears of later ones.
   */
  #report(kind: ObservationKind, seen: Partial<Observation>): void | Promise<void> {
    return this.#options.observe(observationOf(kind, seen));
  }
}

const WRITE_KINDS = [OBSERVED.WRITE_OK, OBSERVED.WRITE_UNKNOWN, OBSERVED.WRITE_REFUSED] as const;
const DELETE_KINDS = [OBSERVED.DELETE_OK, OBSERVED.DELETE_UNKNOWN, OBSERVED.DELETE_REFUSED] as const;

/** The value of a counter; one without a value is at 0. */
function countSeen(value: unknown): ValueSeen {
  if (value === undefined) return { kind: OBSERVED.READ_COUNT, client: NOBODY, sequence: 0 };
  const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LAST_TICK;
  if (!isCount) return { kind: OBSERVED.READ_CORRUPT, client: NOBODY, sequence: 0 };
  return { kind: OBSERVED.READ_COUNT, client: NOBODY, sequence: value };
}

/** What became of a write that was not acknowledged. */
function failedKind(outcome: string | undefined): ObservationKind {
  return outcome === 'unavailable' || outcome === 'conflict' ? OBSERVED.WRITE_REFUSED : OBSERVED.WRITE_UNKNOWN;
}
