// What the judge has found: counted, and the first of it kept with its proof.

/** One contradiction, for people. */
export interface Violation {
  readonly kind: 'stale' | 'phantom' | 'refused' | 'lost';
  readonly key: number;
  /** What was read, and what shows that it was wrong, such as `write 1:17 (begun 20, seen by 31, until 40)`. */
  readonly read: string;
  readonly against: string;
}

/** The findings of one run. */
export class Verdict {
  /** The first contradictions; all are counted. */
  readonly violations: Violation[] = [];
  /** Operations that returned what they must not. */
  stale = 0;
  /** Acknowledged writes that are proved to be gone. */
  lost = 0;
  readonly #kept: number;

  /** @param kept violations that are kept. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** An operation returned what it must not. */
  accuse(violation: Violation): void {
    this.stale += 1;
    this.#keep(violation);
  }

  /** So many acknowledged writes are gone. */
  lose(count: number, violation: Omit<Violation, 'kind'>): void {
    this.lost += count;
    this.#keep({ kind: 'lost', ...violation });
  }

  #keep(violation: Violation): void {
    if (this.violations.length < this.#kept) this.violations.push(violation);
  }
}
