// A watch: every replica tells which keys it holds, and then what it stores (watch-source.ts); each key of which one
// tells a version that is new is read at the quorum, and what is found is an event.
//
// Why nothing that was decided is left out for good. A decided state is held by W replicas, or by what has recovered
// from them, and each of those tells of it sooner or later, listed or from its journal. What it tells may not be
// decided yet, so a read may miss it, and be decided later without anybody storing it anew: so a key is read until a
// version as new is found, as a session would (`notBefore`), or whoever told of it has lost its memory. Its successor
// is asked for all keys anew. Nor need the newest version that was told of be the last: what is decided before it, at a
// higher ballot, keeps its own. So who is alive is asked what it tells of last.
//
// A deletion may be erased meanwhile, and then nobody tells of it. But all replicas have stored it before, so one that
// has told without a gap has told of it. Where none has, all keys that are known to hold something are read again; a
// watch that goes on from another one does not know them, and ends. A list that is made anew says nothing of what was
// erased before: whose keys were listed has told without a gap once another one that has, alive, has told of all until
// then; and a key that is known and not listed is read again, where it may have been erased. What the other one told
// of may still have to be read, or taken: before that, no position says that the one that was listed is so far.
//
// Where keys are spread over more replicas than copies, one that goes on tells of some keys only, so that is not asked.
// Instead every key that is known to hold something and not listed is read again whenever a replica was listed again.
// For who told of the key first has stored its deletion later than that, and tells of it, or breaks off and is listed
// again. A position is of all replicas, and who goes on from it knows no keys: it ends when one of them breaks off.
//
// Where members change, those who come in are listed as after a restart, and those who leave have broken off; where
// nobody is left then who has told without a gap, or keys are spread, all others are listed again.
import { WATCH_READS_MAX, WATCH_READ_MS } from '../base/limits.ts';
import { compareBallots, copyBallot, isNone, laterBallot, mutableBallot, versionOf } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { WatchEvent } from '../store/watch.ts';
import type { OperationOptions } from '../store/store.ts';
import type { Bucket } from './bucket.ts';
import type { Epochs } from './environment.ts';
import { Errands } from './errands.ts';
import type { ErrandCore } from './errands.ts';
import type { Inquiry } from './inquiry.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { Operation } from './operation.ts';
import { Failure, goneError } from './results.ts';
import type { Settled } from './results.ts';
import { versionIn } from './session-calls.ts';
import type { WatchRequest } from './watch-request.ts';
import { gapError, overflowError } from './watch-request.ts';
import { WatchSource } from './watch-source.ts';
import type { JournalPlace, SourceDoors, Told } from './watch-source.ts';

/** The core of the client, as its watches see it; see `ClientCore`. */
export interface WatchCore extends ErrandCore {
  get(key: string, options: OperationOptions | undefined, bucket?: Bucket): Operation;
  inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation;
  resultOf(operation: Operation, signal: undefined): Settled | Failure;
  /** Resets of the cluster that it knows of. */
  readonly resets: number;
  /** Copies up to where deletions may have been erased into `target`. */
  erasedFloor(target: MutableBallot): void;
}

/** What a watch touches. */
export interface WatchDoors {
  readonly core: WatchCore;
  readonly epochs: Epochs;
  readonly quorums: LiveQuorums;
  readonly rules: Rules;
  /** There is an event, or the watch has ended. */
  ready(): void;
  /** Something is to be asked or read at once: call {@link Watcher.tick} soon. */
  proceed(): void;
}

/** A key that has to be read. */
interface Changed {
  /** The newest that was told of. */
  version: Ballot;
  /** Who told of what, by replica. Invariant: the newest of it is `version`, unless it was read and is read again. */
  readonly tellers: Map<number, Teller>;
  readonly told: Set<Told>;
  isRead: boolean;
  /** Whether a read that began before does not do. */
  isReadAgain: boolean;
}

interface Teller {
  readonly epoch: number;
  readonly version: Ballot;
}

/** What was found last of a key. */
interface Known {
  readonly version: Ballot;
  readonly isDeleted: boolean;
}

interface Buffered {
  readonly event: WatchEvent;
  readonly told: Told[];
}

