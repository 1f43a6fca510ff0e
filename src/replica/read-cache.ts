// What reads of one client have found, for later reads that say how old a value may be (`maxStaleMs`), or how many
// newer versions there may be (`maxStaleVersions`).
//
// Why no such read is older than it allows: an entry was returned by a read at the quorum, which is linearizable, so at
// some instant after that read began it was the newest state of its key. It is served while no more than `maxStaleMs`
// have passed since the read began: a read that returns it has happened at that instant, at most `maxStaleMs` before it
// was called (Golab, Li and Shah (2011) call that delta-atomic). The clock is that of one thread and never runs back.
//
// Versions are counted by tags. Each write takes one before it leaves, so of one key no more versions come after some
// moment than tags are taken; but for those whose tags were taken before it, and which are decided later. So the key is
// fenced: a change that leaves it as it is gets a prepare quorum to promise its ballot, under which no accept of an
// earlier tag can reach a write quorum any more, and what it finds tells whether the entry was still the newest. From
// there on every version has a tag that is taken later; the entry is served while no more were, whatever they wrote.
//
// Besides, it does not go behind what its client knows. A write or change of the client's own, once it has ended,
// drops the entry of its key, and keeps reads that had begun before from filling it: they may have missed it. So does a
// newer version that any read of the client sees, or a change that leaves it as it is; of a read that finds nothing at
// all, not even a deletion, nobody can say how new that is. Values lie here as encoded bytes, so callers share nothing.
import { CACHE_KEYS_MAX } from '../base/limits.ts';
import { readExpiry } from '../base/value-codec.ts';
import { compareBallots, copyBallot, isNone, mutableBallot, versionOf } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import { readVersion } from '../protocol/lineage.ts';
import type { Rules } from '../protocol/rules.ts';
import { heldBytes } from './cached-read.ts';
import type { CachedRead } from './cached-read.ts';
import { NEVER } from './expiry.ts';
import { readKey } from './key-bytes.ts';
import type { Operation } from './operation.ts';
import { versionIn } from './session-calls.ts';
import type { StaleLimits } from './stale-limits.ts';
import { REQUEST } from './wire.ts';

/** What an entry takes besides its key and value, in bytes: estimated. */
const ENTRY_BYTES = 128;

const NONE: readonly string[] = [];

/** What a cache needs. */
export interface ReadCacheOptions {
  /** Bytes that it holds at most; 0 turns it off. */
  readonly bytesMax: number;
  /** Milliseconds of a clock that never runs back, by which values expire too. */
  readonly sharedMs: () => number;
  /** Tags that were taken so far, by anybody. */
  readonly tagsTaken: () => number;
}

/** Reads of one key under way that may fill the cache. */
interface Line {
  open: number;
  /** Whether something has happened that they may have missed. */
  isVoid: boolean;
  /** The newest version that was seen meanwhile. */
  readonly newest: MutableBallot;
}

interface Fill {
  readonly place: string;
  readonly beganMs: number;
  readonly line: Line;
  /** Whether its entry is to be fenced. */
  readonly isCounted: boolean;
}

/** The cache of one client, by key as replicas know it. */
export class ReadCache {
  /** Reads that it has answered. */
  hits = 0;
  readonly #options: ReadCacheOptions;
  readonly #rules: Rules;
  #bytes = 0;
  /** The one that was used longest ago first. */
  readonly #entries = new Map<string, CachedRead>();
  readonly #fills = new Map<Operation, Fill>();
  readonly #lines = new Map<string, Line>();
  readonly #unfenced: string[] = [];

  constructor(options: ReadCacheOptions, rules: Rules) {
    this.#options = options;
    this.#rules = rules;
  }

  /** Whether it has to hear of operations that end: what nobody fills costs nobody anything. */
  get isUsed(): boolean {
    return this.#entries.size > 0 || this.#fills.size > 0;
  }

