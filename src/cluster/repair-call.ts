// `repair()` of a client: checks what it is asked with, and waits for the repairer.
import { nowMs } from '../base/clock.ts';
import { QuorateError, integerOption, typeError } from '../base/errors.ts';
import { requireSignal } from '../base/given.ts';
import { REPAIR_TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';
import type { ClientCore } from '../replica/client-core.ts';
import type { Repairer } from '../replica/repairer.ts';
import { Failure } from '../replica/results.ts';
import type { RepairOptions, RepairReport } from '../store/repair.ts';

/** How far a replica was behind when this client compared it last. */
export interface Divergence {
  /** Leaves of the tree of digests in which it differed from another, and keys whose newest entry it lacked. */
  readonly leaves: number;
  readonly keys: number;
  /** How long ago that was. */
  readonly ageMs: number;
}

/** The repairs of one client. */
export class RepairCalls {
  readonly #core: ClientCore;
  /** Sends what was submitted. */
  readonly #flush: () => void;
  readonly #running = new Set<Repairer>();
  #last: { readonly report: RepairReport; readonly atMs: number } | undefined;

  constructor(core: ClientCore, flush: () => void) {
    this.#core = core;
    this.#flush = flush;
  }

  /** What the last comparison found at a replica; `undefined` where it was not compared. */
  divergenceOf(replica: number): Divergence | undefined {
    const line = this.#last?.report.replicas.find((each) => each.replica === replica);
    if (this.#last === undefined || line?.state !== 'compared') return undefined;
    return { leaves: line.leavesLeft, keys: line.keysLeft, ageMs: Math.round(nowMs() - this.#last.atMs) };
  }

  run({ prefix = '', deep = false, timeoutMs: timeout, signal }: RepairOptions): Promise<RepairReport> {
    const timeoutMs = integerOption('timeoutMs', timeout ?? REPAIR_TIMEOUT_MS_DEFAULT, { min: 1, max: TIMEOUT_MS_MAX });
    if (typeof prefix !== 'string') throw invalid(`prefix of type ${typeof prefix}`, 'a string');
    if (typeof deep !== 'boolean') throw invalid(`deep of type ${typeof deep}`, 'true or false');
    if (signal !== undefined) requireSignal(signal);
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => repairer.cancel(signal?.reason);
      const end = (result: RepairReport | Failure): void => {
        signal?.removeEventListener('abort', onAbort);
        this.#running.delete(repairer);
        if (result instanceof Failure) return reject(result.error);
        this.#last = { report: result, atMs: nowMs() };
        resolve(result);
      };
      const repairer = this.#core.repairer({ prefix, isDeep: deep, deadlineMs: nowMs() + timeoutMs, end });
      this.#running.add(repairer);
      signal?.addEventListener('abort', onAbort, { once: true });
      repairer.start();
      this.#flush();
    });
  }

  /** Compares all replicas for a change of members; ends without an error, with none, where that cannot be done. */
  compare(
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly replicas: number; readonly number: number }> {
    return new Promise((resolve) => {
      const onAbort = (): void => repairer.cancel(signal?.reason);
      const end = (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.#running.delete(repairer);
        resolve({ replicas: repairer.covered, number: repairer.configuration });
      };
      const repairer = this.#core.repairer({ deadlineMs: nowMs() + timeoutMs, roundsMax: 1, end });
      this.#running.add(repairer);
      signal?.addEventListener('abort', onAbort, { once: true });
      repairer.start();
      this.#flush();
    });
  }

  /** Ends them all: the client is closed. */
  close(): void {
    for (const repairer of this.#running) {
      repairer.cancel(new QuorateError('ERR_QUORATE_CLOSED', 'The client was closed before the repair had ended'));
    }
  }
}

function invalid(given: string, allowed: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot repair with a ${given}: it must be ${allowed}`);
}
