// Runs writes against the store, under an idempotency key where the client gives one.
import { createHash } from 'node:crypto';

import { IDEMPOTENCY_KEY_LENGTH_MAX } from '../base/limits.ts';
import type { OperationOptions, WriteResult } from '../store/store.ts';
import type { ChosenOptions } from './data-request.ts';
import { IdempotencyTable } from './idempotency.ts';
import type { Continuable } from './idempotency.ts';
import type { Precondition } from './precondition.ts';
import { failure } from './reply.ts';
import type { Reply } from './reply.ts';
import { rejectionOf, settle, settleRejection, settleResolved, stillUnknown } from './settled.ts';
import type { Settled } from './settled.ts';
import type { ObservedStore } from './status.ts';

/** One write, as the service runs it. */
export interface Write {
  readonly kind: 'put' | 'delete';
  /** What makes two requests the same request, beside level and precondition. */
  readonly request: readonly (Uint8Array | string)[];
  readonly precondition: Precondition;
  readonly chosen: ChosenOptions;
  begin(options: OperationOptions): Promise<WriteResult>;
}

/** Who asks for a write. */
export interface Asker {
  /** The `Idempotency-Key`. */
  readonly idempotencyKey: string | undefined;
  /** Fires when the client is gone. */
  readonly signal: AbortSignal;
}

/** What writes need of the service. */
export interface WritesOptions {
  readonly store: Pick<ObservedStore, 'resolve'>;
  readonly idempotencyKeysMax: number;
  /** Told of defects. */
  readonly onError: (error: unknown) => void;
}

/** Visible ASCII: what every client and proxy carries unchanged. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]+$/;

/** The writes of one service. */
export class Writes {
  readonly #options: WritesOptions;
  readonly #idempotency: IdempotencyTable;

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#idempotency = new IdempotencyTable(options.idempotencyKeysMax);
  }

  /** A write without an idempotency key is given up with its client; one with a key is shared, so it runs on. */
  async run(write: Write, asker: Asker): Promise<Reply> {
    const { idempotencyKey } = asker;
    if (idempotencyKey === undefined) {
      // The signal is looked at only here: a face makes it on first use.
      return (await this.#settle(write, { ...write.chosen, signal: asker.signal })).reply;
    }
    if (idempotencyKey.length > IDEMPOTENCY_KEY_LENGTH_MAX || !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      const sentence = `The Idempotency-Key must be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters`;
      return failure(400, 'ERR_QUORATE_HTTP_IDEMPOTENCY_KEY', sentence);
    }
    const attempt = await this.#idempotency.attempt(idempotencyKey, digestOf(write), this.#continuable(write));
    if (attempt.kind === 'mismatch') {
      return failure(422, 'ERR_QUORATE_HTTP_IDEMPOTENCY_KEY', 'The Idempotency-Key belongs to another request');
    }
    if (attempt.kind === 'full') return failure(503, 'ERR_QUORATE_OVERLOADED', 'Too many operations are pending');
    return attempt.reply;
  }

  #continuable(write: Write): Continuable {
    const { store, onError } = this.#options;
    return {
      begin: () => this.#settle(write, write.chosen),
      resume: async (operationId) => {
        try {
          return settleResolved(write.kind, await store.resolve(operationId, write.chosen), operationId);
        } catch (error) {
          if (rejectionOf(error) === undefined) onError(error);
          return stillUnknown(operationId);
        }
      },
    };
  }

  async #settle(write: Write, options: OperationOptions): Promise<Settled> {
    try {
      return settle(write.kind, await write.begin(options));
    } catch (error) {
      const known = rejectionOf(error, options.signal);
      if (known === undefined) this.#options.onError(error);
      return settleRejection(known);
    }
  }
}

/** The deadline is left out: a client that repeats a request may well be more patient. */
function digestOf({ kind, precondition, chosen, request }: Write): string {
  const hash = createHash('sha256');
  hash.update(`${JSON.stringify([kind, chosen.level ?? 'quorum', precondition])}\n`);
  for (const part of request) hash.update(part);
  return hash.digest('base64');
}
