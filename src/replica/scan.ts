// One page of a scan: which keys there are, enough replicas say (list-round.ts); what they hold, ordinary reads at the
// level of the scan. So each key is read as if alone, and the page as a whole is no snapshot.
import { compareCodePoints } from '../base/code-points.ts';
import { isNone, mutableBallot } from '../protocol/ballot.ts';
import { readVersion } from '../protocol/lineage.ts';
import type { OperationOptions, ReadResult, ScanEntry, ScanResult } from '../store/store.ts';
import type { Bucket } from './bucket.ts';
import { Errands } from './errands.ts';
import type { ErrandCore } from './errands.ts';
import { ListRound } from './list-round.ts';
import type { ListCall, ListDoors, ListEnd } from './list-round.ts';
import type { Operation } from './operation.ts';
import { Failure, goneError } from './results.ts';
import type { Settled } from './results.ts';
import type { ScanRequest } from './scan-request.ts';
import { bindTo } from './session.ts';
import type { SessionState } from './session.ts';

/** The core of the client, as its scans see it; see `ClientCore`. */
export interface ScanCore extends ErrandCore {
  get(key: string, options: OperationOptions | undefined, bucket?: Bucket): Operation;
  resultOf(operation: Operation, signal: undefined): Settled | Failure;
  msUntil(deadlineMs: number): number;
  hasPassed(deadlineMs: number): boolean;
}

/** What scans touch. */
export interface ScanDoors extends ListDoors {
  readonly core: ScanCore & ListDoors['core'];
  /** The scan has ended: `call.result` says how. */
  settle(call: ScanCall): void;
}

/** A key that is to be read, and what came of that: `undefined` where it holds nothing. */
interface Reading {
  readonly key: string;
  entry: ScanEntry | undefined;
}

/** One scan that somebody waits for. */
export class ScanCall implements ListCall {
  /** The caller's: what to settle. */
  context: unknown = undefined;
  /** What it ended as; `undefined` while it has not. */
  result: ScanResult | Failure | undefined = undefined;
  readonly #doors: ScanDoors;
  readonly #request: ScanRequest;
  readonly #seen: SessionState | undefined;
  /** What it had taken over before this scan began. */
  readonly #merges: number;
  readonly #errands: Errands;
  readonly #entries: ScanEntry[] = [];
  /** The range is read up to this key, as replicas know it. */
  #after: string | undefined;
  /** Keys of the lists that are still to be read, in order, and where the lists end. */
  #waiting: readonly string[] = [];
  #upTo: string | undefined;
  #round: ListRound | undefined;
  #readings: Reading[] = [];
  #readsLeft = 0;
  /** Infinite until the first operation was issued. */
  #deadlineMs = Number.POSITIVE_INFINITY;

  /** @param seen what the session of the caller has seen, if it is one. */
  constructor(doors: ScanDoors, request: ScanRequest, seen?: SessionState) {
    this.#doors = doors;
    this.#request = request;
    this.#seen = seen;
    this.#merges = seen?.merges ?? 0;
    this.#after = request.range.after;
    this.#errands = new Errands(doors.core);
  }

