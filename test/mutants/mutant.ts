// What a seeded bug is, and what it means to catch one.

/** Where the removed line is. */
export type MutantLayer =
  | 'quorum'
  | 'acceptor'
  | 'coordinator'
  | 'session'
  | 'hints'
  | 'conflicts'
  | 'repair'
  | 'ballot'
  | 'erasing'
  | 'members'
  | 'recovery'
  | 'tags'
  | 'epochs'
  | 'supervision'
  | 'ring';

/** Who caught a bug, and how. */
export interface Catch {
  /** Random schedules that were tried until one failed, the failing one included; 0 where nothing was random. */
  readonly seeds: number;
  /** Events of the shortest failing trace that shrinking found; `undefined` where nobody asked for it. */
  readonly events: number | undefined;
  /** What was wrong, in one line. */
  readonly what: string;
}

/** One way to look for bugs. */
export interface Catcher {
  /** For the table: who looks, and whether the schedule was random or written for this bug. */
  readonly name: string;
  /** Looks for the bug; `undefined` when nothing wrong was seen. `isShrunk`: whether its trace is wanted. */
  catches(isShrunk: boolean): Catch | undefined;
  /** Looks the same way, as hard, at production without the bug; what is wrong with it, or `undefined`. */
  flagsProduction(): string | undefined;
}

/** One line of production behaviour, removed through an injected strategy. */
export interface Mutant {
  /** What the code does wrong without the line: a sentence without its full stop. */
  readonly bug: string;
  readonly layer: MutantLayer;
  /** What was injected. */
  readonly removed: string;
  /** Where the bug, or the schedule that shows it, was described first; where it is known. */
  readonly source?: string;
  /** The first one is asked first; one of them must catch it. */
  readonly catchers: readonly Catcher[];
}
