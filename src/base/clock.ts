// The one place that reads the system clock. Protocols get the time as an argument.

/** Milliseconds of a monotonic clock; its zero differs between threads, so values stay in the thread that read them. */
export function nowMs(): number {
  return performance.now();
}

/**
 * Milliseconds of a monotonic clock that has one zero for all threads of the process, so that moments may be handed
 * from one to another. It knows no wall clock: setting that moves no moment. It stands still while the machine sleeps.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return 1000 * seconds + nanoseconds / 1e6;
}
