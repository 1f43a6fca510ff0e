// Idempotency keys: a request that is sent again has one effect, whatever became of the first answer.
import type { Settled } from './settled.ts';

/** A write that can be begun, and continued once its end is unknown. */
export interface Continuable {
  begin(): Promise<Settled>;
  /** Finishes the operation that an earlier attempt began. */
  resume(operationId: string): Promise<Settled>;
}

/** How the table answers: with an end, or with the reason why there is none. */
export type Attempt = Settled | { readonly kind: 'mismatch' } | { readonly kind: 'full' };

interface Pending {
  readonly digest: string;
  readonly end: Promise<Settled>;
}

interface Remembered {
  readonly digest: string;
  readonly settled: Settled;
}

/**
 * Remembers what became of each idempotency key, in this process. Holds at most `keysMax` keys whose end is known to
 * matter, the oldest leaving first, and as many in flight. A write that was not applied is forgotten: it may be tried
 * again.
 */
export class IdempotencyTable {
  readonly #keysMax: number;
  readonly #pending = new Map<string, Pending>();
  readonly #remembered = new Map<string, Remembered>();

  constructor(keysMax: number) {
    this.#keysMax = keysMax;
  }

  /**
   * Runs a write at most once per key. While it runs, repetitions wait for it; after it was applied they get the same
   * end; after an unknown end they continue the same operation. `digest` tells whether it is the same request.
   */
  attempt(key: string, digest: string, write: Continuable): Promise<Attempt> {
    const pending = this.#pending.get(key);
    const remembered = this.#remembered.get(key);
    const known = pending ?? remembered;
    if (known !== undefined && known.digest !== digest) return Promise.resolve({ kind: 'mismatch' });
    if (pending !== undefined) return pending.end;
    const settled = remembered?.settled;
    if (settled !== undefined && isFinal(settled)) return Promise.resolve(settled);
    if (this.#pending.size >= this.#keysMax) return Promise.resolve({ kind: 'full' });
    const operationId = settled?.kind === 'unknown' ? settled.operationId : undefined;
    const end = operationId === undefined ? write.begin() : write.resume(operationId);
    this.#pending.set(key, { digest, end });
    return this.#settle(key, digest, end);
  }

  async #settle(key: string, digest: string, end: Promise<Settled>): Promise<Settled> {
    try {
      const settled = await end;
      this.#remembered.delete(key); // A key that ends again is young again.
      if (settled.kind !== 'not-applied') this.#remember(key, { digest, settled });
      return settled;
    } finally {
      this.#pending.delete(key);
    }
  }

  #remember(key: string, entry: Remembered): void {
    if (this.#remembered.size >= this.#keysMax) {
      const oldest = this.#remembered.keys().next();
      if (oldest.done !== true) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(key, entry);
  }
}

/** Nothing more can be learnt: applied, or unknown without an operation that could be continued. */
function isFinal(settled: Settled): boolean {
  return settled.kind === 'applied' || (settled.kind === 'unknown' && settled.operationId === undefined);
}
