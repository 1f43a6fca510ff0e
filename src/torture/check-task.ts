// What the pool's threads do while a run goes on: check the history of one key.
import { checkLinearizable } from '../check/linearizability.ts';
import { registerModel } from '../check/models/register.ts';
import type { TaskTable } from '../offload/tasks.ts';
import { historyOf } from './history.ts';
import type { KeyRecords } from './history.ts';

/** What is sent back of a verdict. */
export interface KeyVerdict {
  readonly verdict: 'ok' | 'illegal' | 'unknown';
  readonly operations: number;
  /** Why it is illegal or unknown, for people. */
  readonly text: string;
}

/** The tasks of the pool. */
export interface CheckTasks {
  readonly checkKey: (records: KeyRecords) => KeyVerdict;
}

/** The tasks of the pool. */
export const CHECK_TASKS: CheckTasks & TaskTable = {
  checkKey: (records: KeyRecords): KeyVerdict => {
    const verdict = checkLinearizable(historyOf(records), registerModel(null));
    const { operations } = verdict;
    if (verdict.verdict === 'illegal') return { verdict: 'illegal', operations, text: verdict.explanation.text };
    return { verdict: verdict.verdict, operations, text: verdict.verdict === 'unknown' ? verdict.reason : '' };
  },
};
