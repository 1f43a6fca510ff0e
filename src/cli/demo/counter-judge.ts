// Judges counters that are only ever incremented by one. An increment that was acknowledged with n found n - 1 and left
// n, so three things can be wrong, and each is proof:
// - order: an operation that began after another had ended must find what that one left, or more;
// - repetition: no two increments may leave the same number, or one of them is lost;
// - the sum: at the end a counter is at least the number of acknowledged increments, and at most that and the unknown.
import type { Horizons } from './horizons.ts';
import { OBSERVED, type Observation } from './observation.ts';
import type { Verdict } from './verdict.ts';

/** What an operation that ended at `tick` left, or one that began then found. */
interface Mark {
  readonly tick: number;
  readonly value: number;
}

/** One counter. Nothing before the horizon is kept but the highest value: what is reported later began after it. */
class Counter {
  acknowledged = 0;
  unknown = 0;
  /** Highest value that was left by the horizon. */
  floor = 0;
  ended: Mark[] = [];
  begun: Mark[] = [];
  /** Values above the floor that an increment has returned. */
  readonly returned = new Set<number>();

  /** The highest value that was left by `tick`. */
  leastAt(tick: number): number {
    return this.ended.reduce((least, mark) => (mark.tick <= tick ? Math.max(least, mark.value) : least), this.floor);
  }

  /** The lowest value that was found by an operation that began at `tick` or later. */
  mostAt(tick: number): number {
    return this.begun.reduce((most, mark) => (mark.tick >= tick ? Math.min(most, mark.value) : most), Infinity);
  }

  prune(horizon: number): void {
    this.floor = this.leastAt(horizon);
    this.ended = this.ended.filter(({ tick, value }) => tick > horizon && value > this.floor);
    this.begun = this.begun.filter(({ tick }) => tick > horizon);
    for (const value of this.returned) if (value <= this.floor) this.returned.delete(value);
  }
}

/** Operations of one counter after which it forgets what it can. */
const PRUNE_AT = 64;

/** Judges the counters of a run. Pure. */
export class CounterJudge {
  /** Increments that were acknowledged. */
  acknowledged = 0;
  readonly #counters = new Map<number, Counter>();
  readonly #verdict: Verdict;
  readonly #horizons: Horizons;

  constructor(verdict: Verdict, horizons: Horizons) {
    this.#verdict = verdict;
    this.#horizons = horizons;
  }

  /** Takes an increment, or a read of a counter. */
  observe(seen: Readonly<Observation>): void {
    const counter = this.#counterOf(seen.key);
    if (seen.kind === OBSERVED.INCREMENT_UNKNOWN) {
      counter.unknown += 1;
      return;
    }
    const isIncrement = seen.kind === OBSERVED.INCREMENT_OK;
    const left = seen.sequence;
    const found = isIncrement ? left - 1 : left;
    if (isIncrement) {
      counter.acknowledged += 1;
      this.acknowledged += 1;
      if (counter.returned.has(left)) return this.#accuse(seen, 'another increment to the same number');
      counter.returned.add(left);
    }
    const least = counter.leastAt(seen.start);
    const most = counter.mostAt(seen.end);
    if (found < least) return this.#accuse(seen, `${least}, which it had reached before`);
    if (left > most) return this.#accuse(seen, `${most}, which it was at later`);
    counter.ended.push({ tick: seen.end, value: left });
    counter.begun.push({ tick: seen.start, value: found });
    if (counter.begun.length >= PRUNE_AT) counter.prune(this.#horizons.oldest);
  }

  /** Whether it has been told of this counter. */
  knows(key: number): boolean {
    return this.#counters.has(key);
  }

  /** Takes the final read of one counter, made after everything else had ended. */
  final(seen: Readonly<Observation>): void {
    const { acknowledged, unknown } = this.#counterOf(seen.key);
    const violation = {
      key: seen.key,
      read: `final ${describe(seen)}`,
      against: `${acknowledged} acknowledged increments and ${unknown} unknown`,
    };
    const total = seen.kind === OBSERVED.READ_COUNT ? seen.sequence : 0;
    if (total < acknowledged) this.#verdict.lose(acknowledged - total, violation);
    if (total > acknowledged + unknown) this.#verdict.accuse({ kind: 'phantom', ...violation });
  }

  /** What was wrong is left out of the counter's history: it spoils no later operation. */
  #accuse(seen: Readonly<Observation>, against: string): void {
    this.#verdict.accuse({ kind: 'stale', key: seen.key, read: describe(seen), against });
  }

  #counterOf(key: number): Counter {
    let counter = this.#counters.get(key);
    if (counter === undefined) this.#counters.set(key, (counter = new Counter()));
    return counter;
  }
}

function describe({ kind, sequence, start, end }: Readonly<Observation>): string {
  if (kind === OBSERVED.READ_CORRUPT) return `read of no number [${start}, ${end}]`;
  const what = kind === OBSERVED.INCREMENT_OK ? 'increment to' : 'read of';
  return `${what} ${sequence} [${start}, ${end}]`;
}
