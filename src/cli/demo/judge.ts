// Decides whether a run of reads and writes could have come from one copy of the data. It shares no code with the
// cluster and believes only what the demo's own threads saw: when an operation began, when it ended, and what it said.
//
// Every write carries its own identity, so the operations on one key fall into groups: a write and the reads that
// returned it. Of a group two instants matter: FIRST_END, the earliest end of any of its operations (by then the value
// had been current) and LAST_START, the latest start (it still was, or was yet to be). Two groups x and y contradict
// each other when some operation of x ended before one of y began, and some operation of y ended before one of x began:
//
//     x.firstEnd <= y.lastStart   and   y.firstEnd <= x.lastStart
//
// A history of one register is linearizable exactly when no two groups contradict each other and no read ended before
// its write began. So the judge raises no false alarm, and misses nothing that its record contains but one case: a
// delete that ended as unknown, was seen as an absence, and is then followed by the older value.
// Source: Gibbons and Korach, "Testing Shared Memories" (1997), section 4; zones: Golab, Li and Shah, "Analyzing
// Consistency Properties for Fun and Profit" (2011).
//
// Instants are ticks of one shared counter: an end takes the next tick, a start looks at the counter. So "a ended
// before b began" is exactly `a.end <= b.start`, across threads too.
import { INITIAL, KeyHistory, NEVER, type Group } from './key-history.ts';
import { OBSERVED, spanOf, type Observation } from './observation.ts';

/** One contradiction, for people. */
export interface Violation {
  readonly kind: 'stale' | 'phantom' | 'refused' | 'lost';
  readonly key: number;
  /** What was read, and what shows that it was wrong, such as `write 1:17 (begun 20, seen by 31, until 40)`. */
  readonly read: string;
  readonly against: string;
}

/** Options of {@link Judge}. */
export interface JudgeOptions {
  /** Clients that report, from 1 to 64; each one's observations arrive in the order in which it made them. */
  readonly clients: number;
  /** Violations kept with their details; all are counted. Default 10. */
  readonly violationsKept?: number;
}

const CLIENTS_MAX = 64;

/** A read that found nothing, until it can be decided. */
interface Absence {
  readonly key: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Judges reads and writes of many keys while they run. Pure: no clock, no chance, no threads.
 *
 * Memory: a few groups per key, plus one per write that ended as unknown and was not seen since.
 */
export class Judge {
  /** The first contradictions; all are counted. */
  readonly violations: Violation[] = [];
  readonly #keys = new Map<number, KeyHistory>();
  readonly #horizons: number[];
  readonly #settled: readonly SettledWrites[];
  readonly #kept: number;
  #absences: Absence[] = [];
  #absenceStart: number = NEVER;
  #stale = 0;
  #lost = 0;
  #acknowledged = 0;

  constructor({ clients, violationsKept = 10 }: JudgeOptions) {
    if (!(clients >= 1 && clients <= CLIENTS_MAX)) throw new RangeError(`Cannot judge ${clients} clients: 1 to 64`);
    this.#horizons = Array.from({ length: clients }, () => 0);
    this.#settled = Array.from({ length: clients }, () => new SettledWrites());
    this.#kept = violationsKept;
  }

  /** Reads that returned what they must not: replaced before they began, never written, refused, or nothing. */
  get stale(): number {
    return this.#stale;
  }

  /** Acknowledged writes that the final reads prove to be gone. */
  get lost(): number {
    return this.#lost;
  }

  /** Writes and deletes that were acknowledged. */
  get acknowledgedWrites(): number {
    return this.#acknowledged;
  }

