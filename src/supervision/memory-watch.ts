// `resourceLimits` bound a thread's heap and see neither Buffers nor shared memory: 300 MB of them fit a limit of
// 24 MB. So each thread counts its own bytes in shared memory, and its supervisor compares the process with a bound.

/** One look at the memory of the process. */
export interface MemoryObservation {
  /** Resident bytes of the whole process. */
  readonly rssBytes: number;
  /** The bound that it must stay under. */
  readonly rssBytesMax: number;
  /** Bytes that each thread says it holds, by slot. */
  readonly bytesBySlot: readonly number[];
}

/** The slot to shed: the largest, once the process exceeds its bound; `undefined` while it does not. Pure. */
export function slotToShed({ rssBytes, rssBytesMax, bytesBySlot }: MemoryObservation): number | undefined {
  if (rssBytes <= rssBytesMax) return undefined;
  const largest = bytesBySlot.indexOf(Math.max(...bytesBySlot));
  return largest === -1 ? undefined : largest;
}
