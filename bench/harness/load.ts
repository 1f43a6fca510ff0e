// Generators of load for contenders that answer with a promise. The result is checked by the caller's operation.
import { nowMs } from '../../src/base/clock.ts';

/** Operations between two looks at the clock. */
const OPERATIONS_PER_LOOK = 32;

/** How a closed loop runs: `depth` operations are pending at any time, for about `ms` milliseconds. */
export interface ClosedLoop {
  readonly depth: number;
  readonly ms: number;
}

/**
 * Keeps `depth` operations pending: each starts when one before it has settled. For throughput; the latency of a closed
 * loop leaves out the waiting that a stall would cause (see {@link openLoop}).
 *
 * @returns operations per second, from the first start to the last settlement.
 */
export async function closedLoop(
  operation: (index: number) => Promise<unknown>,
  { depth, ms }: ClosedLoop,
): Promise<number> {
  const startMs = nowMs();
  let index = 0;
  let isRunning = true;
  const lane = async (): Promise<void> => {
    try {
      while (isRunning) {
        await operation(index++);
        if (index % OPERATIONS_PER_LOOK === 0 && nowMs() - startMs >= ms) isRunning = false;
      }
    } finally {
      isRunning = false; // One that fails ends all.
    }
  };
  await Promise.all(Array.from({ length: depth }, lane));
  return (index * 1000) / (nowMs() - startMs);
}

/** How an open loop runs: `perSecond` operations are due each second, for `ms` milliseconds. */
export interface OpenLoop {
  readonly perSecond: number;
  readonly ms: number;
}

/**
 * Starts operations when they are due, whether or not earlier ones have settled. Latency counts from the instant an
 * operation was due, so that a stall counts for everyone who would have waited ("coordinated omission").
 *
 * @returns the latencies in milliseconds, ascending.
 */
export async function openLoop(
  operation: (index: number) => Promise<unknown>,
  { perSecond, ms }: OpenLoop,
): Promise<readonly number[]> {
  const count = Math.round((perSecond * ms) / 1000);
  const latenciesMs: number[] = [];
  const pending: Promise<void>[] = [];
  const startMs = nowMs();
  const start = async (index: number): Promise<void> => {
    const dueMs = startMs + (index * 1000) / perSecond;
    await operation(index);
    latenciesMs.push(nowMs() - dueMs);
  };
  while (pending.length < count) {
    const due = Math.min(count, Math.floor(((nowMs() - startMs) * perSecond) / 1000) + 1);
    while (pending.length < due) pending.push(start(pending.length));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return latenciesMs.toSorted((a, b) => a - b);
}

/** The value below which the share `p` (0 to 1) of `ascending` lies: the nearest rank. */
export function percentile(ascending: readonly number[], p: number): number {
  const rank = Math.min(ascending.length, Math.max(1, Math.ceil(p * ascending.length)));
  const value = ascending[rank - 1];
  if (value === undefined) throw new RangeError('Cannot take a percentile of nothing: it needs a value or more');
  return value;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const low = ascending[Math.ceil(ascending.length / 2) - 1];
  const high = ascending[Math.floor(ascending.length / 2)];
  if (low === undefined || high === undefined) throw new RangeError('Cannot take a median of nothing');
  return (low + high) / 2;
}
