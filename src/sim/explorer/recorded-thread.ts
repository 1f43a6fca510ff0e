// A synchronous program on shared memory as a machine that makes one access at a time.
//
// What a thread knows is the results of its accesses so far, so that is its state. To learn its next access, the
// program is run anew: accesses whose results are known are answered from the record, and the next one stops it. Each
// state is run once, however often a search meets it.
import { assert } from '../../base/assert.ts';
import { textOf } from '../../check/models/value.ts';

/** The subset of `Atomics` that a program may use; `wait` sleeps until it is notified, whatever its timeout. */
export type RecordedAtomics = Pick<
  typeof Atomics,
  'add' | 'and' | 'compareExchange' | 'exchange' | 'load' | 'notify' | 'or' | 'store' | 'wait' | 'waitAsync'
>;

/** Memory whose every access is a step. Elements of `bytes` cannot be accessed: programs use `words`. */
export interface RecordedMemory {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly atomics: RecordedAtomics;
}

/**
 * A synchronous program whose next access depends on the results of those before alone: it keeps nothing outside of
 * itself, because it is run anew for each step. It ends after a bounded number of accesses: a loop that waits for
 * another thread looks a few times, or sleeps. What it `say`s is what is judged.
 */
export type MemoryProgram = (memory: RecordedMemory, say: (value: unknown) => void) => void;

/** One access; `read` and `write` are plain, all others atomic. */
export interface Access {
  readonly kind:
    | 'read'
    | 'write'
    | 'load'
    | 'store'
    | 'add'
    | 'and'
    | 'or'
    | 'exchange'
    | 'compareExchange'
    | 'wait'
    | 'notify';
  readonly index: number;
  /** What is stored, added or the like; of `notify`: how many are woken at most. */
  readonly value: number;
  /** Of `compareExchange` and `wait`: what the word must hold. */
  readonly expected: number;
}

/** An access and its result. */
interface Answered {
  readonly access: Access;
  readonly result: number | string;
}

/** What a program does once it has had the results that make up its state. */
interface Reached {
  readonly parent: number;
  readonly result: number | string;
  /** Its next access; `undefined` when it has ended. */
  readonly access: Access | undefined;
  readonly said: readonly unknown[];
  /** `said` as a text. */
  readonly saidText: string;
  /** What it threw, as a text. */
  readonly error: string | undefined;
  readonly next: Map<number | string, number>;
}

const STOPPED = Symbol('stopped');
const NOT_DETERMINISTIC = 'After the same results, it makes another access: it must be deterministic';
const ALL = 2 ** 31 - 1;

/** The states of one program, from 0. */
export class RecordedThread {
  readonly #program: MemoryProgram;
  readonly #memory: RecordedMemory;
  readonly #length: number;
  readonly #reached: Reached[] = [];
  #record: readonly Answered[] = [];
  #at = 0;
  #access: Access | undefined = undefined;

  constructor(program: MemoryProgram, length: number) {
    this.#program = program;
    this.#length = length;
    this.#memory = this.#recordedMemory(length);
    this.#add(-1, 0);
  }

  /** Its next access; `undefined` when it has ended. */
  accessIn(state: number): Access | undefined {
    return this.#reached[state]!.access;
  }

  /** What it has said by then, and the same as a text; what it threw. */
  saidBy(state: number): Pick<Reached, 'said' | 'saidText' | 'error'> {
    return this.#reached[state]!;
  }

  /** The state after the next access had this result. */
  after(state: number, result: number | string): number {
    const { next, access } = this.#reached[state]!;
    assert(access !== undefined, 'Only a program that has not ended goes on');
    let known = next.get(result);
    if (known === undefined) next.set(result, (known = this.#add(state, result)));
    return known;
  }

  #add(parent: number, result: number | string): number {
    const record: Answered[] = [];
    for (let at = parent, next = result; at >= 0; at = this.#reached[at]!.parent) {
      record.push({ access: this.#reached[at]!.access!, result: next });
      next = this.#reached[at]!.result;
    }
    this.#record = record.toReversed();
    this.#at = 0;
    this.#access = undefined;
    const said: unknown[] = [];
    const error = this.#errorOf((value) => {
      if (this.#access === undefined) said.push(value); // What runs while it unwinds has not happened.
    });
    const access = error === undefined ? this.#access : undefined;
    const reached = { parent, result, access, said, saidText: textOf(said), error, next: new Map() };
    return this.#reached.push(reached) - 1;
  }

  /** Runs the program up to its next access. @returns what it throws. */
  #errorOf(say: (value: unknown) => void): string | undefined {
    try {
      const returned: unknown = this.#program(this.#memory, say);
      if (returned instanceof Promise) {
        returned.catch(() => undefined); // It has been stopped, too.
        return 'It returns a promise, but programs that are explored are synchronous';
      }
    } catch (thrown) {
      if (thrown !== STOPPED) return String(thrown);
    }
    return this.#at < this.#record.length ? NOT_DETERMINISTIC : undefined;
  }

  #perform(kind: Access['kind'], index: number, value = 0, expected = 0): number | string {
    if (!(Number.isInteger(index) && index >= 0 && index < this.#length)) {
      throw new RangeError(`Cannot access word ${index}: it must be an integer from 0 to ${this.#length - 1}`);
    }
    const access: Access = { kind, index, value: value | 0, expected: expected | 0 };
    if (this.#at < this.#record.length) {
      const known = this.#record[this.#at++]!;
      if (!isEqual(access, known.access)) throw new Error(NOT_DETERMINISTIC);
      return known.result;
    }
    // What runs while it unwinds makes no access: the first one is the next.
    this.#access ??= access;
    throw STOPPED;
  }

  #recordedMemory(length: number): RecordedMemory {
    const target = new Int32Array(length);
    const perform = this.#perform.bind(this);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `wait` is answered by a text
    const number = (...access: Parameters<typeof perform>): number => perform(...access) as number;
    const words = new Proxy(target, {
      get: (_, key) => (isIndex(key) ? number('read', Number(key)) : Reflect.get(target, key, target)),
      set: (_, key, value: number) => {
        number('write', Number(key), value);
        return true;
      },
    });
    const bytes = new Proxy(new Uint8Array(target.buffer), {
      get: (view, key): unknown => {
        assert(!isIndex(key), 'Programs that are explored access words');
        return Reflect.get(view, key, view);
      },
    });
    const atomics = {
      load: (_: unknown, index: number) => number('load', index),
      store: (_: unknown, index: number, value: number) => number('store', index, value),
      add: (_: unknown, index: number, value: number) => number('add', index, value),
      and: (_: unknown, index: number, value: number) => number('and', index, value),
      or: (_: unknown, index: number, value: number) => number('or', index, value),
      exchange: (_: unknown, index: number, value: number) => number('exchange', index, value),
      compareExchange: (_: unknown, index: number, expected: number, value: number) =>
        number('compareExchange', index, value, expected),
      wait: (_: unknown, index: number, expected: number) => perform('wait', index, 0, expected),
      notify: (_: unknown, index: number, count: number = ALL) => number('notify', index, Math.min(count, ALL)),
      waitAsync: () => assert(false, 'Programs that are explored are synchronous'),
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the overloads for other arrays are left out
    return { words, bytes, atomics: atomics as unknown as RecordedAtomics };
  }
}

function isEqual(one: Access, other: Access): boolean {
  const isSame = one.kind === other.kind && one.index === other.index;
  return isSame && one.value === other.value && one.expected === other.expected;
}

function isIndex(key: string | symbol): boolean {
  return typeof key === 'string' && key.charCodeAt(0) <= 57; // No member of a typed array begins with a digit or less.
}
