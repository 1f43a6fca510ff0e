// A few threads on one memory as a model that can be searched: what may happen next, and what comes of it.
import { unreachable } from '../../base/assert.ts';
import type { StateModel } from './explore.ts';
import type { MemoryModel } from './memory-model.ts';
import type { Access, RecordedThread } from './recorded-thread.ts';
import type { WordSharing } from './word-sharing.ts';

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
  /** Threads that sleep, in the order in which they fell asleep: the first are woken first. */
  readonly asleep: readonly number[];
  readonly kills: number;
}

interface Action {
  readonly kind: 'step' | 'kill' | 'show';
  readonly thread: number;
  /** Of `show`: the word whose oldest store becomes visible. */
  readonly index: number;
}

const NO_STORES: readonly number[] = [];

/** The threads and their memory as a model: each action is one access, one kill, or one store that is shown. */
export class MemoryMachine implements StateModel<State, Action> {
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
    this.initial = [{ words: model.words.slice(), threads: threads.map(() => first), asleep: [], kills: 0 }];
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
        return { ...state, threads, asleep: without(state.asleep, [thread]), kills: state.kills + 1 };
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
      const { saidText, error } = recorded.saidBy(at);
      text += `|${isOver ? (isDead ? 'x' : error === undefined ? '.' : '!') + saidText : at}`;
      if (sleepsAt >= 0) text += `z${sleepsAt}`;
      if (pending.length > 0) text += `p${pending.join(',')}`;
    });
    return state.asleep.length < 2 ? text : `${text}z${state.asleep.join(',')}`;
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
        return {
          ...state,
          threads: threads.with(thread, { ...own, sleepsAt: index }),
          asleep: [...state.asleep, thread],
        };
      case 'notify': {
        const sleepers = state.asleep.filter((other) => threads[other]!.sleepsAt === index);
        const woken = new Set(sleepers.slice(0, value));
        const { threads: all } = go(woken.size);
        const awake = (each: ThreadState, other: number): ThreadState =>
          woken.has(other) ? { ...each, sleepsAt: -1, state: this.#threads[other]!.after(each.state, 'ok') } : each;
        return { ...state, threads: all.map(awake), asleep: without(state.asleep, [...woken]) };
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

function without(threads: readonly number[], gone: readonly number[]): readonly number[] {
  return threads.filter((thread) => !gone.includes(thread));
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
