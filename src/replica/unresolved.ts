// Writes whose outcome is unknown, kept so that `resolve` can finish them under their first tag: exactly once.
import { ballotOf, copyBallot, versionOf } from '../protocol/ballot.ts';
import { AVAILABLE_HINTS_MAX, AVAILABLE_HINT_BYTES_MAX } from '../base/limits.ts';
import { FrameBuffer } from './operation.ts';
import type { Operation } from './operation.ts';
import { REQUEST, copyWords, padded, valueBytesInFrame } from './wire.ts';

/** Unknown writes that are kept; the oldest is forgotten first. */
const UNRESOLVED_MAX = 1024;

interface Kept {
  readonly request: FrameBuffer;
  readonly requestBytes: number;
  readonly fields: Pick<Operation, 'keyBytes' | 'valueBytes' | 'large' | 'writeNeeded' | 'sizes' | 'level'>;
}

/** The unknown writes of one client. */
export class UnresolvedWrites {
  readonly #kept = new Map<string, Kept>();
  /** Those that are not forgotten, with their bytes. */
  readonly #pinned = new Map<string, number>();
  #pinnedBytes = 0;

  /** Keeps a write. @returns the operation id that callers see. */
  keep(operation: Operation): string {
    const operationId = versionOf(operation.first);
    const { keyBytes, valueBytes, large, writeNeeded, sizes, level } = operation;
    const requestBytes = REQUEST.BYTES + padded(keyBytes) + padded(valueBytesInFrame(valueBytes));
    const request = new FrameBuffer(requestBytes);
    copyWords(operation.request, 0, request, 0, requestBytes);
    this.#forget(operationId);
    large?.hold();
    const fields = { keyBytes, valueBytes, large, writeNeeded, sizes, level };
    this.#kept.set(operationId, { request, requestBytes, fields });
    if (this.#kept.size > UNRESOLVED_MAX + this.#pinned.size) this.#forgetOldest();
    return operationId;
  }

  /** Keeps a write until it is let go of. @returns `false` where it is not known, or there is no room for it. */
  pin(operationId: string): boolean {
    const kept = this.#kept.get(operationId);
    if (kept === undefined || this.#pinned.size >= AVAILABLE_HINTS_MAX) return false;
    const byteLength = kept.requestBytes + (kept.fields.large?.byteLength ?? 0);
    if (this.#pinnedBytes + byteLength > AVAILABLE_HINT_BYTES_MAX) return false;
    this.#pinned.set(operationId, byteLength);
    this.#pinnedBytes += byteLength;
    return true;
  }

  /** Lets go of a write, which was finished or given up, and forgets it. */
  unpin(operationId: string): void {
    this.#pinnedBytes -= this.#pinned.get(operationId) ?? 0;
    if (this.#pinned.delete(operationId)) this.#forget(operationId);
  }

  /** Forgets all: the state that they belong to is gone. */
  clear(): void {
    for (const operationId of this.#kept.keys()) this.#forget(operationId);
  }

  has(operationId: string): boolean {
    return this.#kept.has(operationId);
  }

  /** Makes `operation` that write again, under its first tag. */
  restore(operationId: string, operation: Operation): void {
    const kept = this.#kept.get(operationId);
    const first = ballotOf(operationId);
    if (kept === undefined || first === undefined) return;
    operation.request.reserve(kept.requestBytes, 0);
    copyWords(kept.request, 0, operation.request, 0, kept.requestBytes);
    Object.assign(operation, kept.fields);
    kept.fields.large?.hold();
    copyBallot(operation.first, first);
    operation.hasLeft = true; // Under its first tag: it may happen, even if nothing of the second try leaves.
  }

  #forgetOldest(): void {
    for (const operationId of this.#kept.keys()) {
      if (!this.#pinned.has(operationId)) return this.#forget(operationId);
    }
  }

  #forget(operationId: string): void {
    this.#kept.get(operationId)?.fields.large?.release();
    this.#kept.delete(operationId);
  }
}
