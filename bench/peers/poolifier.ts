// poolifier: a pool of workers, here of one, with its tasks queue on and 64 tasks at once (its best setting, measured).
import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { askSubjects } from '../harness/ask.ts';
import { programUrl } from '../harness/program.ts';
import type { Subject } from '../harness/subject.ts';
import { packageNote } from '../harness/version.ts';

export const subjects: readonly Subject[] = askSubjects('poolifier', () => {
  const pool = new FixedThreadPool<readonly [number, number], number>(
    1,
    fileURLToPath(programUrl('poolifier', import.meta.url)),
    { enableTasksQueue: true, tasksQueueOptions: { concurrency: 64 } },
  );
  return {
    ask: (a, b) => pool.execute([a, b]),
    close: () => pool.destroy(),
    note: `${packageNote('poolifier', import.meta.url)}, tasks queue with concurrency 64`,
  };
});
