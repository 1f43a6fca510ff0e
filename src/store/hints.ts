// Hints: writes at level `available` that were answered before a quorum had them. Their client goes on finishing each,
// under its first tag, until a quorum has it or something newer; so a hint never comes over a later write.
import { HINT_PAUSE_MS, HINT_TRIES_MAX, HINT_TRY_MS } from '../base/limits.ts';
import type { Continuation } from './continuation.ts';
import type { Value, WriteResult } from './store.ts';

/** What hints need of their client. */
export interface HintDoors {
  /** Tries to finish a write that ended as unknown; it may go on beside others. */
  resolve(operationId: string, timeoutMs: number, then: Continuation<WriteResult>): void;
  /** Keeps a write until it is let go of. @returns `false` where there is no room for it, or it belongs to nothing. */
  pin(operationId: string): boolean;
  unpin(operationId: string): void;
  /** Resets of the cluster: what was written before one is gone. */
  resets(): number;
  /** Calls `then` once so much time has passed. */
  pause(ms: number, then: () => void): void;
  /** The time, by the clock that values expire by. */
  sharedMs(): number;
  /** Whether hints are finished; a test takes this away. */
  readonly finishes: boolean;
}

/** One write that no quorum may have yet. */
export interface Hint {
  /** Its key, with the bucket. */
  readonly place: string;
  /** Names it, and is its first version. */
  readonly operationId: string;
  /** What it writes; `undefined` where it deletes. */
  readonly value: Value;
  /** When that expires; infinite where it does not. */
  readonly expiresAtMs: number;
  readonly resets: number;
}

/** The hints of one client. */
export class Hints {
  /** Hints that were given up: the state was lost, the client was closed, or nobody can finish them any more. */
  lost = 0;
  readonly #doors: HintDoors;
  /** By operation id, in the order of the calls. */
  readonly #open = new Map<string, Hint>();
  /** Those that nobody is finishing just now. */
  readonly #waiting: Hint[] = [];
  #tries = 0;
  #isStopped = false;
  #onEmpty: (() => void) | undefined;

  constructor(doors: HintDoors) {
    this.#doors = doors;
  }

  /** Hints that are not finished. */
  get open(): number {
    return this.#open.size;
  }

  /** Takes a write over. @returns `false` where there is no room for it. */
  keep({ place, operationId, value, expiresAtMs }: Omit<Hint, 'resets'>): boolean {
    if (this.#isStopped || !this.#doors.pin(operationId)) return false;
    const hint = { place, operationId, value, expiresAtMs, resets: this.#doors.resets() };
    this.#open.set(operationId, hint);
    this.#waiting.push(hint);
    this.#next();
    return true;
  }

  /** When a value expires that is written now, or a little later; infinite without `ttlMs`. */
  expiryAfter(ttlMs: number | undefined): number {
    return ttlMs === undefined ? Number.POSITIVE_INFINITY : this.#doors.sharedMs() + ttlMs;
  }

  /** What a hint is to its readers: `undefined` also where its value has expired. */
  valueOf({ value, expiresAtMs }: Hint): Value {
    const isFresh = expiresAtMs === Number.POSITIVE_INFINITY || this.#doors.sharedMs() < expiresAtMs;
    return isFresh ? value : undefined;
  }

  /** The newest hint of a key. */
  newestOf(place: string): Hint | undefined {
    const resets = this.#doors.resets();
    let newest: Hint | undefined;
    for (const hint of this.#open.values()) {
      if (hint.place !== place || hint.resets !== resets) continue;
      if (newest === undefined || hint.operationId > newest.operationId) newest = hint;
    }
    return newest;
  }

  /** Settles once there is none left, or they were given up. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#open.size === 0) resolve();
      else this.#onEmpty = resolve;
    });
  }

  /** Gives up what is left, and takes no more. */
  stop(): void {
    this.#isStopped = true;
    for (const hint of this.#open.values()) this.#end(hint, true);
  }

  /** Begins to finish as many as may be tried at once. */
  #next(): void {
    while (this.#tries < HINT_TRIES_MAX) {
      const hint = this.#waiting.shift();
      if (hint === undefined) return;
      if (!this.#open.has(hint.operationId)) continue;
      if (hint.resets !== this.#doors.resets()) this.#end(hint, true);
      else if (this.#doors.finishes) this.#try(hint);
      else this.#end(hint, false);
    }
  }

  /** One try. A hint that is not finished by it waits behind the others. */
  #try(hint: Hint): void {
    this.#tries++;
    this.#doors.resolve(hint.operationId, HINT_TRY_MS, {
      done: (written) => this.#tried(hint, isFinal(written) ? 'final' : written.outcome),
      failed: (error) => this.#tried(hint, codeOf(error)),
    });
  }

  #tried(hint: Hint, outcome: unknown): void {
    if (outcome === 'ok') this.#end(hint, false);
    else if (GIVEN_UP.has(outcome)) this.#end(hint, true);
    // Also what fails at once is not tried again at once.
    else if (this.#open.has(hint.operationId)) return this.#doors.pause(HINT_PAUSE_MS, () => this.#rested(hint));
    this.#tries--;
    this.#next();
  }

  #rested(hint: Hint): void {
    this.#waiting.push(hint);
    this.#tries--;
    this.#next();
  }

  #end({ operationId }: Hint, isLost: boolean): void {
    if (!this.#open.delete(operationId)) return;
    this.#doors.unpin(operationId);
    if (isLost) this.lost++;
    if (this.#open.size === 0) this.#onEmpty?.();
  }
}

/** What no further try can end otherwise. */
const GIVEN_UP: ReadonlySet<unknown> = new Set(['final', 'ERR_QUORATE_STATE_LOST', 'ERR_QUORATE_CLOSED']);

/** Whether nobody will know whether the write happened: so old a one may have been deleted, and forgotten. */
function isFinal(written: WriteResult): boolean {
  return written.outcome === 'unknown' && written.isFinal === true;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
