// workerpool: a pool of workers that are called by name, here of one. It gives a worker one task at a time; there is no
// setting for more.
import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';
import { askSubjects } from '../harness/ask.ts';
import { programUrl } from '../harness/program.ts';
import type { Subject } from '../harness/subject.ts';
import { packageNote } from '../harness/version.ts';

export const subjects: readonly Subject[] = askSubjects('workerpool', () => {
  const pool = workerpool.pool(fileURLToPath(programUrl('workerpool', import.meta.url)), {
    minWorkers: 1,
    maxWorkers: 1,
    workerType: 'thread',
  });
  return {
    ask: (a, b) => pool.exec('add', [a, b]),
    close: async () => {
      await pool.terminate();
    },
    note: packageNote('workerpool', import.meta.url),
  };
});
