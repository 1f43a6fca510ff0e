// Judges reads, writes and changes of registers: decides whether they could have come from one copy of the data.
//
// Every write carries its own identity, so the operations on one key fall into groups: a write and the reads that
// returned it. Of a group two instants matter: FIRST_END, the earliest end of any of its operations (by then the value
// had been current) and LAST_START, the latest start (it still was, or was yet to be). Two groups x and y contradict
// each other when some operation of x ended before one of y began, and some operation of y ended before one of x began:
//
//     x.firstEnd <= y.lastStart   and   y.firstEnd <= x.lastStart
//
// A history of one register is linearizable exactly when no two groups contradict each other and no read ended before
// its write began. A change (update, compare-and-set) names the write whose value it replaced: it is a read of that and
// a write of its own, with nothing in between. So the groups along a chain of changes are to all others like one group,
// whose instants are the earliest and the latest of all; within it their order is known; and no value is replaced by
// two changes, or one of them is lost.
//
// So the judge raises no false alarm, and misses nothing that its record contains but what concerns absences, which
// have no identity: a delete that ended as unknown, was seen as an absence, and is then followed by the older value;
// and two changes of one absence, as long as there were as many deletes.
//
// Source: Gibbons and Korach, "Testing Shared Memories" (1997), section 4; zones: Golab, Li and Shah, "Analyzing
// Consistency Properties for Fun and Profit" (2011).
//
// Instants are ticks of one shared counter: an end takes the next tick, a start looks at the counter. So "a ended
// before b began" is exactly `a.end <= b.start`, across threads too.
import { ReportedNumbers, type Horizons } from './horizons.ts';
import { INITIAL, KeyHistory, NEVER, type Group } from './key-history.ts';
import { NOBODY, OBSERVED, spanOf, type Observation } from './observation.ts';
import type { Verdict, Violation } from './verdict.ts';

/** Clients whose writes can be told apart. */
export const CLIENTS_MAX = 64;

/** A read that found nothing, until it can be decided. */
interface Absence {
  readonly key: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Judges the registers of a run while it goes on. Pure: no clock, no chance, no threads.
 *
 * Memory: a few groups per key, plus one per write that ended as unknown and was not seen since.
 */
export class RegisterJudge {
  /** Writes, changes and deletes that were acknowledged. */
  acknowledged = 0;
  readonly #keys = new Map<number, KeyHistory>();
  readonly #verdict: Verdict;
  readonly #horizons: Horizons;
  readonly #settled: readonly ReportedNumbers[];
  #absences: Absence[] = [];
  #absenceStart: number = NEVER;

  constructor(clients: number, verdict: Verdict, horizons: Horizons) {
    this.#verdict = verdict;
    this.#horizons = horizons;
    this.#settled = Array.from({ length: clients }, () => new ReportedNumbers());
  }

