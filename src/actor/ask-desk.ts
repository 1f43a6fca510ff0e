// The asks of one thread and the mailbox that their answers come to. Every ask that is opened here settles: by its
// answer, its deadline, its signal, or the death of whom it asked.
import { QuorateError, integerOption } from '../base/errors.ts';
import { nowMs } from '../base/clock.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import { exitReasonText } from '../base/exit-reason.ts';
import { ASK_TICK_MS, ACTOR_BATCH_MESSAGES, PENDING_MAX, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { CorrelationTable } from '../mailbox/correlation-table.ts';
import { DeadLetters } from '../mailbox/dead-letters.ts';
import type { Envelope, MailboxSender } from '../mailbox/envelope.ts';
import { createBell } from '../mailbox/ring-lane.ts';
import { RingMailbox } from '../mailbox/ring-mailbox.ts';
import type { RingLaneEnd } from '../mailbox/ring-mailbox.ts';
import { AskTurns } from './ask-turns.ts';
import type { Unflushed } from './ask-turns.ts';
import type { AskOptions } from './definition.ts';
import { ANSWERS, KIND } from './message-kind.ts';
import { rethrowHere } from './remote-error.ts';

/** What a desk needs of an actor that is asked. */
export interface AskedActor extends Unflushed {
  readonly sender: MailboxSender;
  /** Whether it lives in another thread. */
  readonly isRemote: boolean;
  /** Why it takes no message any more. */
  readonly ended: ExitReason | undefined;
}

/** A kind of question. */
export interface Question {
  readonly actor: AskedActor;
  readonly type: number;
  /** Names the question in errors. */
  readonly text: string;
}

/** An ask that is open. */
class OpenAsk {
  readonly question: Question;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly answered: Promise<unknown>;
  resolve: (answer: unknown) => void = () => undefined;
  signal: AbortSignal | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;

  constructor(question: Question, timeoutMs: number) {
    this.question = question;
    this.timeoutMs = timeoutMs;
    this.deadlineMs = nowMs() + timeoutMs;
    this.answered = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /**
   * Fails with the asker's stack beside that of the failure. The stack is that of the reaction which fails, so only an
   * ask that fails pays for one: a reaction on every ask took 12 % of its processor time.
   */
  reject(thrown: unknown): void {
    // Fails a microtask later, so that the asker's promise follows this one when the reaction runs.
    const failing = new Promise((_, reject) => queueMicrotask(() => reject(thrown)));
    this.resolve(failing.then(undefined, rethrowHere));
  }
}

const DEFAULTS: AskOptions = {};

/** The asks of one thread. */
export class AskDesk {
  /** The doorbell that answers ring. */
  readonly bell: SharedArrayBuffer = createBell();
  readonly deadLetters: DeadLetters = new DeadLetters();
  readonly #mailbox: RingMailbox;
  readonly #turns: AskTurns;
  readonly #asks: CorrelationTable<OpenAsk> = new CorrelationTable(PENDING_MAX);
  /** Open asks that other threads answer. */
  #owed = 0;
  readonly #deliver: (envelope: Envelope) => void = (envelope) => this.#onEnvelope(envelope);
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    const { bell, deadLetters } = this;
    this.#mailbox = new RingMailbox({ bell, owner: 1, vocabulary: ANSWERS, deadLetters });
    this.#turns = new AskTurns({
      mailbox: this.#mailbox,
      drain: () => this.#drain(ACTOR_BATCH_MESSAGES),
      isOwed: () => this.#owed > 0,
    });
  }

  /** Asks. @throws {RangeError} when `timeoutMs` is out of range. */
  ask(question: Question, body: unknown, options: AskOptions = DEFAULTS): Promise<unknown> {
    const { actor, text } = question;
    const { timeoutMs = TIMEOUT_MS_DEFAULT, signal } = options;
    if (actor.ended !== undefined) return Promise.reject(deadError(text, actor.ended));
    integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX });
    if (signal?.aborted === true) return Promise.reject(abortedError(text, signal));
    const ask = new OpenAsk(question, timeoutMs);
    this.#open(ask, body, signal);
    return ask.answered;
  }

  /** Answers an ask of this thread directly: for actors that live in it. */
  answer(correlation: number, kind: number, body: unknown): boolean {
    const ask = this.#settle(correlation);
    if (ask === undefined) return false;
    if (kind === KIND.FAILURE) ask.reject(body);
    else ask.resolve(body);
    return true;
  }

  /** Attaches the lane that an actor in another thread answers on. */
  attach(lane: RingLaneEnd): void {
    this.#mailbox.attach(lane);
    this.#turns.wait();
  }

  /** An actor is dead: settles its asks, after the answers that it has still given. */
  bury(actor: AskedActor, reason: ExitReason, lane?: number): void {
    this.#drain(PENDING_MAX); // No more asks can be open than that.
    for (const ask of this.#asks.takeAll(({ question }) => question.actor === actor)) {
      this.#release(ask).reject(deadError(ask.question.text, reason));
    }
    if (lane !== undefined) this.#mailbox.detach(lane);
  }

  /** Asks that are open. */
  get open(): number {
    return this.#asks.size;
  }

  /** Lets go of everything; open asks were buried before. */
  close(): void {
    clearInterval(this.#timer);
    this.#turns.close();
    this.#mailbox.close();
    this.#mailbox.bell.command(1); // Ends the wait under way.
  }

  #open(ask: OpenAsk, body: unknown, signal: AbortSignal | undefined): void {
    const { actor, text } = ask.question;
    const correlation = this.#asks.open(ask);
    if (correlation === 0) return ask.reject(overloadedError(text));
    if (actor.isRemote) this.#owed++;
    if (signal !== undefined) {
      ask.signal = signal;
      ask.onAbort = (): void => this.#settle(correlation)?.reject(abortedError(text, signal));
      signal.addEventListener('abort', ask.onAbort, { once: true });
    }
    this.#keepAwake();
    const refused = this.#send(ask.question, correlation, body);
    if (refused !== undefined) this.#settle(correlation)?.reject(refused);
  }

  /** @returns why it could not be sent. */
  #send({ actor, type, text }: Question, correlation: number, body: unknown): unknown {
    const envelope = { isSystem: false, type, kind: KIND.ASK, target: 0, correlation, incarnation: 0, body };
    try {
      const outcome = actor.sender.send(envelope);
      this.#turns.flushSoon(actor);
      if (outcome === 'sent') return undefined;
      if (outcome === 'closed') return deadError(text, actor.ended ?? { kind: 'stopped' });
      return new QuorateError('ERR_QUORATE_MAILBOX_FULL', `Cannot ask ${text}: its mailbox is full`);
    } catch (error) {
      return error;
    }
  }

  #settle(correlation: number): OpenAsk | undefined {
    const ask = this.#asks.take(correlation);
    return ask === undefined ? undefined : this.#release(ask);
  }

  /** A settled ask listens to its signal no longer: long-lived signals would keep all asks alive. */
  #release(ask: OpenAsk): OpenAsk {
    if (ask.question.actor.isRemote) this.#owed--;
    if (ask.onAbort !== undefined) ask.signal?.removeEventListener('abort', ask.onAbort);
    return ask;
  }

  #onEnvelope(envelope: Envelope): void {
    if (!this.answer(envelope.correlation, envelope.kind, envelope.body)) this.deadLetters.add('late-reply', envelope);
  }

  #drain(messagesMax: number): void {
    this.#mailbox.drain(messagesMax, this.#deliver);
  }

  /** One timer for all asks: it looks at deadlines, and keeps the process alive while asks are open. */
  #keepAwake(): void {
    this.#timer ??= setInterval(() => this.#tick(), ASK_TICK_MS);
  }

  #tick(): void {
    if (this.#asks.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#drain(PENDING_MAX); // Where this thread was blocked, answers may lie here that came in time.
    const atMs = nowMs();
    for (const ask of this.#asks.takeAll((open) => open.deadlineMs <= atMs)) {
      this.#release(ask).reject(timeoutError(ask));
    }
  }
}

/** What those hear who ask a dead actor. */
export function deadError(text: string, reason: ExitReason): QuorateError {
  const cause = reason.kind === 'crashed' ? { cause: reason.error } : {};
  const message = `Cannot ask ${text}: the actor has ended (${exitReasonText(reason)})`;
  return new QuorateError('ERR_QUORATE_ACTOR_DEAD', message, { ...cause, fields: { reason } });
}

function timeoutError({ question: { text }, timeoutMs }: OpenAsk): QuorateError {
  return new QuorateError('ERR_QUORATE_TIMEOUT', `Cannot wait longer for ${text}: no answer in ${timeoutMs} ms`);
}

function abortedError(text: string, signal: AbortSignal): QuorateError {
  return new QuorateError('ERR_QUORATE_ABORTED', `Cannot wait for ${text}: the ask was aborted`, {
    cause: signal.reason,
  });
}

function overloadedError(text: string): QuorateError {
  return new QuorateError('ERR_QUORATE_OVERLOADED', `Cannot ask ${text}: ${PENDING_MAX} asks are open`);
}
