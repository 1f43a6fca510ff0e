// Spawns actors, inline or in threads, and stops them together.
import { availableParallelism } from 'node:os';
import type { ResourceLimits, WorkerOptions } from 'node:worker_threads';
import { AskDesk } from '../actor/ask-desk.ts';
import type { ActorDefinition, ActorRef, AnyActorDefinition, Handlers, StopOptions } from '../actor/definition.ts';
import type { WaitMode } from '../actor/thread-program.ts';
import { QuorateError, integerOption } from '../base/errors.ts';
import { LANES_MAX, PARK_MS_MAX } from '../base/limits.ts';
import type { OverflowPolicy } from '../mailbox/overflow.ts';
import { chooseWait } from '../ring/waiting.ts';
import { actorRef, startError, stopActor } from './actor-life.ts';
import type { ActorLife, AnyActorRef } from './actor-life.ts';
import { toError } from '../supervision/exit-reason.ts';
import { InlineActor } from './inline-actor.ts';
import { ThreadActor } from './thread-actor.ts';

/** Options of {@link createSystem}. */
export interface SystemOptions {
  /** Most actors in threads of their own at a time, an integer from 1 to 31; default 31. */
  readonly threads?: number;
  /** Stops the system when it fires, without draining. */
  readonly signal?: AbortSignal;
}

interface CommonSpawnOptions {
  /** For errors and inspection; a number unless given. */
  readonly name?: string;
  /** Where it runs; default `thread`. Inline, bodies travel by reference: who sends one gives it away. */
  readonly place?: 'inline' | 'thread';
  /** What happens to a told message for which there is no room; default `reject`: `tell` answers `false`. */
  readonly overflow?: OverflowPolicy;
  /** Inline: messages that may wait, 1 to 65536; default 1024. */
  readonly capacity?: number;
  /** Thread: bytes of each of its two rings, a power of two from 1024 to 2^28; default 64 KiB. */
  readonly ringBytes?: number;
  /** Thread: what it does when it has nothing to do; default `event-loop`. */
  readonly waits?: WaitMode;
  /** Thread: limits of its heap. */
  readonly limits?: ResourceLimits;
  /** Thread: its environment; default empty. */
  readonly env?: NonNullable<WorkerOptions['env']>;
  /** Thread: flags of Node.js; default those of this process. */
  readonly execArgv?: string[];
}

/** Options of {@link ActorSystem.spawn}: `args` go to the actor's `start`, and cross to its thread as a clone. */
export type SpawnOptions<Args> = CommonSpawnOptions &
  (undefined extends Args ? { readonly args?: Args } : { readonly args: Args });

type AnySpawnOptions = CommonSpawnOptions & { readonly args?: unknown };

type SpawnParameters<Args> = undefined extends Args ? [options?: SpawnOptions<Args>] : [options: SpawnOptions<Args>];

/**
 * Spawns actors and stops them together. Used in the thread that created it.
 *
 * @example
 * ```ts
 * import { ActorSystem } from 'quorate/actor';
 *
 * const system = new ActorSystem();
 * await system.stop();
 * await system.stop(); // Idempotent, as `await using` needs it.
 * ```
 */
export class ActorSystem implements AsyncDisposable {
  readonly #desk: AskDesk = new AskDesk();
  readonly #lives = new Set<ActorLife>();
  /** Lanes of the desk that no thread answers on. */
  readonly #lanes: number[];
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void = () => void this.stop({ drain: false });
  #spawned = 0;
  #stopping: Promise<void> | undefined;