/** One watch. */
export class Watcher {
  /** Why it has ended; `undefined` while it has not. */
  failure: Failure | undefined = undefined;
  readonly #doors: WatchDoors;
  readonly #request: WatchRequest;
  /** Resets before it began: it tells of one state only. */
  readonly #resets: number;
  readonly #errands: Errands;
  readonly #ofSources: SourceDoors;
  #sources: readonly WatchSource[] = [];
  /** The number of the configuration whose members they are. */
  #configuration = -1;
  readonly #changed = new Map<string, Changed>();
  readonly #known = new Map<string, Known>();
  /** Events that nobody has taken yet, by key where the newest of each is enough. */
  readonly #buffer = new Map<string | number, Buffered>();
  #reads = 0;
  #events = 0;
  /** Replicas that have told of everything, and go on without a gap. */
  readonly #whole: Set<number>;
  /**
   * Those that were listed while others were, by when: they are too once one that is has told of all up to then. Their
   * last answer is not dealt with before all of that is.
   */
  readonly #listedAt = new Map<number, { readonly at: number; readonly told: Told }>();
  #lists = 0;
  /** Whether there was a time when no replica was. */
  #hasGap = false;

  constructor(doors: WatchDoors, request: WatchRequest) {
    this.#doors = doors;
    this.#request = request;
    this.#resets = doors.core.resets;
    this.#errands = new Errands(doors.core);
    const { rules, core } = doors;
    this.#ofSources = {
      core,
      rules,
      range: request.range,
      errands: this.#errands,
      tell: (key: string, version: Ballot, replica: number, epoch: number, told: Told): void =>
        this.#tell(key, version, { replica, epoch, told }),
      listed: (replica: number, again: ReadonlySet<string> | undefined, told: Told): void =>
        this.#isListed(replica, again, told),
      lists: (): number => this.#lists,
      followed: (replica: number, lists: number): void => this.#followed(replica, lists),
      broken: (replica: number): void => this.#isBroken(replica),
      proceed: (): void => doors.proceed(),
      fail: (outcome: 'closed' | 'state-lost'): void => this.end(goneError(outcome)),
    };
    this.#heedMembers(false);
    const from = [...(request.from?.keys() ?? [])];
    this.#whole = new Set(from.filter((replica) => this.#sources.some((source) => source.replica === replica)));
  }

  /** Where another watch can go on from, by replica: everything up to there was yielded, and taken. */
  get places(): ReadonlyMap<number, JournalPlace> {
    const places = new Map<number, JournalPlace>();
    for (const source of this.#sources) {
      const place = source.settled;
      if (place !== undefined && !this.#listedAt.has(source.replica)) places.set(source.replica, place);
    }
    if (this.#isSpread && places.size < this.#sources.length) places.clear();
    return places;
  }

  /** Asks and reads what is due. @returns when it is to be called again, in milliseconds of the same clock. */
  tick(nowMs: number): number {
    let dueMs = Number.POSITIVE_INFINITY;
    // A thread that stood still while the state was lost and reset has nobody else to tell it.
    if (this.#doors.core.resets !== this.#resets) this.end(goneError('state-lost'));
    this.#heedMembers(true);
    const { from } = this.#request;
    if (from !== undefined && !this.#goesOnFrom(from)) this.end(gapError());
    if (this.failure !== undefined) return dueMs;
    try {
      for (const source of this.#sources) dueMs = Math.min(dueMs, source.ask(nowMs));
      this.#readChanged();
    } catch (error) {
      this.end(error); // Closed, or the state is lost.
    }
    return dueMs;
  }

  /** Takes the next event. */
  take(): WatchEvent | undefined {
    for (const [place, { event, told }] of this.#buffer) {
      this.#buffer.delete(place);
      for (const each of told) each.open--;
      this.#doors.proceed(); // There is room now.
      return event;
    }
    return undefined;
  }

  /** Ends it with an error; the events that it holds can still be taken. */
  end(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = new Failure(error);
    this.#errands.end();
    this.#doors.ready();
  }

  /** Nobody listens any more. To be called by nobody who is told of an end. */
  stop(error: unknown): void {
    this.#buffer.clear();
    if (this.failure !== undefined) return;
    this.failure = new Failure(error);
    this.#errands.cancel();
    this.#doors.ready();
  }

  // --- what replicas tell

  /** Whether some replicas hold keys that others do not. */
  get #isSpread(): boolean {
    const { quorums, rules } = this.#doors;
    return !quorums.electorate.isWhole && rules.hearsAllGroups;
  }

  /** Whether those who tell are still those whose places another watch has noted: one of them, or all where spread. */
  #goesOnFrom(from: ReadonlyMap<number, JournalPlace>): boolean {
    if (!this.#isSpread) return this.#whole.size > 0;
    return this.#sources.every(({ replica }) => from.has(replica));
  }

  /** Other members may tell what is stored than did before. */
  #heedMembers(isLate: boolean): void {
    const { electorate } = this.#doors.quorums;
    if (electorate.number === this.#configuration) return;
    this.#configuration = electorate.number;
    const before = new Map(this.#sources.map((source) => [source.replica, source]));
    const from = isLate ? undefined : this.#request.from;
    this.#sources = votersIn(electorate.all).map(
      (replica) => before.get(replica) ?? new WatchSource(this.#ofSources, replica, from?.get(replica), isLate),
    );
    for (const { replica } of this.#sources) before.delete(replica);
    if (before.size === 0) return;
    for (const [replica, source] of before) {
      source.startOver(); // Nobody asks it any more; what it may still answer is not heard.
      this.#isBroken(replica);
    }
    if (this.#whole.size === 0 || this.#isSpread) for (const source of this.#sources) source.startOver();
  }

  #isBroken(replica: number): void {
    this.#whole.delete(replica);
    this.#listedAt.delete(replica);
    if (this.#whole.size > 0 && !this.#isSpread) return;
    if (this.#request.from !== undefined) return this.end(gapError());
    this.#hasGap = true;
  }

  /**
   * The keys of a replica tell of all but deletions that were erased by then. Those every replica had stored, so that
   * one that goes on without a gap tells of them; but it may have died before that, which nobody has noticed yet.
   */
  #isListed(replica: number, again: ReadonlySet<string> | undefined, told: Told): void {
    this.#lists++;
    const { core, rules } = this.#doors;
    if (this.#whole.size === 0 || !rules.doubtsLists || this.#isSpread) this.#whole.add(replica);
    else {
      this.#listedAt.set(replica, { at: this.#lists, told });
      told.open++;
    }
    const hadGap = this.#hasGap || this.#isSpread;
    this.#hasGap = false;
    if (again === undefined) return;
    const erased = mutableBallot();
    core.erasedFloor(erased);
    for (const [key, { version, isDeleted }] of this.#known) {
      const mayBeErased = rules.doubtsLists && compareBallots(version, erased) < 0;
      if (isDeleted || again.has(key) || !(hadGap || mayBeErased)) continue;
      let changed = this.#changed.get(key);
      if (changed === undefined) {
        changed = { version, tellers: new Map(), told: new Set(), isRead: false, isReadAgain: false };
        this.#changed.set(key, changed);
      }
      changed.isReadAgain = true; // A read that is under way may have begun before the deletion.
      note(changed, told);
    }
  }

  /** One that goes on without a gap has told of all that it had stored when there had been so many lists. */
  #followed(replica: number, lists: number): void {
    if (!this.#whole.has(replica)) return;
    for (const [other, { at, told }] of this.#listedAt) {
      if (at > lists) continue;
      this.#listedAt.delete(other);
      this.#whole.add(other);
      this.#awaitAll(told);
      told.open--;
    }
  }

  /** An answer is not dealt with before all is that was told until now. */
  #awaitAll(told: Told): void {
    for (const changed of this.#changed.values()) note(changed, told);
    for (const buffered of this.#buffer.values()) {
      buffered.told.push(told);
      told.open++;
    }
  }

  #tell(key: string, version: Ballot, by: { replica: number; epoch: number; told: Told }): void {
    const known = this.#known.get(key);
    if (isNone(version) || (known !== undefined && compareBallots(version, known.version) <= 0)) return;
    const { replica, epoch, told } = by;
    let changed = this.#changed.get(key);
    if (changed === undefined) {
      changed = { version, tellers: new Map(), told: new Set(), isRead: false, isReadAgain: false };
      this.#changed.set(key, changed);
    } else if (compareBallots(version, changed.version) > 0) {
      changed.version = version;
    }
    changed.tellers.set(replica, { epoch, version });
    note(changed, told);
  }

  // --- reading

  #readChanged(): void {
    for (const [key, changed] of this.#changed) {
      if (this.#reads >= WATCH_READS_MAX || this.#isFull) return;
      if (!changed.isRead) this.#read(key, changed);
    }
  }

  get #isFull(): boolean {
    const { overflow, bufferMax } = this.#request;
    return overflow === 'latest' && this.#buffer.size + this.#reads >= bufferMax;
  }

  #read(key: string, changed: Changed): void {
    const { bucket } = this.#request;
    const name = key.slice(bucket?.prefix.length ?? 0);
    const operation = this.#doors.core.get(name, { timeoutMs: WATCH_READ_MS }, bucket);
    if (this.#doors.rules.readsWhatWasTold) copyBallot(operation.notBefore, changed.version);
    changed.isRead = true;
    changed.isReadAgain = false;
    this.#reads++;
    const wanted = changed.version;
    this.#errands.run(operation, (ended) => this.#hasRead(key, name, { changed, wanted }, ended));
  }

  #hasRead(key: string, name: string, read: { changed: Changed; wanted: Ballot }, operation: Operation): void {
    const { changed, wanted } = read;
    this.#reads--;
    changed.isRead = false;
    const result = this.#doors.core.resultOf(operation, undefined);
    if (result instanceof Failure) return this.end(result.error);
    if (result.outcome === 'unavailable') this.#dropDead(key, changed);
    else {
      const version = versionIn(operation);
      const value = result.outcome === 'ok' && 'value' in result ? result.value : undefined;
      const isDeleted = result.outcome === 'absent';
      const isErased = isDeleted && isNone(operation.newest.ballot);
      const found = isErased ? this.#erasedVersion(key, wanted) : { high: version.high, low: version.low };
      this.#found(key, changed, { version: found, isDeleted }, { name, value });
    }
    // One that has to be read again, perhaps in vain, keeps no others waiting where few are read at once.
    if (this.#changed.delete(key)) this.#changed.set(key, changed);
    this.#doors.proceed();
  }

  /** A deletion that was erased has no version any more: it is what was told of, or came after what is known. */
  #erasedVersion(key: string, wanted: Ballot): Ballot {
    const known = this.#known.get(key)?.version;
    return known === undefined || compareBallots(wanted, known) > 0 ? wanted : laterBallot(known, 1);
  }

  /** What only the dead have told of is gone, or others tell of it: what the living have told of has to be found. */
  #dropDead(key: string, changed: Changed): void {
    if (changed.tellers.size === 0) return; // It is read again for what is known of it.
    const { epochs, quorums } = this.#doors;
    let newest: Ballot | undefined;
    for (const [replica, { epoch, version }] of changed.tellers) {
      const isMember = ((quorums.electorate.all >>> replica) & 1) === 1;
      if (epochs.epochOf(replica) !== epoch || !isMember) changed.tellers.delete(replica);
      else if (newest === undefined || compareBallots(version, newest) > 0) newest = version;
    }
    if (newest !== undefined) {
      changed.version = newest;
      return;
    }
    const known = this.#known.get(key);
    if (known?.isDeleted === false) {
      changed.version = known.version; // It may have been deleted since, and be read again for that.
      return;
    }
    this.#changed.delete(key);
    for (const told of changed.told) told.open--;
  }

  #found(key: string, changed: Changed, found: Known, { name, value }: { name: string; value: unknown }): void {
    const known = this.#known.get(key);
    const isNew = known === undefined || compareBallots(found.version, known.version) > 0;
    const isAsNew = compareBallots(found.version, changed.version) >= 0 || !this.#doors.rules.readsWhatWasTold;
    const isOver = isAsNew && !changed.isReadAgain;
    const told = isOver ? [...changed.told] : [];
    if (isOver) this.#changed.delete(key);
    const isTwiceDeleted = found.isDeleted && known?.isDeleted === true;
    if (isNew) this.#known.set(key, found);
    if (!isNew || isTwiceDeleted) {
      for (const each of told) each.open--;
      return;
    }
    const version = versionOf(found.version);
    const event = { key: name, kind: found.isDeleted ? 'delete' : 'put', value, version } as const;
    this.#push(key, { event, told });
  }

  #push(key: string, { event, told }: Buffered): void {
    const { overflow, bufferMax } = this.#request;
    this.#events++;
    const place = overflow === 'latest' ? key : this.#events;
    const older = this.#buffer.get(place);
    if (older === undefined && this.#buffer.size >= bufferMax && overflow === 'error') {
      return this.end(overflowError(bufferMax));
    }
    this.#buffer.delete(place);
    this.#buffer.set(place, { event, told: older === undefined ? told : [...older.told, ...told] });
    this.#doors.ready();
  }
}

/** An answer is not dealt with before the key is. */
function note(changed: Changed, told: Told): void {
  if (changed.told.has(told)) return;
  changed.told.add(told);
  told.open++;
}
