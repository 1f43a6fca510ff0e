// Spreads seeds over the cores. Ranges have one size, whatever the number of threads, and are added up by seed: the
// same seeds come to the same result on any machine.
import { availableParallelism } from 'node:os';
import { OFFLOAD_THREADS_MAX } from '../../base/limits.ts';
import { Offload } from '../../offload/offload.ts';
import type { TaskTable } from '../../offload/tasks.ts';
import { addSummaries } from '../../sim/seeds.ts';
import type { SeedRange, SeedSummary } from '../../sim/seeds.ts';
import type { SimTasks } from './tasks.ts';

/** Seeds of one task: some tenths of a second. */
const RANGE_RUNS = 200;
/** Tasks that are handed out ahead of each thread. */
const AHEAD = 2;

/** The pool that simulates. Close it. */
export function openSimPool(threads: number = availableParallelism()): Offload<SimTasks & TaskTable> {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const program = new URL(`../../../actors/sim-task${extension}`, import.meta.url);
  return new Offload<SimTasks & TaskTable>({ program, threadsMax: Math.min(threads, OFFLOAD_THREADS_MAX) });
}

/** How seeds are spread. */
export interface FanOutOptions {
  readonly pool: Offload<SimTasks & TaskTable>;
  readonly range: SeedRange;
  /** Ends it early: what has been run so far is the result. */
  readonly signal: AbortSignal;
  readonly onProgress: (soFar: SeedSummary) => void;
}

/** Runs the seeds of a range on all threads of a pool. @returns the sum of what was run, from the first seed on. */
export async function fanOut({ pool, range, signal, onProgress }: FanOutOptions): Promise<SeedSummary> {
  const parts = partsOf(range);
  const done: SeedSummary[] = [];
  let next = 0;
  let soFar = addSummaries([]);
  const work = async (): Promise<void> => {
    while (next < parts.length && !signal.aborted) {
      const index = next++;
      const part = await pool.run('seeds', parts[index]!);
      done[index] = part;
      soFar = addSummaries([soFar, part]); // In the order in which they came: its hash says nothing.
      onProgress(soFar);
    }
  };
  await Promise.all(Array.from({ length: AHEAD * availableParallelism() }, work));
  return addSummaries(done);
}

function partsOf(range: SeedRange): SeedRange[] {
  return Array.from({ length: Math.ceil(range.runs / RANGE_RUNS) }, (_, part) => ({
    ...range,
    seed: (range.seed + part * RANGE_RUNS) >>> 0,
    runs: Math.min(RANGE_RUNS, range.runs - part * RANGE_RUNS),
  }));
}
