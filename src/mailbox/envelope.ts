// What travels between actors, and the two ends of a mailbox. Three implementations: in one thread, over rings in
// shared memory, and over a MessagePort; test/mailbox/conformance.ts says what is true of all of them.
import type { Transferable } from 'node:worker_threads';

/** One message with its address. The numbers are the actor layer's own; a mailbox carries them. */
export interface Envelope {
  /** System messages overtake user messages of the same sender. */
  readonly isSystem: boolean;
  /** Index of the type in the vocabulary that both ends share, from 0 to 65535. */
  readonly type: number;
  /** What the receiver does with it (tell, ask, reply, ...), from 0 to 255. */
  readonly kind: number;
  /** Whom in the receiving thread it is for, an unsigned 32-bit integer. */
  readonly target: number;
  /** Names the ask that it asks or answers, an unsigned 32-bit integer; 0 for none. */
  readonly correlation: number;
  /** Incarnation of the sender; in an answer, of the asker: an unsigned 32-bit integer. */
  readonly incarnation: number;
  readonly body: unknown;
}

/**
 * What became of a message that was sent.
 * - `sent`: on its way; it arrives, or the receiver's death is reported.
 * - `full`: nothing happened; the sender keeps it and may wait for room.
 * - `dropped`: it is a dead letter, as the overflow policy asks.
 * - `closed`: it is a dead letter, because the receiver has stopped.
 */
export type SendOutcome = 'sent' | 'full' | 'dropped' | 'closed';

/** The sender's end. One thread uses it. */
export interface MailboxSender {
  /**
   * Sends a message; in-thread mailboxes carry the body by reference, the others a copy. Never blocks. The receiver
   * may see it only after {@link flush}.
   *
   * @param transfer objects that move to the receiver; when given, the body is cloned structurally.
   * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE` when the body cannot cross; nothing was sent or transferred.
   * @throws {RangeError} `ERR_QUORATE_VALUE_TOO_LARGE` when it is too large.
   */
  send(envelope: Envelope, transfer?: readonly Transferable[]): SendOutcome;
  /** Shows the receiver what was sent, and wakes it if it sleeps: once per batch. */
  flush(): void;
  /** Settles when sending may succeed again, or the receiver has stopped. */
  whenRoom(): Promise<void>;
  /** Lets go of the sender's end. Messages that were sent still arrive. */
  close(): void;
}

/** Handles one message; the envelope is valid during the call, its body for ever. */
export type Deliver = (envelope: Envelope) => void;

/** The receiver's end. One thread uses it. */
export interface Mailbox {
  /** Whether {@link drain} would deliver something; may turn true at any time. */
  hasMessages(): boolean;
  /**
   * Delivers waiting messages: those of the system lane first, each sender's in the order sent. When `deliver` throws,
   * that message counts as handled and the rest stays. `deliver` may close the mailbox, and must not drain it.
   *
   * @param budget most messages to deliver, at least 1.
   * @returns the number delivered.
   */
  drain(budget: number, deliver: Deliver): number;
  /**
   * Lets the event loop run until a message may be waiting; `undefined` when one is. Does not keep the process alive.
   */
  parkAsync(): Promise<unknown> | undefined;
  /** Stops receiving: what waits becomes dead letters, and so does what is sent from now on. */
  close(): void;
}