  /** Sends its first questions. */
  start(): void {
    const { prefix, after } = this.#request.range;
    if (after?.startsWith(prefix) === false) return this.#end(this.#page(undefined)); // It lies behind all of them.
    this.attempt(() => this.#list());
  }

  /** The caller gives up waiting. */
  cancel(reason: unknown): void {
    if (this.result !== undefined) return;
    this.#errands.cancel();
    this.#end(new Failure(reason));
  }

  // --- for its rounds of lists

  leftMs(): number {
    const { timeoutMs } = this.#request;
    return this.#deadlineMs === Number.POSITIVE_INFINITY ? timeoutMs : this.#doors.core.msUntil(this.#deadlineMs);
  }

  isExpired(): boolean {
    return this.#doors.core.hasPassed(this.#deadlineMs);
  }

  heed({ deadlineMs, timeoutMs }: Operation): void {
    // The first one was issued at once: the scan's time began with it.
    if (this.#deadlineMs === Number.POSITIVE_INFINITY) {
      this.#deadlineMs = deadlineMs - timeoutMs + this.#request.timeoutMs;
    }
  }

  attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#end(new Failure(error)); // Overloaded, closed, or the state is lost.
    }
  }

  listed(end: ListEnd): void {
    if (end === 'expired')
      return this.#end({ outcome: 'unavailable', needed: this.#needed, got: this.#round!.answers });
    if (typeof end === 'string') return this.#end(new Failure(goneError(end)));
    const listed = end.keys.filter(({ isGone }) => !isGone).map(({ key }) => key);
    this.#upTo = end.upTo;
    this.#waiting = this.#seen === undefined ? listed : this.#withSeen(this.#seen, listed);
    this.#read();
  }

  // --- inside

  get #needed(): number {
    return this.#doors.rules.listsAtQuorum ? this.#request.listsNeeded : 1;
  }

  #list(): void {
    const { range, limit, sizes } = this.#request;
    const asked = { range: { ...range, after: this.#after }, limit, needed: this.#needed, sizes };
    this.#round = new ListRound(this.#doors, asked, this.#errands, this);
    this.#round.ask();
  }

  /** A session has perhaps written what too few replicas have for the lists to tell. */
  #withSeen(seen: SessionState, listed: readonly string[]): readonly string[] {
    const { prefix } = this.#request.range;
    const isInReach = (key: string): boolean =>
      key.startsWith(prefix) &&
      (this.#after === undefined || compareCodePoints(key, this.#after) > 0) &&
      (this.#upTo === undefined || compareCodePoints(key, this.#upTo) <= 0);
    return [...new Set([...listed, ...[...seen.keys.keys()].filter(isInReach)])].sort(compareCodePoints);
  }

  /** Reads as many keys as the page has room for, or goes on to the next lists, or ends. */
  #read(): void {
    const room = this.#request.limit - this.#entries.length;
    if (room === 0) return this.#end(this.#page(this.#after));
    if (this.#waiting.length === 0) {
      if (this.#upTo === undefined) return this.#end(this.#page(undefined));
      this.#after = this.#upTo;
      return this.#list();
    }
    this.#readings = this.#waiting.slice(0, room).map((key) => ({ key, entry: undefined }));
    this.#waiting = this.#waiting.slice(room);
    this.#readsLeft = this.#readings.length;
    for (const reading of this.#readings) this.#readOne(reading);
  }

  #readOne(reading: Reading): void {
    const { bucket, level } = this.#request;
    const timeoutMs = this.leftMs();
    const key = reading.key.slice(bucket?.prefix.length ?? 0);
    const operation = this.#doors.core.get(key, { level, timeoutMs }, bucket);
    const known = this.#seen?.of(key);
    if (known !== undefined) bindTo(operation, known);
    this.#errands.run(operation, (ended) => this.attempt(() => this.#hasRead(reading, key, ended)));
  }

  #hasRead(reading: Reading, key: string, operation: Operation): void {
    const result = this.#doors.core.resultOf(operation, undefined);
    if (result instanceof Failure) return this.#end(result);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a get ends as a read
    const read = result as ReadResult;
    if (read.outcome === 'unavailable') return this.#end(read);
    if (read.outcome === 'ok') {
      const { value, version } = read;
      reading.entry = { key, value, version };
    }
    this.#note(key, operation);
    if (--this.#readsLeft > 0) return;
    for (const { entry } of this.#readings) if (entry !== undefined) this.#entries.push(entry);
    this.#after = this.#readings.at(-1)!.key;
    this.#read();
  }

  /** The session has seen what was read at the quorum, also that a key is absent: or that could come back to it. */
  #note(key: string, { outcome, newest }: Operation): void {
    if (this.#seen === undefined) return;
    const isNoted = outcome === 'ok' || this.#doors.rules.versionsAbsence;
    const version = mutableBallot();
    readVersion(newest.lineage, newest.root, version);
    if (isNoted && !isNone(version)) this.#seen.note(key, version, true, undefined, this.#merges);
  }

  #page(after: string | undefined): ScanResult {
    const entries = this.#entries;
    const isEnd = after === undefined || (this.#waiting.length === 0 && this.#upTo === undefined);
    if (isEnd) return { outcome: 'ok', entries };
    return { outcome: 'ok', entries, after: after.slice(this.#request.bucket?.prefix.length ?? 0) };
  }

  #end(result: ScanResult | Failure): void {
    if (this.result !== undefined) return;
    this.#errands.end();
    this.result = result;
    this.#doors.settle(this);
  }
}
