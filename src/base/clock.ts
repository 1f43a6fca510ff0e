// The one place that reads the system clock. Protocols get the time as an argument.

/** Milliseconds of a monotonic clock; its zero differs between threads, so values stay in the thread that read them. */
export function nowMs(): number {
  return performance.now();
}
