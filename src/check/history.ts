// What all checkers read: the operations of a history, and what a checker says about them.

/** One operation of one client on one object. */
export interface Operation {
  /** Who called: a process has at most one open call. */
  readonly process: string | number;
  /** The object that it touches; models of one object ignore it. Keys are checked apart: linearizability is local. */
  readonly key?: string;
  /** What was called: a function of the model, such as `read`. */
  readonly call: string;
  readonly input: unknown;
  /** What it returned; `undefined` while it is open. */
  readonly output: unknown;
  /** Position of its call in the history. It precedes another where its `end` is below the other's `start`. */
  readonly start: number;
  /** Position of its return; `Infinity` when it never returned: it takes effect at any later time, or never. */
  readonly end: number;
}

/** Why no order of the operations explains a history, in as few operations as were found. */
export interface Explanation {
  /** The object whose history is wrong; `undefined` where the model has only one. */
  readonly key: string | undefined;
  /** The operation that no order explains, once all others are explained as far as they can be. */
  readonly impossible: Operation;
  /** The operations that are already illegal by themselves, {@link impossible} among them, by `start`. */
  readonly operations: readonly Operation[];
  /** A longest order of operations, each within its time, that the model allows. */
  readonly order: readonly Operation[];
  /** The same for people, a few lines. */
  readonly text: string;
}

/** What a checker found. `unknown` means that it gave up within its limits: it never counts as a pass. */
export type Verdict =
  | { readonly verdict: 'ok'; readonly operations: number }
  | { readonly verdict: 'illegal'; readonly operations: number; readonly explanation: Explanation }
  | { readonly verdict: 'unknown'; readonly operations: number; readonly reason: string };
