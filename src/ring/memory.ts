// The memory that rings, boards and doorbells run on. Handing it in lets an explorer run the production source on a
// memory that records every access.

/** The subset of `Atomics` that this layer uses; `wait` may block and is for threads that may. */
export type AtomicOperations = Pick<
  typeof Atomics,
  'add' | 'and' | 'compareExchange' | 'exchange' | 'load' | 'notify' | 'or' | 'store' | 'wait' | 'waitAsync'
>;

/** Two views of one shared buffer, and the atomics to use on `words`. */
export interface SharedMemory {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly atomics: AtomicOperations;
}

/** Views of a whole shared buffer, whose length is a multiple of 4. */
export function sharedMemory(buffer: SharedArrayBuffer): SharedMemory {
  return { words: new Int32Array(buffer), bytes: new Uint8Array(buffer), atomics: Atomics };
}
