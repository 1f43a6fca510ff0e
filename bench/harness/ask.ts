// "Ask": the main thread asks one worker to add two numbers, a promise each, so many pending at a time.
import { closedLoop } from './load.ts';
import { ASK_1, ASK_64 } from './questions.ts';
import { expectAnswer } from './subject.ts';
import type { Contender, Subject } from './subject.ts';

/** How asks may be pending: one at a time, or 64. */
export type AskDepth = 1 | 64;

/** What a contender brings. */
export interface Asker {
  /** Asks the worker for `a + b`. */
  readonly ask: (a: number, b: number) => PromiseLike<unknown>;
  /** Ends the worker. */
  readonly close: () => Promise<unknown>;
  /** Versions and settings. */
  readonly note?: string;
}

/** One subject for each depth; `start` is told the depth, since the best setting may depend on it. */
export function askSubjects(subject: string, start: (depth: AskDepth) => Promise<Asker> | Asker): readonly Subject[] {
  const open = async (depth: AskDepth): Promise<Contender> => {
    const { ask, close, note } = await start(depth);
    const operation = async (index: number): Promise<void> => {
      expectAnswer(await ask(index, 2), index + 2, 'the sum');
    };
    return {
      ...(note !== undefined && { note }),
      check: () => operation(40),
      pass: (ms) => closedLoop(operation, { depth, ms }),
      close: async () => {
        await close();
      },
    };
  };
  return [
    { question: ASK_1, subject, unit: 'asks/s', open: () => open(1) },
    { question: ASK_64, subject, unit: 'asks/s', open: () => open(64) },
  ];
}
