// Every interleaving of the accesses of a few threads to shared memory, production code included: each plain or atomic
// access is one step. Threads may be killed at any step, and a successor takes over once the exit was seen.
//
// With buffered stores, a plain store becomes visible to the others late, and stores to different words in any order,
// at the latest before the thread's next atomic access; those to one word stay in order. That is what a store buffer
// of a processor does and what the memory model of JavaScript allows of stores (loads that happen early are not
// explored; atomics are sequentially consistent). Source: partial store order, as in the SPARC Architecture Manual,
// version 8 (1992), chapter 6; ECMA-262, chapter "Memory Model".
import { assert, unreachable } from '../../base/assert.ts';
import { explore } from './explore.ts';
import type { ExploreOptions, StateModel } from './explore.ts';
import { RecordedThread } from './recorded-thread.ts';
import type { Access, MemoryProgram } from './recorded-thread.ts';
import { WordSharing } from './word-sharing.ts';

/** One thread. */
export interface MemoryThread {
  readonly program: MemoryProgram;
  /** Whether it may be killed, before any of its accesses. */
  readonly mayDie?: boolean;
  /** It begins when this thread (by index) has ended or was killed. */
  readonly after?: number;
}

/** What is explored. */
export interface MemoryModel {
  /** What the memory holds at first. */
  readonly words: Int32Array;
  readonly threads: readonly MemoryThread[];
  /** Default `in-order`. */
  readonly stores?: 'in-order' | 'buffered';
  /** Most threads that are killed; default 0. */
  readonly killsMax?: number;
  /** A successor begins although stores of the dead are not visible yet: no exit of a real thread is seen so early. */
  readonly seesExitsEarly?: boolean;
  /** Accesses to words that are one thread's own are not interleaved with others, default; `false` takes all apart. */
  readonly isReduced?: boolean;
  /** What is wrong with an end: nobody can go on. */
  readonly judgeEnd: (end: MemoryEnd) => string | undefined;
}

/** An end. Lists are by thread. */
export interface MemoryEnd {
  readonly words: Int32Array;
  readonly said: readonly (readonly unknown[])[];
  /** The word that it sleeps at for ever, -1 when it does not. */
  readonly sleepsAt: readonly number[];
  readonly wasKilled: readonly boolean[];
}

/** What was found. */
export interface MemoryExploration {
  readonly verdict: 'ok' | 'wrong' | 'unknown';
  readonly states: number;
  readonly transitions: number;
  readonly ends: number;
  readonly reason: string;
  /** The accesses that led to the wrong state, a line each. */
  readonly path: readonly string[];
}

interface ThreadState {
  readonly state: number;
  readonly isDead: boolean;
  readonly sleepsAt: number;
  /** Stores that are not visible yet, oldest first: index, value, index, value. */
  readonly pending: readonly number[];
}

interface State {
  readonly words: Int32Array;
  readonly threads: readonly ThreadState[];
  readonly kills: number;
}

interface Action {
  readonly kind: 'step' | 'kill' | 'show';
  readonly thread: number;
  /** Of `show`: the word whose oldest store becomes visible. */
  readonly index: number;
}

const NO_STORES: readonly number[] = [];

/**
 * Explores every interleaving. Blocks its thread; deterministic.
 *
 * @example
 * ```ts
 * import { exploreMemory } from 'quorate/sim';
 *
 * // The flag is a plain store: it may become visible before the value that it announces.
 * const found = exploreMemory({
 *   words: new Int32Array(2),
 *   threads: [
 *     { program: ({ words }) => ((words[0] = 7), (words[1] = 1)) },
 *     { program: ({ words, atomics }, say) => atomics.load(words, 1) === 1 && say(words[0]) },
 *   ],
 *   stores: 'buffered',
 *   judgeEnd: ({ said }) => (said[1]?.includes(0) ? 'The flag came before the value' : undefined),
 * });
 * console.log(found.verdict, found.reason); // wrong The flag came before the value
 * ```
 */
export function exploreMemory(model: MemoryModel, options: ExploreOptions = {}): MemoryExploration {
  const threads = model.threads.map(({ program }) => new RecordedThread(program, model.words.length));
  const sharing = new WordSharing(model.words.length);
  for (;;) {
    sharing.isRefuted = false;
    const machine = new Machine(model, threads, sharing);
    const { path, ...found } = explore(machine, options);
    if (sharing.isRefuted) continue; // A word that seemed to be one thread's own is not.
    const lines = path.slice(1).map((step, index) => machine.describe(path[index]!.state, step.action!));
    return { ...found, path: lines };
  }
}

