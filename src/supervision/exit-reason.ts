// Why a thread ended, from what Node says about it. The first sign wins: a thread that was told to end may still
// throw on its way out, and one that threw may be told to end before its exit was seen.
import type { ExitReason } from '../base/exit-reason.ts';

export { exitReasonText } from '../base/exit-reason.ts';
export type { ExitReason } from '../base/exit-reason.ts';

/** What a worker's 'error' event says. Pure. */
export function reasonOfError(thrown: unknown): ExitReason {
  const error = toError(thrown);
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? { kind: 'oom' } : { kind: 'crashed', error };
}

/**
 * What a worker's 'exit' event says. Pure.
 *
 * @param earlier the first sign seen before the exit: an error, or the reason recorded before `terminate()`.
 * @param code the exit code; 0 is an end that nobody asked for, too.
 */
export function reasonOfExit(earlier: ExitReason | undefined, code: number): ExitReason {
  return earlier ?? { kind: 'exit', code };
}

/** What was thrown, as an Error: a thread may throw anything, and Node hands over a text where it cannot clone it. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`The thread threw ${String(thrown)}`, { cause: thrown });
}
