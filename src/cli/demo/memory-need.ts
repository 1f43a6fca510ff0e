// How much memory a recorded workload will take, and whether the machine has it.
import { availableMemory } from './machine.ts';
import type { TraceSummary } from './trace.ts';

/** What a trace needs, in bytes. */
export interface MemoryNeed {
  /** Keys, values and their bookkeeping in one replica. */
  readonly perReplica: number;
  readonly total: number;
  /** What the machine can still give to this process. */
  readonly available: number;
  readonly fits: boolean;
}

/** Bookkeeping of one key in a replica, beside its bytes. */
const ENTRY_BYTES = 512;
/** One key in the tables of the demo: its number in both clients, and the judge's record. */
const DEMO_KEY_BYTES = 700;
/** A thread with an empty heap, and the process around all of them. */
const THREAD_BYTES = 24 * 2 ** 20;
const PROCESS_BYTES = 150 * 2 ** 20;
/** Heap of a replica that holds nothing, with room to catch up; small, so that filling it up takes no long time. */
const HEAP_MB_MIN = 32;
/** Beside the replicas: supervisor, standby, worker client. */
const OTHER_THREADS = 3;

/** What it takes to keep the whole trace in every replica. */
export function memoryNeed(
  summary: Pick<TraceSummary, 'keys' | 'bytes'>,
  replicas: number,
  available: number = availableMemory(),
): MemoryNeed {
  const perReplica = summary.bytes + summary.keys * ENTRY_BYTES;
  const threads = (replicas + OTHER_THREADS) * THREAD_BYTES;
  const total = perReplica * replicas + summary.keys * DEMO_KEY_BYTES + threads + PROCESS_BYTES;
  return { perReplica, total, available, fits: total <= available };
}

/** Limits of each replica that hold `keys` keys with `bytes` bytes in all: values lie outside of the heap. */
export function replicaLimits(keys: number, bytes: number): { replicaHeapMb: number; replicaBytesMax: number } {
  const replicaHeapMb = HEAP_MB_MIN + Math.ceil((keys * ENTRY_BYTES) / 2 ** 20);
  return { replicaHeapMb, replicaBytesMax: 2 * (bytes + keys * ENTRY_BYTES) + 2 ** 26 };
}

/** `bytes` for people. */
export function sizeText(bytes: number): string {
  return bytes < 10 * 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
