// An actor in the thread that spawned it: bodies travel by reference, and a crash takes only the actor.
import { ActorLoop } from '../actor/actor-loop.ts';
import type { Ask } from '../actor/actor-loop.ts';
import type { AskDesk } from '../actor/ask-desk.ts';
import type { AnyActorDefinition } from '../actor/definition.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import { InThreadMailbox } from '../mailbox/in-thread-mailbox.ts';
import type { OverflowPolicy, OverflowSender } from '../mailbox/overflow.ts';
import { toError } from '../supervision/exit-reason.ts';
import { startError } from './actor-life.ts';
import type { ActorLife } from './actor-life.ts';

/** What an inline actor is started with. */
export interface InlineStart {
  readonly definition: AnyActorDefinition;
  readonly name: string;
  readonly desk: AskDesk;
  readonly overflow: OverflowPolicy;
  readonly capacity: number | undefined;
}

/** A running inline actor. */
export class InlineActor implements ActorLife {
  readonly name: string;
  readonly desk: AskDesk;
  readonly sender: OverflowSender;
  readonly closed: Promise<ExitReason>;
  readonly isRemote: boolean = false;
  isUnflushed = false;
  ended: ExitReason | undefined;
  readonly #mailbox: InThreadMailbox;
  readonly #loop: ActorLoop;
  #close: (reason: ExitReason) => void = () => undefined;

  constructor({ definition, name, desk, overflow, capacity }: InlineStart) {
    this.name = name;
    this.desk = desk;
    const { deadLetters } = desk;
    this.#mailbox = new InThreadMailbox({ deadLetters, ...(capacity === undefined ? {} : { capacity }) });
    this.sender = this.#mailbox.sender(overflow);
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    const mailbox = this.#mailbox;
    this.#loop = new ActorLoop({
      definition,
      context: { name },
      mailbox,
      answers: { send: (ask, kind, body) => this.#answer(ask, kind, body), flush: () => undefined },
      rest: () => mailbox.parkAsync(),
    });
  }

  /** @throws {QuorateError} `ERR_QUORATE_START_FAILED` with the cause when the actor's `start` throws. */
  async start(args: unknown): Promise<void> {
    try {
      await this.#loop.start(args);
    } catch (thrown) {
      const reason: ExitReason = { kind: 'crashed', error: toError(thrown) };
      this.#end(reason);
      throw startError(this.name, reason);
    }
    void this.#run();
  }

  refuse(): void {
    this.ended ??= { kind: 'stopped' };
  }

  /** Nothing can end code of this thread: the actor is given up, and whoever asked it hears so. */
  kill(): Promise<ExitReason> {
    this.#end({ kind: 'hung' });
    return this.closed;
  }

  async #run(): Promise<void> {
    try {
      await this.#loop.run();
      this.#end({ kind: 'stopped' });
    } catch (error) {
      this.#end({ kind: 'crashed', error: toError(error) });
    }
  }

  #answer({ correlation, incarnation }: Ask, kind: number, body: unknown): undefined {
    if (this.desk.answer(correlation, kind, body)) return;
    const late = { isSystem: false, type: 0, kind, target: 0, correlation, incarnation, body };
    this.desk.deadLetters.add('late-reply', late);
  }

  #end(reason: ExitReason): void {
    this.ended = reason;
    this.#mailbox.close();
    this.desk.bury(this, reason);
    this.#close(reason);
  }
}