  /** Bytes that it holds, keys and what entries take included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What it has of a key that is no staler than that and has not expired; `undefined` where there is no such thing. */
  find(place: string, { maxStaleMs, maxStaleVersions }: StaleLimits, nowMs: number): CachedRead | undefined {
    const entry = this.#entries.get(place);
    if (entry === undefined) return undefined;
    if (nowMs - entry.beganMs > maxStaleMs && this.#rules.agesCached) return undefined;
    // Looked at now: a write that has ended before took its tag before.
    const isCounted = maxStaleVersions !== Number.POSITIVE_INFINITY && this.#rules.countsCached;
    if (isCounted && this.#options.tagsTaken() - entry.fence > maxStaleVersions) return undefined;
    if (nowMs >= entry.expiresAtMs && this.#rules.expiresCached) return undefined;
    this.#entries.delete(place);
    this.#entries.set(place, entry);
    return entry;
  }

  /** A read at the quorum begins, which is submitted at once: what it finds is kept, and, where wanted, fenced. */
  fill(operation: Operation, place: string, isCounted: boolean): void {
    if (this.#options.bytesMax === 0) return;
    const line = this.#lines.get(place) ?? { open: 0, isVoid: false, newest: mutableBallot() };
    this.#lines.set(place, line);
    line.open++;
    this.#fills.set(operation, { place, beganMs: this.#options.sharedMs(), line, isCounted });
  }

  /** Keys whose entries are to be fenced, and are not yet. */
  takeUnfenced(): readonly string[] {
    return this.#unfenced.length === 0 ? NONE : this.#unfenced.splice(0);
  }

  /**
   * A key was fenced: no version of it that is decided from now on has one of the first `fence` tags.
   *
   * @param version what the key held then; none where it had no value.
   */
  fenced(place: string, version: string | undefined, fence: number): void {
    const entry = this.#entries.get(place);
    if (entry === undefined) return;
    const held = entry.bytes === undefined ? undefined : versionOf(entry.version);
    if (held === version) this.#entries.set(place, { ...entry, fence });
  }

  /** Any operation of the client has ended; to be told before its caller is, while {@link isUsed}. */
  settled(operation: Operation): void {
    const { kind, outcome, request, keyBytes } = operation;
    if (kind === 'inquiry') return;
    const fill = this.#endFill(operation);
    const place = fill?.place ?? readKey(request, REQUEST.BYTES, keyBytes);
    if (outcome === 'kept') return this.#found(place, operation);
    if (kind !== 'get') return this.#overwritten(place);
    if (outcome !== 'ok' && outcome !== 'absent') return;
    const version = versionIn(operation);
    const line = fill?.line;
    const isNewest = line !== undefined && !line.isVoid && compareBallots(version, line.newest) >= 0;
    this.#saw(place, version);
    if (fill !== undefined && isNewest) this.#keep(fill, version, operation);
  }

  /** Forgets everything, also what reads under way will find. */
  clear(): void {
    if (!this.#rules.cachesOneState) return;
    this.#entries.clear();
    this.#fills.clear();
    this.#lines.clear();
    this.#unfenced.length = 0;
    this.#bytes = 0;
  }

  #endFill(operation: Operation): Fill | undefined {
    const fill = this.#fills.get(operation);
    if (fill === undefined) return undefined;
    this.#fills.delete(operation);
    const { place, line } = fill;
    if (--line.open === 0 && this.#lines.get(place) === line) this.#lines.delete(place);
    return fill;
  }

  /** A write of the client's own has ended, however. */
  #overwritten(place: string): void {
    if (this.#rules.dropsOwnWrites) this.#drop(place);
    if (this.#rules.voidsOvertaken) this.#void(place);
  }

  /** A change has found what it leaves as it is: its caller is told, as by a read. */
  #found(place: string, { newest }: Operation): void {
    if (!this.#rules.heedsConflicts) return;
    const version = mutableBallot();
    readVersion(newest.lineage, newest.root, version);
    this.#saw(place, version);
  }

  /** A read has seen a version. */
  #saw(place: string, version: Ballot): void {
    const line = this.#lines.get(place);
    if (isNone(version)) this.#void(place);
    else if (line !== undefined && compareBallots(version, line.newest) > 0) copyBallot(line.newest, version);
    const known = this.#entries.get(place)?.version;
    if (known === undefined || compareBallots(version, known) === 0) return;
    if (isNone(version) || compareBallots(version, known) > 0) this.#drop(place);
  }

  /** Keeps what a read has found, unless something newer is there. */
  #keep({ place, beganMs, isCounted }: Fill, version: Ballot, { newest, outcome }: Operation): void {
    const held = this.#entries.get(place);
    if (held !== undefined && compareBallots(version, held.version) < 0) return;
    const { bytesMax } = this.#options;
    const bytes = outcome === 'ok' ? heldBytes(newest, bytesMax) : undefined;
    if (bytes === 'too-long') return;
    const sinceMs = this.#rules.agesFromBegin ? beganMs : this.#options.sharedMs();
    this.#drop(place);
    const expiresAtMs = bytes === undefined ? NEVER : readExpiry(bytes, 0);
    const isSame = held !== undefined && compareBallots(version, held.version) === 0;
    const unfenced = this.#rules.fencesCached ? Number.NEGATIVE_INFINITY : this.#options.tagsTaken();
    const fence = isSame ? Math.max(held.fence, unfenced) : unfenced;
    const entry = { version, bytes, beganMs: Math.max(sinceMs, held?.beganMs ?? sinceMs), fence, expiresAtMs };
    this.#entries.set(place, entry);
    if (isCounted && this.#rules.fencesCached) this.#unfenced.push(place);
    this.#bytes += bytesOf(place, entry);
    for (const [oldest] of this.#entries) {
      if (this.#bytes <= bytesMax && this.#entries.size <= CACHE_KEYS_MAX) return;
      this.#drop(oldest);
    }
  }

  #drop(place: string): void {
    const entry = this.#entries.get(place);
    if (entry === undefined) return;
    this.#entries.delete(place);
    this.#bytes -= bytesOf(place, entry);
  }

  /** Reads under way fill nothing; those that begin from now on do. */
  #void(place: string): void {
    const line = this.#lines.get(place);
    if (line === undefined) return;
    line.isVoid = true;
    this.#lines.delete(place);
  }
}

function bytesOf(place: string, { bytes }: CachedRead): number {
  return ENTRY_BYTES + 2 * place.length + (bytes?.byteLength ?? 0);
}
