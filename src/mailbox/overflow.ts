// What happens to a user message for which there is no room. The policy sits on the sender's side and is the same for
// every transport; system messages are never dropped: for them a full mailbox is always reported.
import type { Transferable } from 'node:worker_threads';
import { unreachable } from '../base/assert.ts';
import { integerOption } from '../base/errors.ts';
import { MAILBOX_MESSAGES_DEFAULT, MAILBOX_MESSAGES_MAX } from '../base/limits.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Envelope, MailboxSender, SendOutcome } from './envelope.ts';
import { MessageQueue } from './message-queue.ts';
import { Signal } from './signal.ts';

/**
 * What happens to a user message for which there is no room.
 * - `reject`: the sender hears `full` and keeps it.
 * - `drop-newest`: it is a dead letter.
 * - `drop-oldest`: it takes the place of the oldest waiting one, which is a dead letter. Where the receiver lives in
 *   another thread, that is the oldest one that is not yet in its memory.
 * - `wait`: the sender hears `full` and may await `sendWhenRoom`, in whose order the messages go.
 */
export type OverflowPolicy = 'reject' | 'drop-newest' | 'drop-oldest' | 'wait';

/** How messages leave a sender; what the policies are built on. */
export interface Transport {
  readonly isClosed: boolean;
  /** Takes a message; `false` when there is no room, and then nothing has happened. Refuses what cannot cross. */
  offer(envelope: Envelope, transfer?: readonly Transferable[]): boolean;
  /** Shows the receiver what was offered. */
  flush(): void;
  whenRoom(): Promise<void>;
  close(): void;
  /** Takes back the oldest waiting user message, where the sender can reach it. */
  takeOldest?(): Envelope | undefined;
  /** A copy of the body that the sender cannot change any more. */
  copyBody(body: unknown): unknown;
}

/** Options of {@link OverflowSender}. */
export interface OverflowOptions {
  readonly transport: Transport;
  readonly deadLetters: DeadLetters;
  /** Default: `reject`. */
  readonly policy?: OverflowPolicy;
  /** Messages that wait in the sender's memory under `drop-oldest` and `wait`, 1 to 65536; default 1024. */
  readonly backlog?: number;
}

/** A sender with an overflow policy. One thread uses it. */
export class OverflowSender implements MailboxSender {
  readonly #transport: Transport;
  readonly #deadLetters: DeadLetters;
  readonly #policy: OverflowPolicy;
  /** Under `drop-oldest`: messages on their way to the transport. Invariant: newer than all that it has taken. */
  readonly #backlog: MessageQueue<Envelope>;
  readonly #waitersMax: number;
  #waiters = 0;
  /** Under `wait`: settles when the waiter before has sent. */
  #turn: Promise<unknown> = Promise.resolve();
  #room: Promise<void> | undefined;

  constructor({ transport, deadLetters, policy = 'reject', backlog = MAILBOX_MESSAGES_DEFAULT }: OverflowOptions) {
    integerOption('backlog', backlog, { min: 1, max: MAILBOX_MESSAGES_MAX });
    this.#transport = transport;
    this.#deadLetters = deadLetters;
    this.#policy = policy;
    this.#waitersMax = backlog;
    this.#backlog = new MessageQueue(backlog);
  }

  /** Messages that wait in this thread's memory because the receiver has no room. */
  get waiting(): number {
    return this.#backlog.size + this.#waiters;
  }

