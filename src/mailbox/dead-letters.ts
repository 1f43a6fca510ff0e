// Messages that reach nobody are counted by reason and the latest are kept for looking at: nothing is silently dropped.
import { DEAD_LETTERS_KEPT } from '../base/limits.ts';
import type { Envelope } from './envelope.ts';

/** Why a message reached nobody. */
export type DeadLetterReason =
  | 'closed' // sent to a mailbox that is closed
  | 'stopped' // waiting in a mailbox when it was closed
  | 'dropped-newest' // the overflow policy dropped it
  | 'dropped-oldest' // the overflow policy dropped it for a newer one
  | 'unknown-version' // a frame of another version of this library
  | 'unknown-type' // a type that the receiver's vocabulary does not have
  | 'undecodable' // its bytes are damaged, or need a class codec that is missing
  | 'lost' // its marker arrived and what lay beside the ring is gone
  | 'unmarked' // what lay beside the ring arrived and its marker never did
  | 'in-hand' // the thread that handled it died, and the policy does not repeat it
  | 'unknown-target' // nobody in the receiving thread has that address
  | 'late-reply'; // the ask was answered, timed out or aborted before

/** A message that reached nobody, without its body. */
export interface DeadLetter extends Omit<Envelope, 'body'> {
  readonly reason: DeadLetterReason;
}

/** Counts dead letters and keeps the latest. One thread uses it; several mailboxes may share it. */
export class DeadLetters {
  readonly #counts = new Map<DeadLetterReason, number>();
  readonly #latest: DeadLetter[] = [];
  readonly #onLetter: ((letter: DeadLetter) => void) | undefined;
  #total = 0;

  /** @param onLetter hears of every letter; it must not throw and not send. */
  constructor(onLetter?: (letter: DeadLetter) => void) {
    this.#onLetter = onLetter;
  }

  /** Notes that a message reached nobody. */
  add(reason: DeadLetterReason, envelope: Envelope): void {
    const { isSystem, type, kind, target, correlation, incarnation } = envelope;
    const letter: DeadLetter = { reason, isSystem, type, kind, target, correlation, incarnation };
    this.#counts.set(reason, this.count(reason) + 1);
    this.#latest[this.#total % DEAD_LETTERS_KEPT] = letter;
    this.#total++;
    this.#onLetter?.(letter);
  }

  /** Dead letters so far, for one reason. */
  count(reason: DeadLetterReason): number {
    return this.#counts.get(reason) ?? 0;
  }

  /** Dead letters so far, by reason. */
  counts(): ReadonlyMap<DeadLetterReason, number> {
    return this.#counts;
  }

  /** Dead letters so far. */
  get total(): number {
    return this.#total;
  }

  /** The latest letters, at most DEAD_LETTERS_KEPT, oldest first. */
  latest(): readonly DeadLetter[] {
    const next = this.#total % DEAD_LETTERS_KEPT;
    return this.#total <= DEAD_LETTERS_KEPT
      ? [...this.#latest]
      : [...this.#latest.slice(next), ...this.#latest.slice(0, next)];
  }
}