  /** Groups in memory, over all keys. */
  get groups(): number {
    let groups = 0;
    for (const history of this.#keys.values()) groups += history.size;
    return groups;
  }

  /** Takes one observation. @throws {RangeError} on an unknown client or kind. */
  observe(seen: Readonly<Observation>): void {
    switch (seen.kind) {
      case OBSERVED.WRITE_OK:
      case OBSERVED.WRITE_UNKNOWN:
      case OBSERVED.DELETE_OK:
      case OBSERVED.DELETE_UNKNOWN:
        return this.#write(seen);
      case OBSERVED.WRITE_REFUSED:
      case OBSERVED.DELETE_REFUSED:
        return this.#refused(seen);
      case OBSERVED.READ:
        return this.#read(seen);
      case OBSERVED.READ_ABSENT:
        return this.#readAbsent(seen);
      case OBSERVED.READ_CORRUPT:
        return this.#violation({ kind: 'phantom', key: seen.key, read: spanOf(seen), against: 'no write' });
      case OBSERVED.ADVANCE:
        return this.#advance(seen);
      default:
        throw new RangeError(`Cannot judge kind ${String(seen.kind)}: it must be one of OBSERVED`);
    }
  }

  /** All clients have reported everything: decides what was left open. Call it once, before {@link final}. */
  finish(): void {
    this.#horizons.fill(NEVER);
    this.#decideAbsences();
    for (const [key, history] of this.#keys) {
      for (const group of history.groups.filter(({ settled }) => !settled)) {
        this.#violation({ kind: 'phantom', key, read: describe(group), against: 'no such write' });
        history.remove(group);
      }
    }
  }

  /**
   * Takes the final read of one key, made after everything else had ended, and counts the acknowledged writes that it
   * proves lost: those that are not current and were not replaced by anything that could be.
   */
  final(seen: Readonly<Observation>): void {
    const history = this.#historyOf(seen.key);
    if (seen.kind === OBSERVED.READ_ABSENT && history.explainsAbsence(seen)) return;
    const survivor = seen.kind === OBSERVED.READ ? history.find(idOf(seen)) : undefined;
    const isForgotten = survivor === undefined && seen.kind === OBSERVED.READ && this.#isSettled(seen);
    const isPhantom = survivor === undefined && !isForgotten && seen.kind !== OBSERVED.READ_ABSENT;
    // Since when its value was there for certain: what began later is not gone by being replaced.
    const oldest = survivor === undefined ? (isForgotten ? history.forgottenEnd : 0) : survivor.firstEnd;
    const gone = history.groups.filter(
      (group) =>
        group !== survivor &&
        group.id !== INITIAL &&
        group.firstEnd <= seen.start &&
        Math.min(oldest, seen.end) <= group.lastStart,
    );
    const lost = gone.filter((group) => group.acknowledged && (seen.kind !== OBSERVED.READ_ABSENT || !group.isAbsent));
    // What replaced a forgotten value must have been there, even if we cannot name it any more.
    const count = isForgotten ? Math.max(1, lost.length) : lost.length;
    if (count === 0 && gone.length === 0 && !isPhantom) return;
    const proof = lost[0] ?? gone[0];
    const against = proof === undefined ? (isPhantom ? 'no write' : 'what replaced it') : describe(proof);
    const violation = { key: seen.key, read: `final ${spanOf(seen)}`, against };
    // Nothing acknowledged is gone, but something that was read before is: first new, then old.
    if (count === 0) return this.#violation({ kind: isPhantom ? 'phantom' : 'stale', ...violation });
    this.#lost += count;
    this.#keep({ kind: 'lost', ...violation });
  }

  #write(seen: Readonly<Observation>): void {
    const isAbsent = seen.kind === OBSERVED.DELETE_OK || seen.kind === OBSERVED.DELETE_UNKNOWN;
    const history = this.#historyOf(seen.key);
    const group = history.find(idOf(seen)) ?? history.add(idOf(seen), isAbsent);
    this.#settle(seen);
    group.settled = true;
    group.acknowledged = seen.kind === OBSERVED.WRITE_OK || seen.kind === OBSERVED.DELETE_OK;
    group.writeStart = seen.start;
    if (group.acknowledged) this.#acknowledged += 1;
    if (group.firstEnd <= seen.start) {
      this.#violation({ kind: 'phantom', key: seen.key, read: describe(group), against: 'its write began later' });
      history.forget(group);
      return;
    }
    group.lastStart = Math.max(group.lastStart, seen.start);
    if (group.acknowledged) group.firstEnd = Math.min(group.firstEnd, seen.end);
    history.place(group);
    this.#decideLate(seen.key, group);
    if (group.replaced) history.forget(group);
    history.prune(this.#horizon());
  }

  /** A read that was reported earlier turns out to have been wrong, now that this write is known. */
  #decideLate(key: number, group: Group): void {
    const history = this.#historyOf(key);
    const other = history.contradiction(group, group);
    if (other === undefined) return;
    const [older, newer] = group.firstEnd < other.firstEnd ? [group, other] : [other, group];
    this.#violation({ kind: 'stale', key, read: describe(older), against: describe(newer) });
    history.forget(older); // So that the right reads of the newer one are not blamed for it.
  }

  #refused(seen: Readonly<Observation>): void {
    const history = this.#historyOf(seen.key);
    const group = history.find(idOf(seen));
    this.#settle(seen);
    if (group === undefined) return;
    const against = 'a write that was said not to happen';
    this.#violation({ kind: 'refused', key: seen.key, read: describe(group), against });
    history.remove(group);
  }

