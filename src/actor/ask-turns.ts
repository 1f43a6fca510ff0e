// When the asking thread shows its questions to those it asks, and looks for their answers.
//
// All asks of one turn leave in one batch, and wake each actor once; the continuations of asks that are settled
// together have asked again before that batch leaves. Then the thread lets its event loop have a turn, and blocks for a
// moment if no answer has come: NAP_MS, in Atomics.wait, which leaves the core to whoever answers and ends with the
// answer. Only if that did not help does it wait through its event loop, which takes longer to wake. A bare round trip
// on two busy cores takes 10 us with the nap, 13 us with Atomics.waitAsync and 25 us over a MessagePort (Node 26).
// Actors that take their time make naps rare: see patience.ts.
import type { MailboxSender } from '../mailbox/envelope.ts';
import type { RingMailbox } from '../mailbox/ring-mailbox.ts';
import { NAP_MS } from '../base/limits.ts';
import { Patience } from '../ring/patience.ts';

/** A sender, and whether it has messages that its receiver was not shown. */
export interface Unflushed {
  readonly sender: Pick<MailboxSender, 'flush'>;
  /** The turns' own. */
  isUnflushed: boolean;
}

/** What the turns are for. */
export interface AskTurnsOptions {
  readonly mailbox: RingMailbox;
  /** Takes in the answers that are there. */
  readonly drain: () => void;
  /** Whether another thread owes an answer. */
  readonly isOwed: () => boolean;
}

/** The turns of one asking thread. */
export class AskTurns {
  readonly #mailbox: RingMailbox;
  readonly #drain: () => void;
  readonly #isOwed: () => boolean;
  readonly #patience = new Patience();
  #unflushed: Unflushed[] = [];
  #isFlushDue = false;
  /** Answers were taken in, and those who await them run. */
  #isTurning = false;
  #isLookDue = false;
  #isWaiting = false;
  #isClosed = false;

  constructor({ mailbox, drain, isOwed }: AskTurnsOptions) {
    this.#mailbox = mailbox;
    this.#drain = drain;
    this.#isOwed = isOwed;
  }

  /** Flushes a sender at the end of this turn. */
  flushSoon(unflushed: Unflushed): void {
    if (unflushed.isUnflushed) return;
    unflushed.isUnflushed = true;
    this.#unflushed.push(unflushed);
    if (this.#isTurning || this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(this.#endTurn);
  }

  /** Waits through the event loop; a pending wait does not keep the process alive. */
  wait(): void {
    if (this.#isClosed || this.#isLookDue) return;
    const rung = this.#mailbox.parkAsync();
    if (rung === undefined) return this.#lookSoon();
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    void rung.then(this.#onRung);
  }

  close(): void {
    this.#isClosed = true;
  }

  readonly #endTurn = (): void => {
    this.#isFlushDue = this.#isTurning = false;
    const unflushed = this.#unflushed;
    if (unflushed.length > 0) this.#unflushed = [];
    for (const each of unflushed) {
      each.isUnflushed = false;
      each.sender.flush();
    }
    if (this.#isOwed()) this.#lookSoon();
    else this.wait();
  };

  #lookSoon(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    setImmediate(this.#look);
  }

  readonly #look = (): void => {
    this.#isLookDue = false;
    if (this.#isClosed) return;
    if (!this.#mailbox.hasMessages() && !this.#patience.tries(this.#nap)) return this.wait();
    this.#takeIn();
    // Ticks come before microtasks here, and the turn is to end after both.
    queueMicrotask(() => process.nextTick(this.#endTurn));
  };

  readonly #onRung = (): void => {
    this.#isWaiting = false;
    if (this.#isClosed) return;
    this.#mailbox.bell.unpark();
    this.#takeIn();
    process.nextTick(this.#endTurn);
  };

  readonly #nap = (): boolean => {
    if (this.#isOwed()) this.#mailbox.park(NAP_MS);
    return this.#mailbox.hasMessages();
  };

  #takeIn(): void {
    this.#isTurning = true;
    this.#drain();
  }
}
