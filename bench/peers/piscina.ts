// piscina: a pool of workers, here of one.
//
// Its best settings, measured: at depth 1 the worker blocks in Atomics.wait ("sync"); at 64 in flight it waits
// asynchronously and may be given all of them at once, else it gets one task at a time (3 to 10 times slower).
import { Piscina } from 'piscina';
import { askSubjects } from '../harness/ask.ts';
import { programUrl } from '../harness/program.ts';
import type { Subject } from '../harness/subject.ts';
import { packageNote } from '../harness/version.ts';

export const subjects: readonly Subject[] = askSubjects('piscina', (depth) => {
  const atomics = depth === 1 ? 'sync' : 'async';
  const pool = new Piscina({
    filename: programUrl('task', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 64,
    atomics,
  });
  return {
    ask: (a, b) => pool.run([a, b]),
    close: () => pool.destroy(),
    note: `${packageNote('piscina', import.meta.url)}, atomics ${atomics}, 64 tasks per worker`,
  };
});
