// Benchmarks of pure code, in this thread. tinybench times them where it is installed (in the checkout); the published
// package has no development dependencies, and there a plain loop does.
import type * as Tinybench from 'tinybench';
import { nowMs } from '../../src/base/clock.ts';
import type { Contender } from './subject.ts';

/** Pure code to be timed. */
export interface InThread {
  /** Throws when the answer is wrong. */
  readonly check: () => void;
  /** Does the work {@link operations} times: thousands, so that reading the clock costs nothing beside it. */
  readonly run: () => void;
  readonly operations: number;
}

/** A contender whose figure is operations per second of this thread. */
export async function inThread({ check, run, operations }: InThread): Promise<Contender> {
  const tinybench = await loadTinybench();
  if (tinybench === undefined) {
    return { note: 'timed by a plain loop', check, pass: (ms) => timeRuns(run, ms) * operations, close };
  }
  const pass = async (ms: number): Promise<number> => {
    const bench = new tinybench.Bench({ time: ms, iterations: 1, warmup: false, throws: true });
    bench.add('run', run);
    const [task] = await bench.run();
    const result = task?.result;
    if (result === undefined || !('latency' in result)) throw new Error('Cannot read the result of tinybench');
    return (operations * 1000) / result.latency.p50;
  };
  return { note: 'timed by tinybench, p50', check, pass, close };
}

function close(): void {
  // Nothing was started.
}

async function loadTinybench(): Promise<typeof Tinybench | undefined> {
  try {
    return await import('tinybench');
  } catch {
    return undefined; // Not installed: expected outside of the checkout.
  }
}

/** Runs per second. */
function timeRuns(run: () => void, ms: number): number {
  const startMs = nowMs();
  let runs = 0;
  let elapsedMs = 0;
  while (elapsedMs < ms) {
    run();
    runs++;
    elapsedMs = nowMs() - startMs;
  }
  return (runs * 1000) / elapsedMs;
}
