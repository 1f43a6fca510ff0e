// Every interleaving of a few threads that run production code on shared memory, up to a number of preemptions.
//
// A thread is a program that is run anew for each of its steps: accesses that it made before are answered from a
// record, one more really happens, and the next one stops it. So a synchronous program can be held up between any two
// accesses.
import { sharedMemory } from '../../src/ring/memory.ts';
import type { AtomicOperations, SharedMemory } from '../../src/ring/memory.ts';
import { observedMemory } from './observed-memory.ts';

/** A deterministic program; what it says in `out` is what the test looks at. */
export type Program = (memory: SharedMemory, out: unknown[]) => void;

/** One run: what each thread said, and whether it came to its end. */
export interface Run {
  readonly memory: SharedMemory;
  readonly said: readonly (readonly unknown[])[];
  /** Threads that sleep for ever, by index. */
  readonly asleep: readonly number[];
  /** The threads in the order of their steps, for a report. */
  readonly schedule: readonly number[];
}

/** What to explore. */
export interface Exploration {
  /** Fresh memory for each run. */
  readonly memory: () => SharedMemory;
  readonly programs: readonly Program[];
  /** Most times that a thread is held up although it could go on. */
  readonly preemptions: number;
  /** Called for each run; throws when the run is wrong. */
  readonly check: (run: Run) => void;
}

const STOPPED = Symbol('stopped');

/** Runs every schedule. @returns how many there were. */
export function explore({ memory, programs, preemptions, check }: Exploration): number {
  const choices: { taken: number; of: number }[] = [];
  let runs = 0;
  do {
    let depth = 0;
    const choose = (of: number): number => {
      const choice = (choices[depth] ??= { taken: 0, of });
      depth++;
      return choice.taken;
    };
    const run = runOnce(memory(), programs, { choose, preemptions });
    runs++;
    try {
      check(run);
    } catch (error) {
      throw new Error(`Schedule ${run.schedule.join('')} is wrong`, { cause: error });
    }
  } while (nextChoices(choices));
  return runs;
}

function nextChoices(choices: { taken: number; of: number }[]): boolean {
  for (let last = choices.pop(); last !== undefined; last = choices.pop()) {
    if (last.taken + 1 >= last.of) continue;
    choices.push({ taken: last.taken + 1, of: last.of });
    return true;
  }
  return false;
}

interface Chooser {
  readonly choose: (of: number) => number;
  readonly preemptions: number;
}

function runOnce(memory: SharedMemory, programs: readonly Program[], { choose, preemptions }: Chooser): Run {
  const threads: Thread[] = [];
  const wake = (index: number): number => {
    const sleepers = threads.filter((thread) => thread.sleepsAt === index);
    for (const sleeper of sleepers) sleeper.wake('ok');
    return sleepers.length;
  };
  for (const program of programs) threads.push(new Thread(memory, program, wake));
  const schedule: number[] = [];
  let current = 0;
  let left = preemptions;
  for (;;) {
    const able = threads.flatMap((thread, index) => (thread.canGoOn ? [index] : []));
    if (able.length === 0) break;
    const isForced = !threads[current]!.canGoOn;
    if (isForced || left > 0) {
      const options = isForced ? able : [current, ...able.filter((index) => index !== current)];
      const next = options.length === 1 ? options[0]! : options[choose(options.length)]!;
      if (!isForced && next !== current) left--;
      current = next;
    }
    schedule.push(current);
    threads[current]!.step();
  }
  const asleep = threads.flatMap((thread, index) => (thread.sleepsAt >= 0 ? [index] : []));
  return { memory, said: threads.map((thread) => thread.out), asleep, schedule };
}

class Thread {
  out: unknown[] = [];
  /** The word that the thread waits on, -1 when it does not. */
  sleepsAt = -1;
  #isDone = false;
  readonly #record: unknown[] = [];
  readonly #memory: SharedMemory;
  readonly #program: Program;
  readonly #atomics: AtomicOperations;

  constructor(memory: SharedMemory, program: Program, wake: (index: number) => number) {
    this.#memory = memory;
    this.#program = program;
    const wait = (words: Int32Array, index: number, value: number): 'not-equal' => {
      if (words[index] !== value) return 'not-equal';
      this.sleepsAt = index;
      throw STOPPED;
    };
    const notify = (_words: Int32Array, index: number): number => wake(index);
    this.#atomics = { ...atomicOperations(), wait, notify } as unknown as AtomicOperations;
  }

  get canGoOn(): boolean {
    return !this.#isDone && this.sleepsAt < 0;
  }

  wake(result: string): void {
    this.sleepsAt = -1;
    this.#record.push(result);
  }

  /** One more access, or the end. */
  step(): void {
    let at = 0;
    let isStopping = false;
    const hook = <T>(access: () => T): T => {
      if (at < this.#record.length) return this.#record[at++] as T;
      if (isStopping) throw STOPPED;
      isStopping = true;
      const result = access();
      this.#record.push(result);
      at++;
      return result;
    };
    this.out = [];
    try {
      this.#program(observedMemory(this.#memory, hook, this.#atomics), this.out);
      this.#isDone = true;
    } catch (error) {
      if (error !== STOPPED) throw error;
    }
  }
}

function atomicOperations(): AtomicOperations {
  const { add, and, compareExchange, exchange, load, notify, or, store, wait, waitAsync } = Atomics;
  return { add, and, compareExchange, exchange, load, notify, or, store, wait, waitAsync };
}

/** Fresh memory of `words` words, all 0. */
export function freshMemory(words: number): SharedMemory {
  return sharedMemory(new SharedArrayBuffer(4 * words));
}
