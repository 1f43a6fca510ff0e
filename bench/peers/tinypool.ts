// tinypool: a smaller fork of piscina, here a pool of one worker that may be given 64 tasks at once (its best setting,
// measured: 3 to 6 times one task at a time).
import { Tinypool } from 'tinypool';
import { askSubjects } from '../harness/ask.ts';
import { programUrl } from '../harness/program.ts';
import type { Subject } from '../harness/subject.ts';
import { packageNote } from '../harness/version.ts';

export const subjects: readonly Subject[] = askSubjects('tinypool', () => {
  const pool = new Tinypool({
    filename: programUrl('task', import.meta.url).href,
    runtime: 'worker_threads',
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 64,
  });
  return {
    ask: (a, b) => pool.run([a, b]),
    close: () => pool.destroy(),
    note: `${packageNote('tinypool', import.meta.url)}, 64 tasks per worker`,
  };
});
