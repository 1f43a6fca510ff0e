// Threads beside the cluster that take from the process what everybody needs: processor time, the collector, memory
// that no heap limit sees. Bounded in time and in bytes.
import { Worker } from 'node:worker_threads';
import { nowMs } from '../base/clock.ts';
import { programUrl } from './program-url.ts';

/** `burn` computes; `garbage` allocates and forgets small objects; `external` holds Buffers outside of the heap. */
export type Pressure = 'burn' | 'garbage' | 'external';

/** What the thread is given. */
export interface PressureWiring {
  readonly kind: Pressure;
  readonly ms: number;
}

/** Most bytes outside of the heap that one thread holds, and bytes of each piece. */
const EXTERNAL_BYTES_MAX = 96 * 1024 * 1024;
const EXTERNAL_PIECE_BYTES = 1024 * 1024;
/** Objects of one handful of garbage. */
const GARBAGE_OBJECTS = 2000;

/** Starts a thread that presses for `ms`. @returns when it has ended. */
export async function startPressure(wiring: PressureWiring): Promise<void> {
  const worker = new Worker(programUrl('torture-pressure'), {
    workerData: wiring,
    name: `torture:${wiring.kind}`,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
    env: {},
  });
  await new Promise<void>((resolve) => {
    worker.on('error', () => {}); // Out of memory is an end as any other.
    worker.once('exit', () => resolve());
  });
}

/** The thread's program: presses until the time is over. */
export function press({ kind, ms }: PressureWiring): void {
  const held: unknown[] = [];
  for (const untilMs = nowMs() + ms; nowMs() < untilMs;) {
    if (kind === 'external' && held.length * EXTERNAL_PIECE_BYTES < EXTERNAL_BYTES_MAX) {
      held.push(new Uint8Array(EXTERNAL_PIECE_BYTES).fill(1)); // Touched, so that it is resident.
    }
    if (kind === 'garbage') {
      held[0] = Array.from({ length: GARBAGE_OBJECTS }, (_, index) => ({ index, text: `${index}` }));
    }
  }
}
