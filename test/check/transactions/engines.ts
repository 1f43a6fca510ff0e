// Small databases of lists that run random transactions, each as weakly isolated as its name says and no better.
import { below } from '../../../src/base/random.ts';
import type { Random } from '../../../src/base/random.ts';
import { FAILED, TXN } from '../../../src/check/transactions/transaction.ts';
import type { MicroOperation, TransactionOperation } from '../../../src/check/transactions/transaction.ts';

type State = Readonly<Record<string, readonly number[]>>;

/** What the engines run: each transaction is called, does its steps, decides, and returns; these may interleave. */
interface Running {
  readonly process: number;
  readonly steps: readonly MicroOperation[];
  readonly done: MicroOperation[];
  start: number;
  end: number;
  at: number;
  hasFailed: boolean;
  snapshot: State | undefined;
}

export const ENGINES = [
  'strict-serializable',
  'serializable',
  'strong-snapshot-isolation',
  'snapshot-isolation',
  'read-committed',
  'read-uncommitted',
] as const;

export type Engine = (typeof ENGINES)[number];

export interface Workload {
  readonly transactions: number;
  readonly keys: number;
  readonly stepsMax: number;
  /** Whether a last transaction reads every key, so that the order of all versions is known. */
  readonly isObserved: boolean;
}

/** Runs a random workload: the history of transactions that one engine would have recorded. */
export function run(random: Random, engine: Engine, workload: Workload): TransactionOperation[] {
  const names = Array.from({ length: workload.keys }, (_, key) => `k${key}`);
  const versions: State[] = [{}]; // Committed states, oldest first.
  const dirty = new Map<string, { readonly value: number; readonly by: Running }[]>(); // For read-uncommitted only.
  const running: Running[] = [];
  let nextValue = 0;
  for (let process = 0; process < workload.transactions; process++) {
    const steps = Array.from({ length: 1 + below(random, workload.stepsMax) }, (): MicroOperation => {
      const key = names[below(random, names.length)] ?? '';
      return below(random, 2) === 0 ? ['r', key, null] : ['append', key, (nextValue += 1)];
    });
    running.push(newRunning(process, steps));
  }
  let position = 0;
  const all = [...running];
  while (running.length > 0) {
    const index = below(random, Math.min(running.length, 3));
    const one = running[index];
    if (one !== undefined && advance(one)) running.splice(index, 1);
  }
  if (workload.isObserved) {
    const last = newRunning(
      workload.transactions,
      names.map((key) => ['r', key, null] as const),
    );
    all.push(last);
    while (!advance(last));
  }
  return all.map(({ process, steps, done, start, end, hasFailed }) => {
    return { process, call: TXN, input: steps, output: hasFailed ? FAILED : done, start, end };
  });

  function advance(one: Running): boolean {
    if (one.start === -1) one.start = position;
    else if (one.at < one.steps.length && !one.hasFailed) step(one);
    else {
      one.end = position;
      position += 1;
      return true;
    }
    one.at += 1;
    position += 1;
    if (one.at === one.steps.length && !one.hasFailed) commit(one);
    return false;
  }

  function step(one: Running): void {
    const micro = one.steps[one.at];
    if (micro === undefined) return;
    if (engine === 'read-uncommitted') one.done.push(...stepDirty(one, micro));
    else if (engine === 'read-committed') one.done.push(perform(micro, versions.at(-1) ?? {}, one.done));
    else if (engine.endsWith('snapshot-isolation')) {
      // What a later snapshot would see is hidden from one that may be taken too early.
      const isStale = engine === 'snapshot-isolation' && below(random, 2) === 0;
      one.snapshot ??= versions[isStale ? below(random, versions.length) : versions.length - 1] ?? {};
      one.done.push(perform(micro, one.snapshot, one.done));
    }
  }

  function stepDirty(one: Running, [call, key, value]: MicroOperation): readonly MicroOperation[] {
    const list = dirty.get(String(key)) ?? [];
    dirty.set(String(key), list);
    if (call === 'r') return [['r', key, list.map((element) => element.value)]];
    const isLocked = list.some(({ by }) => by !== one && by.end === Infinity && running.includes(by));
    if (isLocked || below(random, 8) === 0) {
      one.hasFailed = true;
      for (const [name, elements] of dirty) {
        dirty.set(
          name,
          elements.filter(({ by }) => by !== one),
        );
      }
      return [];
    }
    list.push({ value: Number(value), by: one });
    return [[call, key, Number(value)]];
  }

  function commit(one: Running): void {
    const latest = versions.at(-1) ?? {};
    const writes = one.steps.filter(([call]) => call !== 'r');
    if (engine === 'strict-serializable' || engine === 'serializable') {
      const mayBeStale = engine === 'serializable' && writes.length === 0;
      const state = mayBeStale ? (versions[below(random, versions.length)] ?? {}) : latest;
      for (const micro of one.steps) one.done.push(perform(micro, state, one.done));
    }
    if (engine.endsWith('snapshot-isolation')) {
      one.hasFailed = writes.some(([, key]) => (latest[key] ?? []).length > (one.snapshot?.[key] ?? []).length);
    }
    if (engine === 'read-uncommitted' || one.hasFailed || writes.length === 0) return;
    const next: Record<string, readonly number[]> = { ...latest };
    for (const [, key, value] of writes) next[key] = [...(next[key] ?? []), Number(value)];
    versions.push(next);
  }
}

function newRunning(process: number, steps: readonly MicroOperation[]): Running {
  return { process, steps, done: [], start: -1, end: Infinity, at: -1, hasFailed: false, snapshot: undefined };
}

/** One step on a state and on what the transaction did before. */
function perform(micro: MicroOperation, state: State, done: readonly MicroOperation[]): MicroOperation {
  const [call, key] = micro;
  if (call !== 'r') return micro;
  const own = done.flatMap(([did, on, value]) => (did === 'append' && on === key ? [Number(value)] : []));
  return ['r', key, [...(state[key] ?? []), ...own]];
}