  /** Groups in memory, over all keys. */
  get groups(): number {
    let groups = 0;
    for (const history of this.#keys.values()) groups += history.size;
    return groups;
  }

  /** Takes a write, change or delete that happened, or may. @throws {RangeError} on an unknown client. */
  write(seen: Readonly<Observation>): void {
    const isAbsent = seen.kind === OBSERVED.DELETE_OK || seen.kind === OBSERVED.DELETE_UNKNOWN;
    const history = this.#historyOf(seen.key);
    const group = history.find(idOf(seen)) ?? history.add(idOf(seen), isAbsent);
    this.#settle(seen);
    if (isAbsent) history.deletes += 1;
    group.settled = true;
    group.acknowledged = ACKNOWLEDGED.has(seen.kind);
    group.writeStart = seen.start;
    if (group.acknowledged) this.acknowledged += 1;
    if (group.firstEnd <= seen.start) {
      this.#accuse({ kind: 'phantom', key: seen.key, read: describe(group), against: 'its write began later' });
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

  /** Takes a change that was acknowledged: a read of what it replaced, and right behind that a write. */
  change(seen: Readonly<Observation>): void {
    const { key, start, end, priorClient, priorSequence } = seen;
    const history = this.#historyOf(key);
    if (priorClient === NOBODY) {
      history.madeOfNothing += 1;
      this.readAbsent(seen);
      return this.write(seen);
    }
    const prior = { ...seen, kind: OBSERVED.READ, client: priorClient, sequence: priorSequence };
    this.read(prior);
    this.write(seen);
    const [before, group] = [history.find(idOf(prior)), history.find(idOf(seen))];
    if (before === undefined || group === undefined) return; // One of them was found to be wrong.
    const read = `change ${nameOf(group.id)} [${start}, ${end}] of ${nameOf(before.id)}`;
    if (before.changedBy !== undefined) {
      return this.#verdict.lose(1, { key, read, against: `change ${nameOf(before.changedBy)} of the same` });
    }
    const between = history.link(before, group);
    if (between !== undefined) this.#accuse({ kind: 'stale', key, read, against: describe(between) });
  }

  /** Takes a write of which we were told that it never happens. */
  refused(seen: Readonly<Observation>): void {
    const history = this.#historyOf(seen.key);
    const group = history.find(idOf(seen));
    this.#settle(seen);
    if (group === undefined) return;
    const against = 'a write that was said not to happen';
    this.#accuse({ kind: 'refused', key: seen.key, read: describe(group), against });
    history.remove(group);
  }

  /** Takes a read that returned a value. */
  read(seen: Readonly<Observation>): void {
    const history = this.#historyOf(seen.key);
    let group = history.find(idOf(seen));
    // Reported, and no longer among what may be read: replaced before this read began, or refused.
    if (group === undefined && this.#isSettled(seen)) return this.#staleRead(seen, history.groups.at(-1));
    if (group?.replaced === true) return this.#staleRead(seen, history.groups.at(-1));
    group ??= history.add(idOf(seen), false);
    if (group.settled && seen.end <= group.writeStart) {
      return this.#accuse({ kind: 'phantom', key: seen.key, read: spanOf(seen), against: describe(group) });
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

  /**
   * Takes a read that found nothing. Decided later: a delete or a write that is not reported yet may explain it, or
   * prove it wrong.
   */
  readAbsent(seen: Readonly<Observation>): void {
    this.#absences.push({ key: seen.key, start: seen.start, end: seen.end });
    this.#absenceStart = Math.min(this.#absenceStart, seen.start);
  }

  /** Takes a read of bytes that nobody wrote. */
  readCorrupt(seen: Readonly<Observation>): void {
    this.#accuse({ kind: 'phantom', key: seen.key, read: spanOf(seen), against: 'no write' });
  }

  /** The horizon has moved. */
  advance(): void {
    this.#decideAbsences();
  }

  /** All clients have reported everything: decides what was left open. Call it once, before {@link final}. */
  finish(): void {
    this.#decideAbsences();
    for (const [key, history] of this.#keys) {
      for (const group of history.groups.filter(({ settled }) => !settled)) {
        this.#accuse({ kind: 'phantom', key, read: describe(group), against: 'no such write' });
        history.remove(group);
      }
      const { madeOfNothing, deletes } = history;
      if (madeOfNothing <= deletes + 1) continue;
      const read = `${madeOfNothing} changes that found nothing`;
      this.#verdict.lose(madeOfNothing - deletes - 1, { key, read, against: `${deletes} deletes` });
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
        (Math.min(oldest, seen.end) <= group.lastStart ||
          (survivor !== undefined && history.isMadeOf(group, survivor))),
    );
    const lost = gone.filter((group) => group.acknowledged && (seen.kind !== OBSERVED.READ_ABSENT || !group.isAbsent));
    // What replaced a forgotten value must have been there, even if we cannot name it any more.
    const count = isForgotten ? Math.max(1, lost.length) : lost.length;
    if (count === 0 && gone.length === 0 && !isPhantom) return;
    const proof = lost[0] ?? gone[0];
    const against = proof === undefined ? (isPhantom ? 'no write' : 'what replaced it') : describe(proof);
    const violation = { key: seen.key, read: `final ${spanOf(seen)}`, against };
    // Nothing acknowledged is gone, but something that was read before is: first new, then old.
    if (count === 0) return this.#accuse({ kind: isPhantom ? 'phantom' : 'stale', ...violation });
    this.#verdict.lose(count, violation);
  }

  /** A read that was reported earlier turns out to have been wrong, now that this write is known. */
  #decideLate(key: number, group: Group): void {
    const history = this.#historyOf(key);
    const other = history.contradiction(group, group);
    if (other === undefined) return;
    const [older, newer] = group.firstEnd < other.firstEnd ? [group, other] : [other, group];
    this.#accuse({ kind: 'stale', key, read: describe(older), against: describe(newer) });
    history.forget(older); // So that the right reads of the newer one are not blamed for it.
  }

  #staleRead(seen: Readonly<Observation>, against: Group | undefined): void {
    const newer = against === undefined ? 'what replaced it' : describe(against);
    this.#accuse({ kind: 'stale', key: seen.key, read: spanOf(seen), against: newer });
  }

  #decideAbsences(): void {
    if (this.#absences.length === 0) return;
    const reported = this.#horizons.oldest;
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
    this.#accuse({ kind: 'stale', key, read: `read of nothing [${start}, ${end}]`, against });
  }

  /** Every operation that is still to be judged began at this tick or later. */
  #horizon(): number {
    return Math.min(this.#absenceStart, this.#horizons.oldest);
  }

  #accuse(violation: Violation): void {
    this.#verdict.accuse(violation);
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

function idOf(seen: Readonly<Observation>): number {
  return seen.sequence * CLIENTS_MAX + seen.client;
}

function describe(group: Group): string {
  if (group.id === INITIAL) return 'the beginning';
  const name = nameOf(group.id);
  const seen = group.firstEnd === NEVER ? 'never seen' : `seen by ${group.firstEnd}`;
  const kind = group.isAbsent ? 'delete' : 'write';
  return `${kind} ${name} (begun ${group.writeStart}, ${seen}, until ${group.lastStart})`;
}

function nameOf(id: number): string {
  return `${id % CLIENTS_MAX}:${Math.floor(id / CLIENTS_MAX)}`;
}

const ACKNOWLEDGED: ReadonlySet<number> = new Set([OBSERVED.WRITE_OK, OBSERVED.DELETE_OK, OBSERVED.CHANGE_OK]);
