// What a benchmark file exports: the contenders that it enters, each for one question.

/** The folders of benchmarks, from the machine's limits to other people's packages. */
export const FOLDERS = ['floor', 'layer', 'cluster', 'peers'] as const;
export type Folder = (typeof FOLDERS)[number];

/** One contender for one question. A benchmark file exports `subjects: readonly Subject[]`. */
export interface Subject {
  /** What is asked, word for word the same for all contenders: see questions.ts. */
  readonly question: string;
  /** Who answers; unique among the contenders for the question. */
  readonly subject: string;
  /** Unit of the figure, such as `frames/s` (more is better) or `ms` (less is better); the same for all contenders. */
  readonly unit: string;
  /** Passes of its own number and length, without a warm-up pass, where short ones cannot show the figure. */
  readonly fixed?: { readonly passes: number; readonly ms: number };
  /** Starts what is needed; a reason when this machine lacks something. */
  open(): Promise<Contender | Skipped>;
}

/** A contender that is started and waits for its turn: between passes it uses no processor time. */
export interface Contender {
  /** Versions and settings that the reader of the figure must know. */
  readonly note?: string;
  /** Answers once, and throws when the answer is wrong. It runs before anything is timed. */
  check(): Promise<void> | void;
  /** Works for about `ms` milliseconds. @returns the figure, in the subject's unit. */
  pass(ms: number): Promise<number> | number;
  /** Stops all that `open` started. */
  close(): Promise<void> | void;
}

/** Why a contender cannot be measured here. */
export interface Skipped {
  readonly skipped: string;
}

/** Fails the benchmark when an answer is wrong: a figure for a wrong answer means nothing. */
export function expectAnswer(actual: unknown, expected: unknown, what: string): void {
  if (Object.is(actual, expected)) return;
  throw new Error(`Wrong answer: ${what} is ${String(actual)}, must be ${String(expected)}`);
}
