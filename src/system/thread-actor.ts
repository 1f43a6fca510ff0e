// An actor in a thread of its own, reached over two lanes: one for what it is sent, one for what it answers.
import type { MessagePort, WorkerOptions } from 'node:worker_threads';
import type { AskDesk } from '../actor/ask-desk.ts';
import type { AnyActorDefinition } from '../actor/definition.ts';
import { vocabularyOf } from '../actor/definition.ts';
import { isActorReport } from '../actor/thread-program.ts';
import type { ActorWiring, WaitMode } from '../actor/thread-program.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import { START_MS_MAX } from '../base/limits.ts';
import { OverflowSender } from '../mailbox/overflow.ts';
import type { OverflowPolicy } from '../mailbox/overflow.ts';
import { createBell, createRingLane } from '../mailbox/ring-lane.ts';
import { RingSender } from '../mailbox/ring-sender.ts';
import { ChildThread, exitsInTime } from '../supervision/child-thread.ts';
import type { KeptThread } from '../supervision/keeper-doors.ts';
import { toError } from '../supervision/exit-reason.ts';
import { startError } from './actor-life.ts';
import type { ActorLife } from './actor-life.ts';

/** What an actor's thread is started with. */
export interface ThreadStart {
  readonly definition: AnyActorDefinition;
  readonly name: string;
  readonly args: unknown;
  readonly desk: AskDesk;
  /** The lane of the desk's mailbox that it answers on. */
  readonly lane: number;
  readonly overflow: OverflowPolicy;
  readonly ringBytes: number | undefined;
  readonly waits: WaitMode;
  /** Looks for messages before it parks; 0 where no core is free for that. */
  readonly looks: number;
  readonly workerOptions: WorkerOptions;
}

const SENDER = 1;

/** A running actor in a thread. */
export class ThreadActor implements ActorLife {
  readonly name: string;
  readonly desk: AskDesk;
  readonly sender: OverflowSender;
  readonly closed: Promise<ExitReason>;
  readonly isRemote: boolean = true;
  isUnflushed = false;
  ended: ExitReason | undefined;
  readonly #lane: number;
  readonly #child: ChildThread;
  readonly #wiring: ActorWiring;
  /** Settles with the first sign of life or death. */
  readonly #started: Promise<ExitReason | undefined>;
  #sign: (end: ExitReason | undefined) => void = () => undefined;
  #close: (reason: ExitReason) => void = () => undefined;

  /** Starts the thread; `start()` says whether the actor runs. */
  constructor(start: ThreadStart) {
    const { definition, name, desk, lane, overflow, ringBytes } = start;
    this.name = name;
    this.desk = desk;
    this.#lane = lane;
    this.#started = new Promise((resolve) => {
      this.#sign = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    const size = ringBytes === undefined ? {} : { ringBytes };
    const requests = createRingLane({ bell: createBell(), lane: 0, ...size });
    const answers = createRingLane({ bell: desk.bell, lane, ...size });
    const vocabulary = vocabularyOf(definition);
    const transport = new RingSender({
      memory: requests.memory,
      port: requests.senderPort,
      owner: SENDER,
      incarnation: SENDER,
      vocabulary,
      hasSpareCore: start.looks > 0,
    });
    this.sender = new OverflowSender({ transport, deadLetters: desk.deadLetters, policy: overflow });
    this.#wiring = {
      name,
      module: definition.module,
      args: start.args,
      waits: start.waits,
      looks: start.looks,
      requests: requests.memory,
      requestsPort: requests.receiverPort,
      answers: answers.memory,
      answersPort: answers.senderPort,
    };
    this.#child = new ChildThread(
      hostProgram(),
      { env: {}, name, ...start.workerOptions },
      {
        onReady: (child) => this.#promote(child, [requests.receiverPort, answers.senderPort]),
        onMessage: (_child, message) => this.#onMessage(message),
        onExit: (_child, reason) => this.#onExit(reason),
      },
    );
    desk.attach({ memory: answers.memory, port: answers.receiverPort });
  }

  /** @throws {QuorateError} `ERR_QUORATE_START_FAILED` with the cause; the thread has ended then. */
  async start(): Promise<void> {
    const deadline = setTimeout(() => void this.#child.end({ kind: 'hung' }), START_MS_MAX);
    const end = await this.#started;
    clearTimeout(deadline);
    if (end !== undefined) throw startError(this.name, end);
  }

  refuse(): void {
    this.ended ??= { kind: 'stopped' };
  }

  async kill(): Promise<ExitReason> {
    const ended = this.#child.end({ kind: 'hung' });
    await exitsInTime([ended]);
    return await ended;
  }

  #promote(child: KeptThread, ports: readonly MessagePort[]): void {
    try {
      child.post(this.#wiring, ports);
    } catch (error) {
      void child.end({ kind: 'crashed', error: toError(error) }); // Arguments that cannot be cloned.
    }
  }

  #onMessage(message: unknown): void {
    if (!isActorReport(message)) return; // The actor's own module may post what it likes.
    if (message.kind === 'quorate:started') this.#sign(undefined);
    else void this.#child.end({ kind: 'stopped' });
  }

  #onExit(reason: ExitReason): void {
    this.ended = reason;
    this.#sign(reason);
    this.desk.bury(this, reason, this.#lane);
    this.sender.close();
    this.#close(reason);
  }
}

/** The program of actors' threads, beside this layer from source as from the build. */
function hostProgram(): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`../../actors/host${extension}`, import.meta.url);
}
