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
// - Of a key that only one of two sessions remembers, the other one may have forgotten something newer. Where they
//   become one, such a key is forgotten too; one that may not be forgotten is doubted, and read at the quorum.
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
  /** Whether something newer may have been forgotten: only where the version is not decided. */
  readonly isDoubted: boolean;
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
  #merges = 0;

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
    return !isNone(this.floor) && this.#seen.get(key)?.isDoubted !== false;
  }

  /** How often it has taken over another one: what was asked for before tells little of what that has forgotten. */
  get merges(): number {
    return this.#merges;
  }

  /** Whether a value of this version is as new as all that the session knows of the key, or has forgotten of it. */
  admits(key: string, version: Ballot): boolean {
    const known = this.#seen.get(key);
    const least = known?.isDoubted === false ? known.version : this.floor;
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

  /**
   * The session has written or read a version of a key.
   *
   * @param merges when it was asked for: {@link merges} then.
   */
  note(
    key: string,
    version: Ballot,
    isDecided: boolean,
    heldSince: number = PERHAPS_LOST,
    merges: number = this.#merges,
  ): void {
    const known = this.#seen.get(key);
    const isDoubted = merges !== this.#merges && known?.isDoubted !== false;
    this.#keep(key, newerOf(known, { version, isDecided, heldSince, isDoubted }), isDoubted);
  }

  /** Something was forgotten, up to this version. */
  raiseFloor(version: Ballot): void {
    if (compareBallots(version, this.floor) > 0) copyBallot(this.floor, version);
  }

  /** Takes over what another has seen. @returns `false` where more of it is undecided than there is room for. */
  merge(other: SessionState): boolean {
    const fresh = [...other.keys].filter(([key, { isDecided }]) => !isDecided && this.of(key)?.isDecided !== false);
    if (this.#undecided + this.#weakCalls + fresh.length > this.keysMax) return false;
    this.#merges++;
    const mine = [...this.#seen];
    const floor = { ...this.floor };
    this.raiseFloor(other.floor);
    for (const [key, seen] of mine) {
      if (other.of(key) === undefined) this.#keep(key, seen, seen.isDoubted || isBelow(seen.version, other.floor));
    }
    for (const [key, seen] of other.keys) {
      const known = this.of(key);
      const isMissed = known === undefined && isBelow(seen.version, floor);
      this.#keep(key, newerOf(known, seen), seen.isDoubted || known?.isDoubted === true || isMissed);
    }
    return true;
  }

  /** In place of what was known of the key; not where it may be forgotten and something newer may have been. */
  #keep(key: string, seen: Seen, isInDoubt: boolean): void {
    const isDoubted = isInDoubt && isBelow(seen.version, this.floor) && this.#rules.doubtsMerged;
    this.#drop(key);
    if (isDoubted && seen.isDecided) return;
    this.#seen.set(key, { ...seen, isDoubted });
    if (!seen.isDecided) this.#undecided++;
    while (this.#seen.size > this.keysMax && this.#forgetOne());
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

/** What is known of a key by both. */
function newerOf(known: Seen | undefined, seen: Seen): Seen {
  const order = known === undefined ? 1 : compareBallots(seen.version, known.version);
  if (known !== undefined && order < 0) return known;
  const isDecided = seen.isDecided || (order === 0 && known?.isDecided === true);
  const heldSince = order === 0 ? Math.max(seen.heldSince, known!.heldSince) : seen.heldSince;
  const { high, low } = seen.version;
  return { version: { high, low }, isDecided, heldSince: isDecided ? PERHAPS_LOST : heldSince, isDoubted: false };
}

function isBelow(version: Ballot, floor: Ballot): boolean {
  return compareBallots(version, floor) < 0;
}
