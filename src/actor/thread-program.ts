// What a thread does that hosts an actor: loads the actor's module, starts it, runs it, and says so.
import type { MessagePort } from 'node:worker_threads';
import { typeError } from '../base/errors.ts';
import { NAP_MS, PARK_MS_MAX } from '../base/limits.ts';
import { DeadLetters } from '../mailbox/dead-letters.ts';
import { OverflowSender } from '../mailbox/overflow.ts';
import type { RingLaneMemory } from '../mailbox/ring-lane.ts';
import { RingMailbox } from '../mailbox/ring-mailbox.ts';
import { RingSender } from '../mailbox/ring-sender.ts';
import { Patience } from '../ring/patience.ts';
import { lookForBell } from '../ring/waiting.ts';
import { ActorLoop } from './actor-loop.ts';
import type { AnswerSender } from './actor-loop.ts';
import { isActorDefinition, vocabularyOf } from './definition.ts';
import type { AnyActorDefinition } from './definition.ts';
import { ANSWERS, ANSWER_TYPE, KIND } from './message-kind.ts';
import { inWords } from './remote-error.ts';

/** How a thread waits for messages: its event loop runs, or it blocks (faster to wake; for actors without I/O). */
export type WaitMode = 'event-loop' | 'blocking';

/** What a blank thread is sent to become an actor's. */
export interface ActorWiring {
  readonly name: string;
  readonly module: string;
  readonly args: unknown;
  readonly waits: WaitMode;
  /** Looks for messages before it parks; 0 where no core is free for that. */
  readonly looks: number;
  readonly requests: RingLaneMemory;
  readonly requestsPort: MessagePort;
  readonly answers: RingLaneMemory;
  readonly answersPort: MessagePort;
}

/** What the thread reports to the one that started it. */
export type ActorReport = { readonly kind: 'quorate:started' } | { readonly kind: 'quorate:stopped' };

/** Whether a message of an actor's thread is a report. */
export function isActorReport(message: unknown): message is ActorReport {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return false;
  return message.kind === 'quorate:started' || message.kind === 'quorate:stopped';
}

/** A number other than 0: each lane has one owner per end, and is not used again after that owner has died. */
const OWNER = 1;

/** Runs an actor in this thread until it is stopped. @throws what makes it crash, or fail to start. */
export async function runActor(wiring: ActorWiring, report: (report: ActorReport) => void): Promise<void> {
  const definition = await loadDefinition(wiring.module);
  const mailbox = new RingMailbox({
    bell: wiring.requests.bell,
    owner: OWNER,
    vocabulary: vocabularyOf(definition),
    deadLetters: new DeadLetters(),
  });
  const answers = new RingAnswers(wiring);
  const rest = restOf(wiring, mailbox);
  const loop = new ActorLoop({ definition, context: { name: wiring.name }, mailbox, answers, rest });
  await loop.start(wiring.args);
  mailbox.attach({ memory: wiring.requests, port: wiring.requestsPort });
  report({ kind: 'quorate:started' });
  await loop.run();
  mailbox.close();
  report({ kind: 'quorate:stopped' });
}

async function loadDefinition(module: string): Promise<AnyActorDefinition> {
  const loaded: { readonly default?: unknown } = await import(module);
  if (isActorDefinition(loaded.default)) return loaded.default;
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot run ${module}: its default export must be an actor`);
}

/** Looks where a core is free and that has paid of late; then blocks, or waits through the event loop. */
function restOf({ waits, looks }: ActorWiring, mailbox: RingMailbox): () => Promise<unknown> | undefined {
  const looking = new Patience();
  const napping = new Patience();
  const look = (): boolean => looks > 0 && looking.tries(() => lookForBell(mailbox.bell, looks));
  const nap = (): boolean => napping.tries(() => napFor(mailbox));
  if (waits === 'event-loop') return () => (look() || nap() ? undefined : mailbox.parkAsync());
  return () => {
    if (!look()) mailbox.park(PARK_MS_MAX);
    return undefined;
  };
}

/** A short sleep without the event loop, which takes longer to wake. @returns whether a message came. */
function napFor(mailbox: RingMailbox): boolean {
  mailbox.park(NAP_MS);
  return mailbox.hasMessages();
}

/** Answers over the lane to the asking thread. */
class RingAnswers implements AnswerSender {
  readonly #sender: OverflowSender;

  constructor({ answers, answersPort, looks }: ActorWiring) {
    const transport = new RingSender({
      memory: answers,
      port: answersPort,
      owner: OWNER,
      incarnation: OWNER,
      vocabulary: ANSWERS,
      hasSpareCore: looks > 0,
    });
    this.#sender = new OverflowSender({ transport, deadLetters: new DeadLetters(), policy: 'wait' });
  }

  send(
    { correlation, incarnation }: Parameters<AnswerSender['send']>[0],
    kind: number,
    body: unknown,
  ): Promise<unknown> | undefined {
    const envelope = { isSystem: false, type: ANSWER_TYPE, kind, target: 0, correlation, incarnation, body };
    try {
      return this.#sender.send(envelope) === 'full' ? this.#sender.sendWhenRoom(envelope) : undefined;
    } catch (error) {
      // What cannot cross is answered in words: an ask must not wait for an answer that never comes.
      const failure = { ...envelope, kind: KIND.FAILURE, body: kind === KIND.FAILURE ? inWords(body) : error };
      return this.#sender.send(failure) === 'full' ? this.#sender.sendWhenRoom(failure) : undefined;
    }
  }

  flush(): void {
    this.#sender.flush();
  }
}
