// The asks of one thread and the mailbox that their answers come to. Every ask that is opened here settles: by its
// answer, its deadline, its signal, or the death of whom it asked.
import { QuorateError, integerOption } from '../base/errors.ts';
import { nowMs } from '../base/clock.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import { exitReasonText } from '../base/exit-reason.ts';
import { ASK_TICK_MS, ACTOR_BATCH_MESSAGES, PENDING_MAX, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { CorrelationTable } from '../mailbox/correlation-table.ts';
import { DeadLetters } from '../mailbox/dead-letters.ts';
import type { Envelope } from '../mailbox/envelope.ts';
import { createBell } from '../mailbox/ring-lane.ts';
import { RingMailbox } from '../mailbox/ring-mailbox.ts';
import type { RingLaneEnd } from '../mailbox/ring-mailbox.ts';
import type { AskOptions } from './definition.ts';
import { ANSWERS, KIND } from './message-kind.ts';
import { rethrowHere } from './remote-error.ts';

/** An ask that is open. */
interface OpenAsk {
  /** Whom it asks; only compared. */
  readonly actor: object;
  readonly text: string;
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (thrown: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
}

/** An ask to open. */
export interface AskRequest {
  readonly actor: object;
  /** Names the ask in errors. */
  readonly text: string;
  readonly options: AskOptions;
  /** Sends it under its number. @returns why it could not be sent. */
  readonly send: (correlation: number) => QuorateError | undefined;
}

/** The asks of one thread. */
export class AskDesk {
  /** The doorbell that answers ring. */
  readonly bell: SharedArrayBuffer = createBell();
  readonly deadLetters: DeadLetters = new DeadLetters();
  readonly #mailbox: RingMailbox;
  readonly #asks: CorrelationTable<OpenAsk> = new CorrelationTable(PENDING_MAX);
  readonly #deliver: (envelope: Envelope) => void = (envelope) => this.#onEnvelope(envelope);
  #timer: NodeJS.Timeout | undefined;
  #isPumping = false;
  #isClosed = false;

  constructor() {
    const { bell, deadLetters } = this;
    this.#mailbox = new RingMailbox({ bell, owner: 1, vocabulary: ANSWERS, deadLetters });
  }

  /** Asks. @throws {RangeError} when `timeoutMs` is out of range. */
  ask({ actor, text, options, send }: AskRequest): Promise<unknown> {
    const { timeoutMs = TIMEOUT_MS_DEFAULT, signal } = options;
    integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX });
    if (signal?.aborted === true) return Promise.reject(abortedError(text, signal));
    const answered = new Promise((resolve, reject) => {
      const onAbort =
        signal === undefined ? undefined : (): void => this.#settle(correlation)?.reject(abortedError(text, signal));
      const deadlineMs = nowMs() + timeoutMs;
      const correlation = this.#asks.open({ actor, text, deadlineMs, timeoutMs, resolve, reject, signal, onAbort });
      if (correlation === 0) return reject(overloadedError(text));
      if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
      this.#keepAwake();
      const refused = trySend(send, correlation);
      if (refused !== undefined) this.#settle(correlation)?.reject(refused);
    });
    // A reaction on the very promise that the asker awaits knows the asker's stack; it costs only when it fails.
    return answered.then(undefined, rethrowHere);
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
    void this.#pump();
  }

  /** An actor is dead: settles its asks, after the answers that it has still given. */
  bury(actor: object, reason: ExitReason, lane?: number): void {
    this.#drain(PENDING_MAX); // No more asks can be open than that.
    for (const ask of this.#asks.takeAll((open) => open.actor === actor)) {
      release(ask).reject(deadError(ask.text, reason));
    }
    this.#keepAwake();
    if (lane !== undefined) this.#mailbox.detach(lane);
  }

  /** Asks that are open. */
  get open(): number {
    return this.#asks.size;
  }

  /** Lets go of everything; open asks were buried before. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#mailbox.close();
    this.#mailbox.bell.command(1); // Wakes the pump, which then ends.
  }

  #settle(correlation: number): OpenAsk | undefined {
    const ask = this.#asks.take(correlation);
    if (ask === undefined) return undefined;
    if (this.#asks.size === 0) this.#timer?.unref();
    return release(ask);
  }

  #onEnvelope(envelope: Envelope): void {
    if (!this.answer(envelope.correlation, envelope.kind, envelope.body)) this.deadLetters.add('late-reply', envelope);
  }

  #drain(messagesMax: number): void {
    this.#mailbox.drain(messagesMax, this.#deliver);
  }

  /** Runs as long as the desk is open; a pending wait does not keep the process alive. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (!this.#isClosed) {
      this.#drain(ACTOR_BATCH_MESSAGES);
      const parked = this.#mailbox.parkAsync();
      await (parked ?? nextTurn());
    }
  }

  /** One timer for all asks: it looks at deadlines, and keeps the process alive while asks are open. */
  #keepAwake(): void {
    if (this.#asks.size === 0) return void this.#timer?.unref();
    if (this.#timer !== undefined) return void this.#timer.ref();
    this.#timer = setInterval(() => this.#tick(), ASK_TICK_MS);
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
      release(ask).reject(timeoutError(ask));
    }
  }
}

function trySend(send: AskRequest['send'], correlation: number): unknown {
  try {
    return send(correlation);
  } catch (error) {
    return error;
  }
}

/** A settled ask listens to its signal no longer: long-lived signals would keep all asks alive. */
function release(ask: OpenAsk): OpenAsk {
  if (ask.onAbort !== undefined) ask.signal?.removeEventListener('abort', ask.onAbort);
  return ask;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What those hear who ask a dead actor. */
export function deadError(text: string, reason: ExitReason): QuorateError {
  const cause = reason.kind === 'crashed' ? { cause: reason.error } : {};
  const message = `Cannot ask ${text}: the actor has ended (${exitReasonText(reason)})`;
  return new QuorateError('ERR_QUORATE_ACTOR_DEAD', message, { ...cause, fields: { reason } });
}

function timeoutError({ text, timeoutMs }: OpenAsk): QuorateError {
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
