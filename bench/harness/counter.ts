// "Increment": the main thread adds 1 to one key, or to one of 64 in turn, a promise each. What was answered is never
// what is believed: the counters are read before anything is timed and after each pass, and must hold what was added.
import { closedLoop } from './load.ts';
import { INCREMENT_1, INCREMENT_64, INCREMENT_64_KEYS, INCREMENT_8 } from './questions.ts';
import { expectAnswer } from './subject.ts';
import type { Contender, Skipped, Subject } from './subject.ts';

const CHECKED = 200;

/** What a contender brings; what rejects has failed. */
export interface Counter {
  /** Adds 1 to the number under the key, which counts as 0 where there is none. */
  readonly increment: (key: string) => Promise<unknown>;
  /** Reads the number. */
  readonly read: (key: string) => Promise<number>;
  /** Stops what was started. */
  readonly close: () => Promise<unknown>;
  /** Versions and settings, and, once measured, what `increments` of them have cost. */
  readonly note: (increments: number) => string;
}

interface Load {
  readonly keys: number;
  readonly depth: number;
}

/** The questions about increments, and the load that each of them names. */
export const INCREMENT_LOADS: Readonly<Record<string, Load>> = {
  [INCREMENT_1]: { keys: 1, depth: 1 },
  [INCREMENT_8]: { keys: 1, depth: 8 },
  [INCREMENT_64]: { keys: 1, depth: 64 },
  [INCREMENT_64_KEYS]: { keys: 64, depth: 64 },
};

/** One subject for each of the questions. */
export function counterSubjects(
  subject: string,
  start: () => Promise<Counter | Skipped>,
  questions: readonly string[] = Object.keys(INCREMENT_LOADS),
): readonly Subject[] {
  return questions.map((question) => {
    return { question, subject, unit: 'ops/s', open: () => open(INCREMENT_LOADS[question]!, start) };
  });
}

async function open({ keys, depth }: Load, start: () => Promise<Counter | Skipped>): Promise<Contender | Skipped> {
  const counter = await start();
  if ('skipped' in counter) return counter;
  const names = Array.from({ length: keys }, (_, index) => `counter-${index}`);
  let added = 0;
  const add = async (): Promise<void> => {
    await counter.increment(names[added++ % keys]!);
  };
  const expectSum = async (): Promise<void> => {
    const numbers = await Promise.all(names.map((name) => counter.read(name)));
    expectAnswer(
      numbers.reduce((sum, number) => sum + number, 0),
      added,
      'the sum of all counters',
    );
  };
  return {
    get note() {
      return counter.note(added);
    },
    check: async () => {
      await Promise.all(Array.from({ length: CHECKED }, add));
      await expectSum();
    },
    pass: async (ms) => {
      const perSecond = await closedLoop(add, { depth, ms });
      await expectSum();
      return perSecond;
    },
    close: async () => {
      await counter.close();
    },
  };
}
