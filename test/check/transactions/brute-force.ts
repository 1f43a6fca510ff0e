// Isolation by its definition: try every order of transactions, or of their starts and commits, on plain lists.
import { FAILED } from '../../../src/check/transactions/transaction.ts';
import type { MicroOperation, TransactionOperation } from '../../../src/check/transactions/transaction.ts';

type Order = 'none' | 'process' | 'real-time';
type State = ReadonlyMap<unknown, readonly unknown[]>;

/** Whether some serial order, within the order of calls that is asked for, returns what the transactions returned. */
export function isSerializable(history: readonly TransactionOperation[], order: Order): boolean {
  return subsets(history).some((members) => {
    const place = (done: ReadonlySet<TransactionOperation>, state: State): boolean => {
      if (done.size === members.length) return true;
      return members.some((next) => {
        if (done.has(next) || members.some((other) => !done.has(other) && precedes(other, next, order))) return false;
        const after = execute(next, state);
        return after !== undefined && place(new Set([...done, next]), after);
      });
    };
    return place(new Set(), new Map());
  });
}

/**
 * Whether some order of starts and commits explains the history: each reads the state at its start and its own writes,
 * and no two of which neither committed before the other started wrote one key.
 */
export function isSnapshotIsolated(history: readonly TransactionOperation[], order: Order): boolean {
  return subsets(history).some((members) => {
    const committed = new Set<TransactionOperation>();
    const place = (open: ReadonlyMap<TransactionOperation, State>, state: State): boolean => {
      if (committed.size === members.length) return true;
      return members.some((next) => {
        if (committed.has(next)) return false;
        const snapshot = open.get(next);
        if (snapshot === undefined) {
          if (members.some((other) => !committed.has(other) && precedes(other, next, order))) return false;
          return execute(next, state) !== undefined && place(new Map([...open, [next, state]]), state);
        }
        const writes = stepsOf(next).filter(([call]) => call !== 'r');
        if (writes.some(([, key]) => (state.get(key) ?? []).length !== (snapshot.get(key) ?? []).length)) return false;
        const after = new Map(state);
        for (const [, key, value] of writes) after.set(key, [...(after.get(key) ?? []), value]);
        committed.add(next);
        const isExplained = place(open, after);
        committed.delete(next);
        return isExplained;
      });
    };
    return place(new Map(), new Map());
  });
}

/** The committed transactions with each choice of the open ones. */
function subsets(history: readonly TransactionOperation[]): readonly (readonly TransactionOperation[])[] {
  let found: (readonly TransactionOperation[])[] = [[]];
  for (const transaction of history) {
    if (transaction.output === FAILED) continue;
    const taken = found.map((members) => [...members, transaction]);
    found = transaction.output === undefined ? [...found, ...taken] : taken;
  }
  return found;
}

function precedes(a: TransactionOperation, b: TransactionOperation, order: Order): boolean {
  if (order === 'none' || (order === 'process' && a.process !== b.process)) return false;
  return a.end < b.start;
}

function stepsOf({ input, output }: TransactionOperation): readonly MicroOperation[] {
  return output === undefined || output === FAILED ? input : output;
}

/** The state after the transaction; `undefined` when it would have read something else. */
function execute(transaction: TransactionOperation, before: State): State | undefined {
  const state = new Map(before);
  for (const [call, key, value] of stepsOf(transaction)) {
    const list = state.get(key) ?? [];
    if (call !== 'r') state.set(key, [...list, value]);
    else if (transaction.output !== undefined && !isReturned(value, list)) return undefined;
  }
  return state;
}

/** A list is read whole; of a register, whose writes make a list here too, a read returns the last. */
function isReturned(value: unknown, list: readonly unknown[]): boolean {
  return Array.isArray(value) ? JSON.stringify(value) === JSON.stringify(list) : value === (list.at(-1) ?? null);
}
