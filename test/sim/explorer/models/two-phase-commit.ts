// Two-phase commit as in the TLA+ Examples and in Stateright. Source: Gray and Lamport, "Consensus on Transaction
// Commit" (2006), section 3: the module TwoPhase.
import { unreachable } from '../../../../src/base/assert.ts';
import type { StateModel } from '../../../../src/sim/explorer/explore.ts';

/** `w`orking, `p`repared, `c`ommitted, `a`borted. */
type Manager = 'w' | 'p' | 'c' | 'a';

/** A state; lists are by resource manager. */
export interface TwoPhase {
  readonly managers: readonly Manager[];
  /** The transaction manager: `i`nit, `c`ommitted, `a`borted. */
  readonly coordinator: 'i' | 'c' | 'a';
  /** Whose Prepared message the transaction manager has received. */
  readonly heard: readonly boolean[];
  /** Whose Prepared message was sent: messages stay for ever. */
  readonly sent: readonly boolean[];
}

type Action = readonly ['commit' | 'abort' | 'hear' | 'prepare' | 'give up' | 'obey commit' | 'obey abort', number];

/** The model; `isBroken` lets the transaction manager commit before it has heard everybody. */
export function twoPhaseCommit(count: number, isBroken = false): StateModel<TwoPhase, Action> {
  const managers = Array.from({ length: count }, (_, index) => index);
  return {
    initial: [
      {
        managers: managers.map(() => 'w' as const),
        coordinator: 'i',
        heard: managers.map(() => false),
        sent: managers.map(() => false),
      },
    ],
    actions: (state) => {
      const actions: Action[] = [];
      const isOpen = state.coordinator === 'i';
      const isReady = isBroken ? state.heard.some(Boolean) : state.heard.every(Boolean);
      if (isOpen && isReady) actions.push(['commit', 0]);
      if (isOpen) actions.push(['abort', 0]);
      for (const index of managers) {
        if (isOpen && state.sent[index]) actions.push(['hear', index]);
        if (state.managers[index] === 'w') actions.push(['prepare', index], ['give up', index]);
        if (state.coordinator === 'c') actions.push(['obey commit', index]);
        if (state.coordinator === 'a') actions.push(['obey abort', index]);
      }
      return actions;
    },
    apply: (state, [kind, index]) => {
      switch (kind) {
        case 'commit':
          return { ...state, coordinator: 'c' };
        case 'abort':
          return { ...state, coordinator: 'a' };
        case 'hear':
          return { ...state, heard: state.heard.with(index, true) };
        case 'prepare':
          return { ...state, managers: state.managers.with(index, 'p'), sent: state.sent.with(index, true) };
        case 'give up':
        case 'obey abort':
          return { ...state, managers: state.managers.with(index, 'a') };
        case 'obey commit':
          return { ...state, managers: state.managers.with(index, 'c') };
        default:
          return unreachable(kind);
      }
    },
    identify,
    judge: (state) =>
      state.managers.includes('a') && state.managers.includes('c') ? 'One aborts, another commits' : undefined,
  };
}

/** The same with resource managers that are interchangeable: sorted by all that the state says of each. */
export function symmetricTwoPhaseCommit(count: number): StateModel<TwoPhase, Action> {
  return { ...twoPhaseCommit(count), canonical: (state) => sortedBy(state, (index) => ofManager(state, index)) };
}

/** Sorted by the state of the manager alone, so that one class has several representatives, as in Stateright. */
export function sortedTwoPhaseCommit(count: number): StateModel<TwoPhase, Action> {
  const canonical = (state: TwoPhase): TwoPhase => sortedBy(state, (index) => rankOf(state.managers[index]!));
  return { ...twoPhaseCommit(count), canonical };
}

function rankOf(manager: Manager): string {
  return String('wpca'.indexOf(manager));
}

function identify(state: TwoPhase): string {
  return state.coordinator + state.managers.map((_, index) => ofManager(state, index)).join(' ');
}

function ofManager({ managers, heard, sent }: TwoPhase, index: number): string {
  return `${managers[index]}${Number(heard[index])}${Number(sent[index])}`;
}

function sortedBy(state: TwoPhase, keyOf: (index: number) => string): TwoPhase {
  const order = state.managers.map((_, index) => index);
  order.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : Number(keyOf(one) > keyOf(other))));
  return {
    ...state,
    managers: order.map((index) => state.managers[index]!),
    heard: order.map((index) => state.heard[index]!),
    sent: order.map((index) => state.sent[index]!),
  };
}