  send(envelope: Envelope, transfer?: readonly Transferable[]): SendOutcome {
    if (this.#transport.isClosed) return this.#bury(envelope);
    // A message must not overtake those that wait; looked at first, because most often nobody waits.
    const mustWait = !envelope.isSystem && this.waiting > 0 && !this.#moveBacklog();
    if (!mustWait && this.#transport.offer(envelope, transfer)) return 'sent';
    return envelope.isSystem ? 'full' : this.#overflow(envelope, transfer);
  }

  /**
   * Sends a message as soon as there is room, in the order of these calls. For the policy `wait`; the body must not
   * change meanwhile.
   *
   * @param signal gives up when it fires: the promise rejects with its reason.
   * @returns `sent`, `closed`, or `full` at once when as many messages as the backlog allows wait already.
   */
  async sendWhenRoom(envelope: Envelope, signal?: AbortSignal): Promise<SendOutcome> {
    signal?.throwIfAborted();
    if (this.#waiters === 0) {
      const outcome = this.send(envelope);
      if (outcome !== 'full') return outcome;
    }
    if (this.#waiters >= this.#waitersMax) return 'full';
    this.#waiters++;
    const sent = this.#sendInTurn(this.#turn, envelope, signal);
    this.#turn = sent.catch(() => undefined);
    return await sent;
  }

  flush(): void {
    this.#moveBacklog();
    this.#transport.flush();
  }

  async whenRoom(): Promise<void> {
    await this.#awaitRoom();
  }

  close(): void {
    for (let left = this.#backlog.shift(); left !== undefined; left = this.#backlog.shift()) this.#bury(left);
    this.#transport.close();
  }

  async #sendInTurn(turn: Promise<unknown>, envelope: Envelope, signal?: AbortSignal): Promise<SendOutcome> {
    try {
      await turn;
      for (;;) {
        signal?.throwIfAborted();
        if (this.#transport.isClosed) return this.#bury(envelope);
        if (this.#transport.offer(envelope)) break;
        this.#transport.flush();
        await untilAborted(this.#awaitRoom(), signal);
      }
      this.#transport.flush();
      return 'sent';
    } finally {
      this.#waiters--;
    }
  }

  #overflow(envelope: Envelope, transfer?: readonly Transferable[]): SendOutcome {
    switch (this.#policy) {
      case 'reject':
      case 'wait':
        return 'full';
      case 'drop-newest':
        this.#deadLetters.add('dropped-newest', envelope);
        return 'dropped';
      case 'drop-oldest':
        return this.#replaceOldest(envelope, transfer);
      default:
        return unreachable(this.#policy);
    }
  }

  #replaceOldest(envelope: Envelope, transfer?: readonly Transferable[]): SendOutcome {
    const oldest = this.#transport.takeOldest?.();
    if (oldest !== undefined) {
      this.#deadLetters.add('dropped-oldest', oldest);
      if (this.#transport.offer(envelope, transfer)) return 'sent';
    }
    if (transfer !== undefined) {
      // What moves to the receiver cannot wait here: a copy of it would not be what the sender gave away.
      this.#deadLetters.add('dropped-newest', envelope);
      return 'dropped';
    }
    if (this.#backlog.isFull) this.#deadLetters.add('dropped-oldest', this.#backlog.shift()!);
    this.#backlog.push({ ...envelope, body: this.#transport.copyBody(envelope.body) });
    this.#moveWhenRoom();
    return 'sent';
  }

  /** @returns whether nothing waits any more. */
  #moveBacklog(): boolean {
    for (let next = this.#backlog.peek(); next !== undefined; next = this.#backlog.peek()) {
      if (this.#transport.isClosed) this.#bury(next);
      else if (!this.#transport.offer(next)) return false;
      this.#backlog.shift();
    }
    return this.#waiters === 0;
  }

  #moveWhenRoom(): void {
    if (this.#room !== undefined) return;
    void this.#awaitRoom().then(() => {
      this.flush();
      if (this.#backlog.size > 0) this.#moveWhenRoom();
    });
  }

  #awaitRoom(): Promise<void> {
    this.#room ??= this.#transport.whenRoom().finally(() => {
      this.#room = undefined;
    });
    return this.#room;
  }

  #bury(envelope: Envelope): SendOutcome {
    this.#deadLetters.add('closed', envelope);
    return 'closed';
  }
}

async function untilAborted(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return await wait;
  const aborted = new Signal();
  const onAbort = (): void => aborted.settle();
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([wait, aborted.promise]);
  signal.removeEventListener('abort', onAbort);
}
