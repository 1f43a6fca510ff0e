// Asks on virtual time. What AskDesk does with rings and the system's timers, with the same outcomes: every ask of a
// living asker settles, by its answer, its deadline, its signal or the death of whom it asked.
import { QuorateError, integerOption } from '../../base/errors.ts';
import type { ExitReason } from '../../base/exit-reason.ts';
import { PENDING_MAX, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../../base/limits.ts';
import { deadError } from '../../actor/ask-desk.ts';
import type { AskOptions } from '../../actor/definition.ts';
import { CorrelationTable } from '../../mailbox/correlation-table.ts';
import type { SendOutcome } from '../../mailbox/envelope.ts';
import type { ScheduledEvent } from '../engine/event-queue.ts';
import type { Party, Waiting, World } from './world.ts';

/** What is asked of whom. */
export interface SimQuestion {
  /** Names the question in errors, such as `counter.add`. */
  readonly text: string;
  /** Why the actor takes no message any more. */
  readonly ended: ExitReason | undefined;
  /** Sends it. */
  send(correlation: number): SendOutcome;
}

interface OpenAsk {
  readonly party: Party;
  readonly text: string;
  readonly waiting: Waiting<unknown>;
  readonly deadline: ScheduledEvent;
  readonly onAbort: (() => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The open asks of a run. */
export class SimDesk {
  readonly #world: World;
  readonly #asks: CorrelationTable<OpenAsk> = new CorrelationTable(PENDING_MAX);

  constructor(world: World) {
    this.#world = world;
  }

  /** Asks open, of the living. */
  get open(): number {
    return this.#asks.size;
  }

  /** Asks, for whoever acts now. */
  async ask(question: SimQuestion, { timeoutMs = TIMEOUT_MS_DEFAULT, signal }: AskOptions = {}): Promise<unknown> {
    const { text, ended } = question;
    const party = this.#world.actor;
    if (ended !== undefined) throw deadError(text, ended);
    integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX });
    if (signal?.aborted === true) throw abortedError(text, signal);
    const waiting = this.#world.wait<unknown>(party);
    if (!party.isAlive) return await waiting.promise;
    const correlation = this.#open({ party, text, waiting, signal }, timeoutMs);
    if (correlation === 0) {
      waiting.reject(new QuorateError('ERR_QUORATE_OVERLOADED', `Cannot ask ${text}: ${PENDING_MAX} asks are open`));
    } else {
      this.#send(question, correlation);
    }
    return await waiting.promise;
  }

  /** Settles an ask. @returns `false` when it is not open: the answer is late. */
  settle(correlation: number, failure: boolean, value: unknown): boolean {
    const ask = this.#close(correlation);
    if (ask === undefined) return false;
    this.#world.act(ask.party, () => (failure ? ask.waiting.reject(value) : ask.waiting.resolve(value)));
    return true;
  }

  /** Settles an ask whose actor is dead. */
  bury(correlation: number, text: string, reason: ExitReason): void {
    this.settle(correlation, true, deadError(text, reason));
  }

  /** Forgets the asks of a party that has crashed. */
  forget(party: Party): void {
    for (const ask of this.#asks.takeAll((open) => open.party === party)) release(ask);
  }

  #open({ party, text, waiting, signal }: Omit<OpenAsk, 'deadline' | 'onAbort'>, timeoutMs: number): number {
    let correlation = 0;
    const onAbort = signal === undefined ? undefined : (): void => this.#fail(correlation, abortedError(text, signal));
    const deadline = this.#world.engine.schedule(timeoutMs * 1000, party.node, () => {
      const message = `Cannot wait longer for ${text}: no answer in ${timeoutMs} ms`;
      this.settle(correlation, true, new QuorateError('ERR_QUORATE_TIMEOUT', message));
    });
    correlation = this.#asks.open({ party, text, waiting, deadline, onAbort, signal });
    if (correlation === 0) deadline.run = undefined;
    else if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
    return correlation;
  }

  #send(question: SimQuestion, correlation: number): void {
    const { text, ended } = question;
    try {
      const outcome = question.send(correlation);
      if (outcome === 'sent') return;
      if (outcome === 'closed') return this.#fail(correlation, deadError(text, ended ?? { kind: 'stopped' }));
      const full = `Cannot ask ${text}: its mailbox is full`;
      this.#fail(correlation, new QuorateError('ERR_QUORATE_MAILBOX_FULL', full));
    } catch (error) {
      this.#fail(correlation, error);
    }
  }

  /** Fails an ask in the asker's own turn. */
  #fail(correlation: number, error: unknown): void {
    this.#close(correlation)?.waiting.reject(error);
  }

  #close(correlation: number): OpenAsk | undefined {
    const ask = this.#asks.take(correlation);
    if (ask !== undefined) release(ask);
    return ask;
  }
}

function release({ deadline, onAbort, signal }: OpenAsk): void {
  deadline.run = undefined;
  if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
}

function abortedError(text: string, signal: AbortSignal): QuorateError {
  return new QuorateError('ERR_QUORATE_ABORTED', `Cannot wait for ${text}: the ask was aborted`, {
    cause: signal.reason,
  });
}
