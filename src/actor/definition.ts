// What an actor is: handlers by message name, a state that only they see, and hooks for start and stop. One definition
// runs in a thread of its own or inline; the types split its messages into those that are told and those that are
// asked.
import { typeError } from '../base/errors.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import { MESSAGE_TYPES_MAX } from '../base/limits.ts';
import type { Layout } from '../mailbox/body-layout.ts';
import { vocabulary } from '../mailbox/vocabulary.ts';
import type { Vocabulary } from '../mailbox/vocabulary.ts';

/** What an actor's own code knows about where it runs. */
export interface ActorContext {
  readonly name: string;
}

/**
 * Handles one message. What it returns, or what its promise resolves to, answers an ask; a handler that returns nothing
 * can only be told. An error that it throws answers the ask; where the message was told, there is nobody to answer, and
 * the actor crashes.
 */
export type Handler<State> = (state: State, body: never, context: ActorContext) => unknown;

/** Handlers by message name. */
export type Handlers<State> = Readonly<Record<string, Handler<State>>>;

/** What {@link actor} is given. */
export interface ActorShape<State, Args, On> {
  /**
   * Makes the state of a new incarnation. When it throws, the actor has not started. Write out the types of its
   * parameters: the state's type, which the handlers know, is what it returns.
   */
  start(args: Args, context: ActorContext): State | Promise<State>;
  readonly on: On;
  /** Runs when the actor is stopped, not when it crashes. */
  stop?(state: State, context: ActorContext, reason: ExitReason): void | Promise<void>;
  /** Fixed layouts of hot messages, by name: they cross threads without a codec. */
  readonly layouts?: { readonly [Name in keyof On]?: Layout<unknown> };
}

/** An actor's definition: what `spawn` starts. */
export interface ActorDefinition<State, Args, On> extends ActorShape<State, Args, On> {
  readonly kind: 'quorate:actor';
  /** The module whose default export this is: its code is what crosses to another thread. */
  readonly module: string;
}

/**
 * Defines an actor. A module defines one, as its default export, and gives its own address.
 *
 * @param module `import.meta.url`.
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it has no message, or too many.
 * @example
 * ```ts
 * import { actor, createSystem } from 'quorate/actor';
 *
 * const account = actor(import.meta.url, { // In a module of its own: export default actor(...)
 *   start: (args: { readonly total: number }) => ({ total: args.total }),
 *   on: {
 *     credit(state, amount: number): void { state.total += amount; }, // Returns nothing: told.
 *     balance: (state): number => state.total, // Returns something: asked.
 *   },
 * });
 * const system = createSystem();
 * const ref = await system.spawn(account, { place: 'inline', args: { total: 1 } });
 * ref.tell.credit(41);
 * console.log(await ref.ask.balance()); // 42
 * await system.stop();
 * ```
 */
export function actor<State, Args, On extends Handlers<State>>(
  module: string,
  shape: ActorShape<State, Args, On>,
): ActorDefinition<State, Args, On> {
  const count = Object.keys(shape.on).length;
  if (count === 0 || count >= MESSAGE_TYPES_MAX) {
    const allowed = `from 1 to ${MESSAGE_TYPES_MAX - 1}`;
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot define an actor with ${count} messages: ${allowed}`);
  }
  return { ...shape, kind: 'quorate:actor', module };
}

/** Whether a module's export is an actor's definition, whatever its types. */
export function isActorDefinition(value: unknown): value is AnyActorDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'quorate:actor';
}

/** A handler whose types were checked where the actor was defined; a method's parameters are bivariant. */
export type AnyHandler = { call(state: unknown, body: unknown, context: ActorContext): unknown }['call'];

/** A definition whose types were checked where it was written. */
export interface AnyActorDefinition {
  readonly module: string;
  readonly on: Readonly<Record<string, AnyHandler>>;
  readonly layouts?: Readonly<Record<string, Layout<unknown> | undefined>>;
  start(args: unknown, context: ActorContext): unknown;
  stop?(state: unknown, context: ActorContext, reason: ExitReason): void | Promise<void>;
}

/** The type of system messages; those of the handlers follow, in the order of `on`. */
export const SYSTEM_TYPE = 0;

/** The codecs of an actor's messages by type. */
export function vocabularyOf({ on, layouts = {} }: Pick<AnyActorDefinition, 'on' | 'layouts'>): Vocabulary {
  return vocabulary(['plain', ...Object.keys(on).map((name) => layouts[name] ?? ('plain' as const))]);
}

/** The body that a handler takes. */
export type BodyOf<H> = H extends (state: never, ...rest: infer Rest) => unknown
  ? Rest extends readonly []
    ? undefined
    : Rest[0]
  : never;

/** Names of the messages that are told: their handlers return nothing. */
export type TellNames<On> = { [Name in keyof On]: IsTold<On[Name]> extends true ? Name : never }[keyof On];
/** Names of the messages that are asked: their handlers return a value. */
export type AskNames<On> = Exclude<keyof On, TellNames<On>>;

type IsTold<H> = H extends (...parameters: never[]) => infer Result
  ? Result extends void | Promise<void>
    ? true
    : false
  : never;
type AnswerOf<H> = H extends (...parameters: never[]) => infer Result ? Awaited<Result> : never;
/** A message without a body needs none. */
type BodyParameters<Body> = undefined extends Body ? [body?: Body] : [body: Body];
type AskParameters<Body> = undefined extends Body
  ? [body?: Body, options?: AskOptions]
  : [body: Body, options?: AskOptions];

/** Options of an ask. */
export interface AskOptions {
  /** Deadline in milliseconds, looked at every 25 ms; default 5,000. */
  readonly timeoutMs?: number;
  /** Gives up when it fires. The actor handles the message all the same; its late answer is dropped. */
  readonly signal?: AbortSignal;
}

/**
 * Tells by name. Synchronous; `false` when the message was not taken: the mailbox is full, or the actor has stopped.
 */
export type Tells<On> = {
  readonly [Name in TellNames<On>]: (...parameters: BodyParameters<BodyOf<On[Name]>>) => boolean;
};

/**
 * Asks by name. Every ask settles: with the answer, with what the handler threw, or with a QuorateError:
 * `ERR_QUORATE_TIMEOUT`, `ERR_QUORATE_ABORTED`, `ERR_QUORATE_MAILBOX_FULL`, `ERR_QUORATE_OVERLOADED`, or
 * `ERR_QUORATE_ACTOR_DEAD` with the exit reason.
 */
export type Asks<On> = {
  readonly [Name in AskNames<On>]: (...parameters: AskParameters<BodyOf<On[Name]>>) => Promise<AnswerOf<On[Name]>>;
};

/** Options of {@link ActorRef.stop}. */
export interface StopOptions {
  /** Whether messages that wait are handled first; default true. */
  readonly drain?: boolean;
  /** After so long the actor is ended, whatever it does, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
}

/** A running actor, as others see it. Used in the thread that spawned it. */
export interface ActorRef<On> extends AsyncDisposable {
  readonly name: string;
  readonly tell: Tells<On>;
  readonly ask: Asks<On>;
  /** Settles when the actor has ended, with the reason. */
  readonly closed: Promise<ExitReason>;
  /** Stops the actor; settles when it has ended. Idempotent. */
  stop(options?: StopOptions): Promise<ExitReason>;
}
