// Threads that increment a shared counter in two steps. Source: the example `increment` of Stateright, whose comments
// list every state.
import type { StateModel } from '../../../../src/sim/explorer/explore.ts';

/** The counter, and for each thread what it has read and the step that it is at. */
export interface Increment {
  readonly shared: number;
  readonly threads: readonly { readonly read: number; readonly at: 1 | 2 | 3 }[];
}

/** The model without an invariant: an action is the thread that goes on. */
export function increment(threads: number): StateModel<Increment, number> {
  const indices = Array.from({ length: threads }, (_, index) => index);
  return {
    initial: [{ shared: 0, threads: indices.map(() => ({ read: 0, at: 1 })) }],
    actions: (state) => indices.filter((index) => state.threads[index]!.at < 3),
    apply: ({ shared, threads: all }, index) => {
      const { read, at } = all[index]!;
      if (at === 1) return { shared, threads: all.with(index, { read: shared, at: 2 }) };
      return { shared: read + 1, threads: all.with(index, { read, at: 3 }) };
    },
    identify: (state) => JSON.stringify(state),
  };
}

/** The same with threads that are interchangeable. */
export function symmetricIncrement(threads: number): StateModel<Increment, number> {
  const order = (state: Increment): Increment => ({
    ...state,
    threads: [...state.threads].sort((one, other) => one.read - other.read || one.at - other.at),
  });
  return { ...increment(threads), canonical: order };
}

/** The same with the invariant that Stateright shows to be wrong. */
export function wrongIncrement(threads: number): StateModel<Increment, number> {
  const judge = (state: Increment): string | undefined =>
    state.threads.filter(({ at }) => at === 3).length === state.shared ? undefined : 'An increment is lost';
  return { ...increment(threads), judge };
}
