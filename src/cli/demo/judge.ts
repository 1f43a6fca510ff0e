// Decides whether a run could have come from one copy of the data. It shares no code with the cluster and believes only
// what the demo's own threads saw: when an operation began, when it ended, and what it said. Registers and counters are
// judged by rules of their own, see register-judge.ts and counter-judge.ts.
import { CounterJudge } from './counter-judge.ts';
import { Horizons } from './horizons.ts';
import { NEVER } from './key-history.ts';
import { OBSERVED, type Observation } from './observation.ts';
import { CLIENTS_MAX, RegisterJudge } from './register-judge.ts';
import { Verdict, type Violation } from './verdict.ts';

/** Options of {@link Judge}. */
export interface JudgeOptions {
  /** Clients that report, from 1 to 64; each one's observations arrive in the order in which it made them. */
  readonly clients: number;
  /** Violations kept with their details; all are counted. Default 10. */
  readonly violationsKept?: number;
}

/** Judges a run while it goes on. Pure: no clock, no chance, no threads. */
export class Judge {
  readonly #verdict: Verdict;
  readonly #horizons: Horizons;
  readonly #registers: RegisterJudge;
  readonly #counters: CounterJudge;

  constructor({ clients, violationsKept = 10 }: JudgeOptions) {
    if (!(clients >= 1 && clients <= CLIENTS_MAX)) throw new RangeError(`Cannot judge ${clients} clients: 1 to 64`);
    this.#verdict = new Verdict(violationsKept);
    this.#horizons = new Horizons(clients);
    this.#registers = new RegisterJudge(clients, this.#verdict, this.#horizons);
    this.#counters = new CounterJudge(this.#verdict, this.#horizons);
  }

  /** The first contradictions; all are counted. */
  get violations(): readonly Violation[] {
    return this.#verdict.violations;
  }

  /** Operations that returned what they must not: what was replaced before they began, never written, or nothing. */
  get stale(): number {
    return this.#verdict.stale;
  }

  /** Acknowledged writes, changes and increments that are proved to be gone. */
  get lost(): number {
    return this.#verdict.lost;
  }

  /** Writes of all kinds that were acknowledged. */
  get acknowledgedWrites(): number {
    return this.#registers.acknowledged + this.#counters.acknowledged;
  }

  /** Groups in memory, over all registers. */
  get groups(): number {
    return this.#registers.groups;
  }

  /** Takes one observation. @throws {RangeError} on an unknown client or kind. */
  observe(seen: Readonly<Observation>): void {
    switch (seen.kind) {
      case OBSERVED.WRITE_OK:
      case OBSERVED.WRITE_UNKNOWN:
      case OBSERVED.DELETE_OK:
      case OBSERVED.DELETE_UNKNOWN:
        return this.#registers.write(seen);
      case OBSERVED.CHANGE_OK:
        return this.#registers.change(seen);
      case OBSERVED.WRITE_REFUSED:
      case OBSERVED.DELETE_REFUSED:
        return this.#registers.refused(seen);
      case OBSERVED.READ:
        return this.#registers.read(seen);
      case OBSERVED.READ_ABSENT:
        return this.#registers.readAbsent(seen);
      case OBSERVED.READ_CORRUPT:
        return this.#registers.readCorrupt(seen);
      case OBSERVED.INCREMENT_OK:
      case OBSERVED.INCREMENT_UNKNOWN:
      case OBSERVED.READ_COUNT:
        return this.#counters.observe(seen);
      case OBSERVED.ADVANCE:
        if (this.#horizons.advance(seen.client, seen.start)) this.#registers.advance();
        return;
      default:
        throw new RangeError(`Cannot judge kind ${String(seen.kind)}: it must be one of OBSERVED`);
    }
  }

  /** All clients have reported everything: decides what was left open. Call it once, before {@link final}. */
  finish(): void {
    this.#horizons.finish(NEVER);
    this.#registers.finish();
  }

  /** Takes the final read of one key, made after everything else had ended. */
  final(seen: Readonly<Observation>): void {
    if (seen.kind === OBSERVED.READ_COUNT || this.#counters.knows(seen.key)) this.#counters.final(seen);
    else this.#registers.final(seen);
  }
}
