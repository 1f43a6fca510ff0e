// A large value lies once in shared memory, however many replicas store it. Its first word counts who holds it, so
// that the memory can be used again: garbage collection alone would not do, because no thread's heap feels its size.
//
//   byte 0        4        8
//        [ HOLDERS | unused | value ]
//
// Whoever hands it on counts the receiver first; whoever lets go counts itself out. A thread that dies, or a message
// that is lost, leaves the count too high: the buffer is then not used again, and collected some day. It is never too
// low, so nobody's value is overwritten.
import { assert } from '../base/assert.ts';

/** Where the value starts in the buffer. */
export const LARGE_HEADER_BYTES = 8;

/** Shared memory that holds one large value; immutable while anybody holds it. */
export interface LargeValue {
  readonly buffer: SharedArrayBuffer;
  /** Length of the value. */
  readonly byteLength: number;
}

/** Counts one more holder. Any thread that holds it, or whose peer does on its behalf. */
export function hold({ buffer }: LargeValue): void {
  Atomics.add(new Int32Array(buffer, 0, 1), 0, 1);
}

/** Lets go of it; the caller must not look at it again. */
export function release(value: LargeValue | undefined): void {
  if (value === undefined) return;
  const holders = Atomics.sub(new Int32Array(value.buffer, 0, 1), 0, 1);
  assert(holders > 0, 'Who lets go of a large value has held it');
}

/** Becomes the only holder of a buffer that nobody holds; `false` when somebody does. */
export function claim(buffer: SharedArrayBuffer): boolean {
  return Atomics.compareExchange(new Int32Array(buffer, 0, 1), 0, 0, 1) === 0;
}