class Machine implements StateModel<State, Action> {
  readonly initial: readonly State[];
  readonly #model: MemoryModel;
  readonly #threads: readonly RecordedThread[];
  readonly #sharing: WordSharing;
  readonly #isBuffered: boolean;

  constructor(model: MemoryModel, threads: readonly RecordedThread[], sharing: WordSharing) {
    this.#model = model;
    this.#threads = threads;
    this.#sharing = sharing;
    this.#isBuffered = model.stores === 'buffered';
    const first = { state: 0, isDead: false, sleepsAt: -1, pending: NO_STORES };
    this.initial = [{ words: model.words.slice(), threads: threads.map(() => first), kills: 0 }];
  }

  actions = (state: State): Action[] => {
    const actions: Action[] = [];
    if (this.#sharing.isRefuted) return actions;
    const mayKill = state.kills < (this.#model.killsMax ?? 0);
    state.threads.forEach(({ pending, isDead, sleepsAt }, thread) => {
      if (mayKill && this.#model.threads[thread]!.mayDie === true && this.#hasBegun(state, thread) && !isDead)
        if (!this.#isDone(state, thread)) actions.push({ kind: 'kill', thread, index: 0 });
      for (let at = 0; at < pending.length; at += 2) {
        const index = pending[at]!;
        if (firstOf(pending, index) === at) actions.push({ kind: 'show', thread, index });
      }
      if (isDead || sleepsAt >= 0 || !this.#hasBegun(state, thread)) return;
      const access = this.#accessIn(state, thread);
      if (access === undefined || (pending.length > 0 && isAtomic(access))) return;
      actions.push({ kind: 'step', thread, index: 0 });
    });
    return actions;
  };

  apply = (state: State, { kind, thread, index }: Action): State => {
    const own = state.threads[thread]!;
    switch (kind) {
      case 'kill': {
        const threads = state.threads.with(thread, { ...own, isDead: true, sleepsAt: -1 });
        return { ...state, threads, kills: state.kills + 1 };
      }
      case 'show': {
        const at = firstOf(own.pending, index);
        const words = state.words.with(index, own.pending[at + 1]!);
        const pending = own.pending.toSpliced(at, 2);
        return { ...state, words, threads: state.threads.with(thread, { ...own, pending }) };
      }
      case 'step': {
        const access = this.#accessIn(state, thread)!;
        this.#sharing.note(access, thread);
        return this.#perform(state, thread, access);
      }
      default:
        return unreachable(kind);
    }
  };

  identify = (state: State): string => {
    const { words } = state;
    const first = this.#model.words;
    let changed = '';
    for (let index = 0; index < words.length; index++) {
      const word = words[index]!;
      if (word !== first[index]) changed += String.fromCharCode(index, word & 0xffff, word >>> 16);
    }
    let text = String.fromCharCode(state.kills, changed.length) + changed;
    state.threads.forEach(({ state: at, isDead, sleepsAt, pending }, thread) => {
      const recorded = this.#threads[thread]!;
      const isOver = isDead || recorded.accessIn(at) === undefined; // Then only what it has said matters.
      const is = isOver ? `${isDead ? 'x' : '.'}${recorded.saidBy(at).saidText}` : String(at);
      text += `|${is}`;
      if (sleepsAt >= 0) text += `z${sleepsAt}`;
      if (pending.length > 0) text += `p${pending.join(',')}`;
    });
    return text;
  };

  judge = ({ threads }: State): string | undefined => {
    if (this.#sharing.isRefuted) return undefined;
    for (const [thread, { state }] of threads.entries()) {
      const { error } = this.#threads[thread]!.saidBy(state);
      if (error !== undefined) return `Thread ${thread} throws: ${error}`;
    }
    return undefined;
  };

  judgeEnd = ({ words, threads }: State): string | undefined =>
    this.#sharing.isRefuted
      ? undefined
      : this.#model.judgeEnd({
          words,
          said: threads.map(({ state }, thread) => this.#threads[thread]!.saidBy(state).said),
          sleepsAt: threads.map(({ sleepsAt }) => sleepsAt),
          wasKilled: threads.map(({ isDead }) => isDead),
        });

  isAlone = (state: State, { kind, thread, index }: Action): boolean => {
    // Of a thread that may be killed, the moment before each access matters.
    if (this.#model.threads[thread]!.mayDie === true || this.#model.isReduced === false) return false;
    if (kind === 'show') return this.#sharing.takeAlone({ kind: 'write', index, value: 0, expected: 0 }, thread);
    const access = this.#accessIn(state, thread)!;
    if (access.kind === 'wait' || access.kind === 'notify') return false;
    if (access.kind === 'write' && this.#isBuffered) return true; // Nobody sees it before it is shown.
    return this.#sharing.takeAlone(access, thread);
  };

  /** One action for people. */
  describe(state: State, { kind, thread, index }: Action): string {
    const name = `thread ${thread}`;
    if (kind === 'kill') return `${name} is killed`;
    if (kind === 'show') return `${name}: its store to [${index}] becomes visible`;
    const access = this.#accessIn(state, thread)!;
    const next = this.apply(state, { kind, thread, index });
    const result = next.threads[thread]!.sleepsAt >= 0 ? ', sleeps' : '';
    const present = `[${access.index}], which holds ${this.#visible(state, thread, access.index)}`;
    return `${name}: ${textOf(access)} ${present}${result}`;
  }

  #perform(state: State, thread: number, access: Access): State {
    const { words, threads } = state;
    const own = threads[thread]!;
    const { kind, index, value } = access;
    assert(index >= 0 && index < words.length, 'An access lies within the memory');
    const present = this.#visible(state, thread, index);
    const go = (result: number | string, written: Int32Array = words): State => {
      const next = { ...own, state: this.#threads[thread]!.after(own.state, result) };
      return { ...state, words: written, threads: threads.with(thread, next) };
    };
    switch (kind) {
      case 'read':
      case 'load':
        return go(present);
      case 'write': {
        if (!this.#isBuffered) return go(0, withWord(words, index, value));
        const next = { state: this.#threads[thread]!.after(own.state, 0), pending: [...own.pending, index, value] };
        return { ...state, threads: threads.with(thread, { ...own, ...next }) };
      }
      case 'store':
        return go(value, withWord(words, index, value));
      case 'add':
        return go(present, withWord(words, index, (present + value) | 0));
      case 'and':
        return go(present, withWord(words, index, present & value));
      case 'or':
        return go(present, withWord(words, index, present | value));
      case 'exchange':
        return go(present, withWord(words, index, value));
      case 'compareExchange':
        return go(present, present === access.expected ? withWord(words, index, value) : words);
      case 'wait':
        if (present !== access.expected) return go('not-equal');
        return { ...state, threads: threads.with(thread, { ...own, sleepsAt: index }) };
      case 'notify': {
        const woken = threads.map((each, other) =>
          each.sleepsAt === index
            ? { ...each, sleepsAt: -1, state: this.#threads[other]!.after(each.state, 'ok') }
            : each,
        );
        const count = threads.filter(({ sleepsAt }) => sleepsAt === index).length;
        return { ...state, threads: woken.with(thread, go(count).threads[thread]!) };
      }
      default:
        return unreachable(kind);
    }
  }

  #accessIn(state: State, thread: number): Access | undefined {
    return this.#threads[thread]!.accessIn(state.threads[thread]!.state);
  }

  #isDone(state: State, thread: number): boolean {
    return this.#accessIn(state, thread) === undefined;
  }

  #hasBegun(state: State, thread: number): boolean {
    const { after } = this.#model.threads[thread]!;
    if (after === undefined) return true;
    const { isDead, pending } = state.threads[after]!;
    const isGone = isDead || this.#isDone(state, after);
    return isGone && (pending.length === 0 || this.#model.seesExitsEarly === true);
  }

  /** What a thread sees at a word: its own last store, else what the memory holds. */
  #visible({ words, threads }: State, thread: number, index: number): number {
    const { pending } = threads[thread]!;
    for (let at = pending.length - 2; at >= 0; at -= 2) if (pending[at] === index) return pending[at + 1]!;
    return words[index]!;
  }
}

function isAtomic({ kind }: Access): boolean {
  return kind !== 'read' && kind !== 'write';
}

function firstOf(pending: readonly number[], index: number): number {
  let at = 0;
  while (pending[at] !== index) at += 2;
  return at;
}

function withWord(words: Int32Array, index: number, value: number): Int32Array {
  return words[index] === value ? words : words.with(index, value);
}

function textOf({ kind, value, expected }: Access): string {
  switch (kind) {
    case 'read':
    case 'load':
    case 'notify':
      return kind;
    case 'wait':
      return `wait for another value than ${expected} at`;
    case 'compareExchange':
      return `compareExchange ${expected} by ${value} at`;
    case 'write':
    case 'store':
    case 'add':
    case 'and':
    case 'or':
    case 'exchange':
      return `${kind} ${value} at`;
    default:
      return unreachable(kind);
  }
}
