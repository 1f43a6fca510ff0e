// Measures the contenders for one question side by side: one pass each in turn, again and again, so that a change of
// the machine's mood meets all of them, and their ratios come from one run.
import { median } from './load.ts';
import type { Contender, Folder, Subject } from './subject.ts';

/** A subject and where it was found. */
export interface Entrant {
  readonly folder: Folder;
  readonly subject: Subject;
}

/** The figures of one entrant, in the order of the passes. */
export interface Measured extends Entrant {
  readonly figures: readonly number[];
  /** Median of the figures. */
  readonly value: number;
  readonly note: string | undefined;
}

/** How long to measure, and whom to tell. */
export interface RunOptions {
  /** Passes of each contender, from 1. */
  readonly passes: number;
  /** Length of one pass in milliseconds. */
  readonly ms: number;
  readonly progress: (line: string) => void;
}

interface Started extends Entrant {
  readonly contender: Contender;
  readonly figures: number[];
}

/**
 * Opens all entrants of one question, checks their answers, warms them up and measures them in turn.
 *
 * @throws {Error} naming the subject, when an answer is wrong or a pass fails; everything is closed then, too.
 */
export async function runQuestion(entrants: readonly Entrant[], options: RunOptions): Promise<readonly Measured[]> {
  const started: Started[] = [];
  try {
    for (const entrant of entrants) {
      const contender = await attempt(entrant, 'start', () => entrant.subject.open());
      if ('skipped' in contender) options.progress(`  ${nameOf(entrant)}: skipped, ${contender.skipped}`);
      else started.push({ ...entrant, contender, figures: [] });
    }
    for (const each of started) await attempt(each, 'trust', () => each.contender.check());
    await measure(started, options);
  } finally {
    for (const each of started.toReversed()) await each.contender.close();
  }
  return started.map(({ folder, subject, contender, figures }) => {
    return { folder, subject, figures, value: median(figures), note: contender.note };
  });
}

async function measure(started: readonly Started[], { passes, ms, progress }: RunOptions): Promise<void> {
  for (const each of started) {
    if (each.subject.fixed === undefined) await attempt(each, 'warm up', () => each.contender.pass(ms));
  }
  const most = Math.max(...started.map(({ subject }) => subject.fixed?.passes ?? passes));
  for (let turn = 0; turn < most; turn++) {
    for (const each of started) {
      const { fixed, unit } = each.subject;
      if (turn >= (fixed?.passes ?? passes)) continue;
      const figure = await attempt(each, 'measure', () => each.contender.pass(fixed?.ms ?? ms));
      each.figures.push(figure);
      progress(`  pass ${turn + 1}: ${nameOf(each)} ${Math.round(figure * 10) / 10} ${unit}`);
    }
  }
}

async function attempt<T>(entrant: Entrant, verb: string, act: () => Promise<T> | T): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const { question } = entrant.subject;
    throw new Error(`Cannot ${verb} ${nameOf(entrant)} for "${question}": ${reason}`, { cause: error });
  }
}

function nameOf({ folder, subject }: Entrant): string {
  return `${folder}/${subject.subject}`;
}
