// What a session has seen: the newest version of each key that it wrote or read. It bounds itself: of the keys that it
// forgets it knows only that it forgot some, and reads what it does not know at the quorum.
//
// Why that gives the four guarantees. Source: Terry et al., "Session Guarantees for Weakly Consistent Replicated Data"
// (1994).
//
// - Read your writes, monotonic reads: a read returns no version that is older than the one noted, and the version that
//   it returns is noted (`Operation.notBefore`), as that of a write is once it is acknowledged.
// - Monotonic writes, writes follow reads: versions are tags of one counter. A blind write takes its tag when it is
//   issued, so after every tag of what its session has written or seen, and it keeps it: the order holds at any level,
//   also where fewer than W replicas have the write. A change may be proposed under a ballot that was promised before
//   what the session saw, but not be accepted once that is decided: every accept quorum has met it. So a change first
//   makes decided what its session knows of the key (`isDecided`), and is linearizable with that.
// - What is decided may be forgotten: a read at the quorum returns it, or something newer. What is not, may not: a read
//   at the quorum may miss what one replica has shown. It is kept, and while there is no room for more of it, the
//   session reads and writes at the quorum.
import { compareBallots, copyBallot, isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import { HELD, PERHAPS_LOST } from './operation.ts';
import type { Operation } from './operation.ts';

/** What a session knows of one key. */
export interface Seen {
  readonly version: Ballot;
  /** Whether every later read at the quorum sees the version, or a newer one. */
  readonly isDecided: boolean;
  /** How often replicas had restarted when one of them held it: while it stays the same, nobody has lost it. */
  readonly heldSince: number;
}

/** What one session has seen. */
export class SessionState {
  /** Resets of the cluster before it began: what it saw belongs to the state since. */
  readonly resets: number;
  /** Keys that it remembers at most. */
  readonly keysMax: number;
  /** The newest version that was forgotten; none where nothing was. */
  readonly floor: MutableBallot = mutableBallot();
  readonly #rules: Rules;
  /** The one that was noted longest ago first. */
  readonly #seen = new Map<string, Seen>();
  /** Keys of undecided versions, and calls that may bring one each. */
  #undecided = 0;
  #weakCalls = 0;

  constructor({ resets, keysMax }: { readonly resets: number; readonly keysMax: number }, rules: Rules) {
    this.resets = resets;
    this.keysMax = keysMax;
    this.#rules = rules;
  }

  /** What it remembers, the one that was noted longest ago first. */
  get keys(): ReadonlyMap<string, Seen> {
    return this.#seen;
  }

  /** What it knows of a key; `undefined` where it knows nothing, or has forgotten it. */
  of(key: string): Seen | undefined {
    return this.#seen.get(key);
  }

  /** Whether a read of the key below the quorum could miss what the session has forgotten. */
  hasForgotten(key: string): boolean {
    return !isNone(this.floor) && !this.#seen.has(key);
  }

  /** Whether a value of this version is as new as all that the session knows of the key, or has forgotten of it. */
  admits(key: string, version: Ballot): boolean {
    const least = this.#seen.get(key)?.version ?? this.floor;
    return compareBallots(version, least) >= 0 || !this.#rules.cachesAsNewAsSession;
  }

  /** Counts a call that may bring an undecided version, to {@link endWeak}. @returns `false` where there is no room. */
  beginWeak(): boolean {
    if (this.#undecided + this.#weakCalls >= this.keysMax && this.#rules.pinsUndecided) return false;
    this.#weakCalls++;
    return true;
  }

  /** A call that {@link beginWeak} has counted has ended. */
  endWeak(): void {
    this.#weakCalls--;
  }

  /** The session has written or read a version of a key. */
  note(key: string, version: Ballot, isDecided: boolean, heldSince: number = PERHAPS_LOST): void {
    const known = this.#seen.get(key);
    const order = known === undefined ? 1 : compareBallots(version, known.version);
    const newest = order > 0 ? { high: version.high, low: version.low } : known!.version;
    const isNowDecided = order < 0 ? known!.isDecided : isDecided || isDecidedAt(known, order);
    const held = order > 0 ? heldSince : Math.max(heldSince, known!.heldSince);
    const seen = {
      version: newest,
      isDecided: isNowDecided,
      heldSince: isNowDecided ? PERHAPS_LOST : order < 0 ? known!.heldSince : held,
    };
    this.#drop(key);
    this.#seen.set(key, seen);
    if (!seen.isDecided) this.#undecided++;
    while (this.#seen.size > this.keysMax && this.#forgetOne());
  }

  /** Something was forgotten, up to this version. */
  raiseFloor(version: Ballot): void {
    if (compareBallots(version, this.floor) > 0) copyBallot(this.floor, version);
  }

  /** Takes over what another has seen. @returns `false` where more of it is undecided than there is room for. */
  merge(other: SessionState): boolean {
    const fresh = [...other.keys].filter(([key, { isDecided }]) => !isDecided && this.of(key)?.isDecided !== false);
    if (this.#undecided + this.#weakCalls + fresh.length > this.keysMax) return false;
    this.raiseFloor(other.floor);
    for (const [key, { version, isDecided, heldSince }] of other.keys) this.note(key, version, isDecided, heldSince);
    return true;
  }

  /** @returns whether there was one that may be forgotten. */
  #forgetOne(): boolean {
    for (const [key, { version, isDecided }] of this.#seen) {
      if (!isDecided && this.#rules.pinsUndecided) continue;
      this.#drop(key);
      this.raiseFloor(version);
      return true;
    }
    return false;
  }

  #drop(key: string): void {
    if (this.#seen.get(key)?.isDecided === false) this.#undecided--;
    this.#seen.delete(key);
  }
}

/** Makes an operation return nothing that is older than what its session knows. */
export function bindTo(operation: Pick<Operation, 'notBefore' | 'heldSince'>, seen: Seen): void {
  copyBallot(operation.notBefore, seen.version);
  operation.heldSince = seen.isDecided ? HELD : seen.heldSince;
}

function isDecidedAt(known: Seen | undefined, order: number): boolean {
  return order === 0 && known?.isDecided === true;
}
