// A mailbox whose senders live in the receiver's own thread: two queues of references. A body travels by reference, so
// whoever sends it gives it away.
import { integerOption } from '../base/errors.ts';
import { MAILBOX_MESSAGES_DEFAULT, MAILBOX_MESSAGES_MAX, SYSTEM_MESSAGES_MAX } from '../base/limits.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Deliver, Envelope, Mailbox } from './envelope.ts';
import { MessageQueue } from './message-queue.ts';
import { OverflowSender } from './overflow.ts';
import type { OverflowPolicy, Transport } from './overflow.ts';
import { Signal } from './signal.ts';

/** Options of {@link InThreadMailbox}. */
export interface InThreadOptions {
  readonly deadLetters: DeadLetters;
  /** User messages that may wait, 1 to 65536; default 1024. */
  readonly capacity?: number;
}

/** A mailbox in one thread. */
export class InThreadMailbox implements Mailbox {
  readonly #system: MessageQueue<Envelope> = new MessageQueue(SYSTEM_MESSAGES_MAX);
  readonly #user: MessageQueue<Envelope>;
  readonly #deadLetters: DeadLetters;
  #isClosed = false;
  #message: Signal | undefined;
  #room: Signal | undefined;

  constructor({ deadLetters, capacity = MAILBOX_MESSAGES_DEFAULT }: InThreadOptions) {
    this.#user = new MessageQueue(integerOption('capacity', capacity, { min: 1, max: MAILBOX_MESSAGES_MAX }));
    this.#deadLetters = deadLetters;
  }

  /** A sender to this mailbox, with a policy of its own; closing it leaves the mailbox open for others. */
  sender(policy: OverflowPolicy = 'reject'): OverflowSender {
    return new OverflowSender({ transport: new InThreadTransport(this), deadLetters: this.#deadLetters, policy });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes a message; `false` when there is no room. For senders of this thread. */
  offer(envelope: Envelope): boolean {
    return envelope.isSystem ? this.#system.push(envelope) : this.#user.push(envelope);
  }

  /** Wakes the receiver when something waits. */
  flush(): void {
    if (this.#message === undefined || !this.hasMessages()) return;
    this.#message.settle();
    this.#message = undefined;
  }

  /** Settles when half of the mailbox is free, or it is closed. */
  whenRoom(): Promise<void> {
    if (!this.#user.isFull || this.#isClosed) return Promise.resolve();
    return (this.#room ??= new Signal()).promise;
  }

  /** Takes back the oldest user message. */
  takeOldest(): Envelope | undefined {
    return this.#user.shift();
  }

  hasMessages(): boolean {
    return this.#system.size > 0 || this.#user.size > 0;
  }

  drain(budget: number, deliver: Deliver): number {
    let delivered = 0;
    try {
      while (delivered < budget) {
        const next = this.#system.shift() ?? this.#user.shift();
        if (next === undefined) break;
        delivered++;
        deliver(next);
      }
    } finally {
      this.#tellRoom();
    }
    return delivered;
  }

  parkAsync(): Promise<void> | undefined {
    if (this.hasMessages()) return undefined;
    return (this.#message ??= new Signal()).promise;
  }

  close(): void {
    this.#isClosed = true;
    for (const queue of [this.#system, this.#user]) {
      for (let left = queue.shift(); left !== undefined; left = queue.shift()) this.#deadLetters.add('stopped', left);
    }
    this.#tellRoom();
  }

  #tellRoom(): void {
    // At half, so that a sender which waits sends a batch for each time that it is woken.
    if (this.#room === undefined || (this.#user.size * 2 > this.#user.capacity && !this.#isClosed)) return;
    this.#room.settle();
    this.#room = undefined;
  }
}

class InThreadTransport implements Transport {
  readonly #mailbox: InThreadMailbox;

  constructor(mailbox: InThreadMailbox) {
    this.#mailbox = mailbox;
  }

  get isClosed(): boolean {
    return this.#mailbox.isClosed;
  }

  offer(envelope: Envelope): boolean {
    return this.#mailbox.offer(envelope);
  }

  flush(): void {
    this.#mailbox.flush();
  }

  whenRoom(): Promise<void> {
    return this.#mailbox.whenRoom();
  }

  takeOldest(): Envelope | undefined {
    return this.#mailbox.takeOldest();
  }

  copyBody(body: unknown): unknown {
    return body; // The body was given away when it was sent.
  }

  close(): void {
    // The mailbox belongs to its receiver.
  }
}