  /** @throws {RangeError} when an option is out of range. */
  constructor({ threads = LANES_MAX, signal }: SystemOptions = {}) {
    integerOption('threads', threads, { min: 1, max: LANES_MAX });
    this.#lanes = Array.from({ length: threads }, (_, lane) => lane).toReversed();
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  /** Actors that run. */
  get actors(): number {
    return this.#lives.size;
  }

  /**
   * Starts an actor; settles when its `start` has run.
   *
   * @throws {QuorateError} `ERR_QUORATE_START_FAILED` with the cause when it does not start; nothing is left of it
   *   then.
   * @throws {QuorateError} `ERR_QUORATE_OVERLOADED` when no more threads are allowed, `ERR_QUORATE_CLOSED` after
   *   `stop`.
   */
  async spawn<State, Args, On extends Handlers<State>>(
    definition: ActorDefinition<State, Args, On>,
    ...[options]: SpawnParameters<Args>
  ): Promise<ActorRef<On>> {
    const ref = await this.#spawn(definition, options ?? {});
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made from the names of `On`
    return ref as AnyActorRef & ActorRef<On>;
  }

  /** Stops all actors, those spawned last first. Idempotent. */
  stop(options?: StopOptions): Promise<void> {
    this.#stopping ??= this.#stopAll(options);
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #spawn(definition: AnyActorDefinition, options: AnySpawnOptions): Promise<AnyActorRef> {
    if (this.#stopping !== undefined) throw closedError();
    const life = options.place === 'inline' ? this.#inline(definition, options) : this.#thread(definition, options);
    this.#lives.add(life);
    void life.closed.then(() => this.#lives.delete(life));
    await life.start(options.args);
    return actorRef(definition, life);
  }

  #inline(definition: AnyActorDefinition, options: AnySpawnOptions): InlineActor {
    const { overflow = 'reject', capacity } = options;
    return new InlineActor({ definition, name: this.#nameOf(options), desk: this.#desk, overflow, capacity });
  }

  #thread(definition: AnyActorDefinition, options: AnySpawnOptions): ThreadActor {
    const lane = this.#lanes.pop();
    if (lane === undefined) throw overloadedError();
    const name = this.#nameOf(options);
    try {
      const life = this.#startThread(definition, { ...options, name }, lane);
      void life.closed.then(() => this.#lanes.push(lane));
      return life;
    } catch (error) {
      this.#lanes.push(lane); // Node refused the options.
      throw startError(name, { kind: 'crashed', error: toError(error) });
    }
  }

  #startThread(
    definition: AnyActorDefinition,
    options: AnySpawnOptions & { readonly name: string },
    lane: number,
  ): ThreadActor {
    const { name, args, overflow = 'reject', ringBytes, waits = 'event-loop', limits, env, execArgv } = options;
    const workerOptions: WorkerOptions = {
      ...(limits === undefined ? {} : { resourceLimits: limits }),
      ...(env === undefined ? {} : { env }),
      ...(execArgv === undefined ? {} : { execArgv }),
    };
    const remote = [...this.#lives].filter(({ isRemote }) => isRemote).length;
    const busyThreads = remote + 2; // With the one that is started here, and the one that asks.
    const { looks } = chooseWait({ cores: availableParallelism(), busyThreads, parkMs: PARK_MS_MAX });
    const desk = this.#desk;
    return new ThreadActor({
      definition,
      name,
      args,
      desk,
      lane,
      overflow,
      ringBytes,
      waits,
      looks,
      workerOptions,
    });
  }

  #nameOf({ name }: CommonSpawnOptions): string {
    this.#spawned++;
    return name ?? `actor-${this.#spawned}`;
  }

  async #stopAll(options?: StopOptions): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    for (const life of [...this.#lives].toReversed()) await stopActor(life, options);
    this.#desk.close();
  }
}

/**
 * Creates an actor system; see `actor` for what runs in it.
 *
 * @throws {RangeError} when an option is out of range.
 * @example
 * ```ts
 * import { createSystem } from 'quorate/actor';
 *
 * const system = createSystem({ threads: 4 });
 * console.log(system.actors); // 0
 * await system.stop();
 * ```
 */
export function createSystem(options?: SystemOptions): ActorSystem {
  return new ActorSystem(options);
}

function closedError(): QuorateError {
  return new QuorateError('ERR_QUORATE_CLOSED', 'Cannot spawn an actor: the system was stopped');
}

function overloadedError(): QuorateError {
  return new QuorateError('ERR_QUORATE_OVERLOADED', 'Cannot spawn an actor: as many threads run as are allowed');
}
