// What an object does, one operation at a time: the sequential specification that a history is checked against.
import type { Operation } from './history.ts';

/** Said by {@link Model.step} where the object could not have answered so. */
export const ILLEGAL: unique symbol = Symbol('illegal');

/** The output of an operation that returned, but nobody noted what: any answer that the object gives satisfies it. */
export const ANY: unique symbol = Symbol('any');

/** What an operation says about a register: `nothing` when it may be left out. */
export type RegisterView =
  | { readonly kind: 'read'; readonly value: unknown }
  | { readonly kind: 'write'; readonly value: unknown }
  | { readonly kind: 'nothing' };

/** What an operation says about a queue: `take` may have dequeued any item, `empty` found none. */
export type QueueView =
  | { readonly kind: 'enqueue'; readonly item: unknown }
  | { readonly kind: 'dequeue'; readonly item: unknown }
  | { readonly kind: 'take' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'nothing' };

/** A sequential object. `State` is a value: a step returns another one and changes none. */
export interface Model<State = unknown> {
  /** As on the command line, such as `cas-register`. */
  readonly name: string;
  readonly initial: State;
  /** Whether the operations of different keys touch different objects, which are then checked apart. */
  readonly isKeyed: boolean;
  /**
   * The state after the operation, or {@link ILLEGAL} when the object would not have returned its output. An operation
   * that never returned (`end` is `Infinity`) may return anything. What it does depends on the operation's `call`,
   * `input`, `output` and whether it returned, and on nothing else.
   */
  step(state: State, operation: Operation): State | typeof ILLEGAL;
  /** A primitive that is equal for equal states, and only for those. */
  identify(state: State): string | number | boolean | null | undefined;
  /** The operation for people, such as `write 3` or `read -> 4`. */
  describe(operation: Operation): string;
  /**
   * Whether the operation leaves every state as it is: then it is never worth waiting with it. `false` is always right,
   * and so is leaving this out; both cost time.
   */
  isRead?(operation: Operation): boolean;
  /**
   * What the operation is to a register that holds {@link initial} at first and what was written last after that;
   * `undefined` when it is neither a read nor a write of one. Histories of such, where no value is written twice, are
   * checked in one pass. Leaving it out costs time.
   */
  asRegister?(operation: Operation): RegisterView | undefined;
  /**
   * The same for a first-in, first-out queue, empty at first, for histories where no item is enqueued twice.
   * A `take` is a dequeue that never returned, and `nothing` may be left out. Without this, many items at a time are
   * too many for a search.
   */
  asQueue?(operation: Operation): QueueView | undefined;
}

/** Limits of a search; one that reaches them answers `unknown`. */
export interface SearchLimits {
  /** Most configurations that it looks at, over all keys; default 50 million. */
  readonly stepsMax?: number;
  /** Most bytes that it keeps for its memo, over all keys; default 512 MiB. */
  readonly memoBytesMax?: number;
}
