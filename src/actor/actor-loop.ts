// The loop of one actor: takes messages from its mailbox, one at a time, and answers those that were asked. A handler
// that returns a value costs no promise; one that returns a promise is awaited before the next message.
import { InvariantError } from '../base/assert.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import { ACTOR_BATCH_MESSAGES, ACTOR_BATCHES_PER_TURN } from '../base/limits.ts';
import type { Envelope, Mailbox } from '../mailbox/envelope.ts';
import type { ActorContext, AnyActorDefinition, AnyHandler } from './definition.ts';
import { KIND } from './message-kind.ts';

/** Where an actor's answers go. */
export interface AnswerSender {
  /**
   * Sends an answer; the asker sees it after `flush()`.
   *
   * @returns a promise when there is no room yet: it settles when the answer was sent.
   */
  send(ask: Ask, kind: typeof KIND.ANSWER | typeof KIND.FAILURE, body: unknown): Promise<unknown> | undefined;
  flush(): void;
}

/** What names an ask in its answer. */
export interface Ask {
  readonly correlation: number;
  readonly incarnation: number;
}

/** Options of {@link ActorLoop}. */
export interface ActorLoopOptions {
  readonly definition: AnyActorDefinition;
  readonly context: ActorContext;
  readonly mailbox: Mailbox;
  readonly answers: AnswerSender;
  /** Waits until a message may have arrived; blocks the thread, or returns a promise. */
  readonly rest: () => Promise<unknown> | undefined;
}

const STOPPED: ExitReason = { kind: 'stopped' };
/** Thrown to leave a mailbox's `drain` after the message in hand. One object, so that it costs no stack. */
const SUSPEND = new Error('The actor takes no message now');

/** Runs one incarnation of one actor. */
export class ActorLoop {
  readonly #definition: AnyActorDefinition;
  /** By the message's type. */
  readonly #handlers: readonly (AnyHandler | undefined)[];
  readonly #context: ActorContext;
  readonly #mailbox: Mailbox;
  readonly #answers: AnswerSender;
  readonly #rest: ActorLoopOptions['rest'];
  readonly #deliver: (envelope: Envelope) => void = (envelope) => this.#handle(envelope);
  #state: unknown;
  /** What must settle before the next message is taken. */
  #pending: Promise<unknown> | undefined;
  #stop: 'running' | 'draining' | 'now' = 'running';

  constructor({ definition, context, mailbox, answers, rest }: ActorLoopOptions) {
    this.#definition = definition;
    this.#handlers = [undefined, ...Object.values(definition.on)]; // Type 0 is SYSTEM_TYPE.
    this.#context = context;
    this.#mailbox = mailbox;
    this.#answers = answers;
    this.#rest = rest;
  }

  /** Makes the state. @throws what the actor's `start` throws. */
  async start(args: unknown): Promise<void> {
    this.#state = await this.#definition.start(args, this.#context);
  }

  /** Handles messages until the actor is stopped; then its `stop` has run. @throws what makes the actor crash. */
  async run(): Promise<void> {
    let batches = 0; // Since timers had their turn.
    while (!this.#isDone()) {
      const handled = this.#takeBatch();
      this.#answers.flush();
      if (this.#pending !== undefined) {
        const pending = this.#pending;
        this.#pending = undefined;
        await pending;
        this.#answers.flush();
      } else if (handled === 0) {
        if (this.#isDone()) break; // What looked like a message was none: nobody would wake us again.
        const rested = this.#rest();
        if (rested !== undefined) await rested;
      } else if (++batches === ACTOR_BATCHES_PER_TURN) {
        batches = 0;
        await nextTurn();
      }
    }
    await this.#definition.stop?.(this.#state, this.#context, STOPPED);
  }

  #isDone(): boolean {
    return this.#stop === 'now' || (this.#stop === 'draining' && !this.#mailbox.hasMessages());
  }

  #takeBatch(): number {
    try {
      return this.#mailbox.drain(ACTOR_BATCH_MESSAGES, this.#deliver);
    } catch (error) {
      if (error === SUSPEND) return 1;
      this.#answers.flush(); // Those before the crash were earned.
      throw error;
    }
  }

  #handle(envelope: Envelope): void {
    if (envelope.isSystem) return this.#handleSystem(envelope);
    const handler = this.#handlers[envelope.type];
    if (handler === undefined) return; // The mailbox knows the same types, and has made it a dead letter.
    let result: unknown;
    try {
      result = handler(this.#state, envelope.body, this.#context);
    } catch (error) {
      if (envelope.kind !== KIND.ASK) throw error;
      return this.#fail(envelope, error);
    }
    if (isThenable(result)) {
      this.#pending = this.#finish(result, envelope.kind, { ...askOf(envelope) });
      throw SUSPEND;
    }
    if (envelope.kind === KIND.ASK) this.#answer(envelope, KIND.ANSWER, result);
  }

  #handleSystem({ kind }: Envelope): void {
    if (kind === KIND.STOP_DRAINED) {
      if (this.#stop === 'running') this.#stop = 'draining';
      return;
    }
    if (kind !== KIND.STOP_NOW) return;
    this.#stop = 'now';
    throw SUSPEND;
  }

  async #finish(result: PromiseLike<unknown>, kind: number, ask: Ask): Promise<void> {
    try {
      const value = await result;
      if (kind === KIND.ASK) await this.#answers.send(ask, KIND.ANSWER, value);
    } catch (error) {
      if (kind !== KIND.ASK) throw error;
      await this.#answers.send(ask, KIND.FAILURE, error);
      rethrowInvariant(error);
    }
  }

  #fail(envelope: Envelope, error: unknown): void {
    this.#answer(envelope, KIND.FAILURE, error);
    rethrowInvariant(error);
  }

  #answer(ask: Ask, kind: typeof KIND.ANSWER | typeof KIND.FAILURE, body: unknown): void {
    const sent = this.#answers.send(ask, kind, body);
    if (sent === undefined) return;
    this.#pending = sent;
    throw SUSPEND;
  }
}

function askOf({ correlation, incarnation }: Ask): Ask {
  return { correlation, incarnation };
}

/** A broken invariant is answered like any failure, but nobody lives on with it. */
function rethrowInvariant(error: unknown): void {
  if (error instanceof InvariantError) throw error;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Lets timers and I/O of the thread have their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