  #read(seen: Readonly<Observation>): void {
    const history = this.#historyOf(seen.key);
    let group = history.find(idOf(seen));
    // Reported, and no longer among what may be read: replaced before this read began, or refused.
    if (group === undefined && this.#isSettled(seen)) return this.#staleRead(seen, history.groups.at(-1));
    if (group?.replaced === true) return this.#staleRead(seen, history.groups.at(-1));
    group ??= history.add(idOf(seen), false);
    if (group.settled && seen.end <= group.writeStart) {
      return this.#violation({ kind: 'phantom', key: seen.key, read: spanOf(seen), against: describe(group) });
    }
    const firstEnd = Math.min(group.firstEnd, seen.end);
    const lastStart = Math.max(group.lastStart, seen.start);
    const against = history.contradiction(group, { firstEnd, lastStart });
    if (against !== undefined) return this.#staleRead(seen, against); // Left out of the group: it spoils no later read.
    group.firstEnd = firstEnd;
    group.lastStart = lastStart;
    history.place(group);
    history.prune(this.#horizon());
  }

  #staleRead(seen: Readonly<Observation>, against: Group | undefined): void {
    const newer = against === undefined ? 'what replaced it' : describe(against);
    this.#violation({ kind: 'stale', key: seen.key, read: spanOf(seen), against: newer });
  }

  /** Decided later: a delete or a write that is not reported yet may explain the absence, or prove it wrong. */
  #readAbsent(seen: Readonly<Observation>): void {
    this.#absences.push({ key: seen.key, start: seen.start, end: seen.end });
    this.#absenceStart = Math.min(this.#absenceStart, seen.start);
  }

  #decideAbsences(): void {
    if (this.#absences.length === 0) return;
    const reported = Math.min(...this.#horizons);
    const open: Absence[] = [];
    this.#absenceStart = NEVER;
    for (const absence of this.#absences) {
      if (absence.end > reported) {
        open.push(absence);
        this.#absenceStart = Math.min(this.#absenceStart, absence.start);
      } else this.#decideAbsence(absence);
    }
    this.#absences = open;
  }

  #decideAbsence({ key, start, end }: Absence): void {
    const history = this.#historyOf(key);
    if (history.explainsAbsence({ start, end })) return;
    const proof = history.groups.find((group) => group.firstEnd <= start);
    const against = proof === undefined ? 'earlier writes' : describe(proof);
    this.#violation({ kind: 'stale', key, read: `read of nothing [${start}, ${end}]`, against });
  }

  #advance(seen: Readonly<Observation>): void {
    const horizon = this.#horizons[seen.client];
    if (horizon === undefined) throw new RangeError(`Cannot judge client ${seen.client}: there is none`);
    if (seen.start <= horizon) return;
    this.#horizons[seen.client] = seen.start;
    this.#decideAbsences();
  }

  /** Every operation that is still to be judged began at this tick or later. */
  #horizon(): number {
    let horizon = this.#absenceStart;
    for (const reported of this.#horizons) if (reported < horizon) horizon = reported;
    return horizon;
  }

  #violation(violation: Violation): void {
    this.#stale += 1;
    this.#keep(violation);
  }

  #keep(violation: Violation): void {
    if (this.violations.length < this.#kept) this.violations.push(violation);
  }

  #settle(seen: Readonly<Observation>): void {
    const settled = this.#settled[seen.client];
    if (settled === undefined) throw new RangeError(`Cannot judge client ${seen.client}: there is none`);
    settled.add(seen.sequence);
  }

  #isSettled(seen: Readonly<Observation>): boolean {
    return this.#settled[seen.client]?.has(seen.sequence) ?? false;
  }

  #historyOf(key: number): KeyHistory {
    let history = this.#keys.get(key);
    if (history === undefined) {
      history = new KeyHistory();
      this.#keys.set(key, history);
    }
    return history;
  }
}

/** Which writes of one client were reported: all below a mark, and few beyond it. */
class SettledWrites {
  #next = 0;
  readonly #beyond = new Set<number>();

  add(sequence: number): void {
    if (sequence !== this.#next) {
      this.#beyond.add(sequence);
      return;
    }
    this.#next += 1;
    while (this.#beyond.delete(this.#next)) this.#next += 1;
  }

  has(sequence: number): boolean {
    return sequence < this.#next || this.#beyond.has(sequence);
  }
}

function idOf(seen: Readonly<Observation>): number {
  return seen.sequence * CLIENTS_MAX + seen.client;
}

function describe(group: Group): string {
  if (group.id === INITIAL) return 'the beginning';
  const name = `${group.id % CLIENTS_MAX}:${Math.floor(group.id / CLIENTS_MAX)}`;
  const seen = group.firstEnd === NEVER ? 'never seen' : `seen by ${group.firstEnd}`;
  const kind = group.isAbsent ? 'delete' : 'write';
  return `${kind} ${name} (begun ${group.writeStart}, ${seen}, until ${group.lastStart})`;
}
