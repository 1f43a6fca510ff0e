// The exploration of shared memory once more, slow and obvious: programs are lists of accesses, states are compared as
// JSON, and nothing is left out.
import { unreachable } from '../../../src/base/assert.ts';
import type { MemoryModel, MemoryThread } from '../../../src/sim/explorer/memory-model.ts';
import type { MemoryProgram } from '../../../src/sim/explorer/recorded-thread.ts';

/** One access; the program ends there when `unless` is given and was the result of the access before. */
export interface Line {
  readonly kind: 'read' | 'write' | 'load' | 'store' | 'add' | 'compareExchange' | 'wait' | 'notify';
  readonly index: number;
  readonly value: number;
  readonly unless?: number;
}

/** A model whose programs are lists. */
export interface ListedModel extends Omit<MemoryModel, 'threads' | 'judgeEnd' | 'isReduced'> {
  readonly threads: readonly (Omit<MemoryThread, 'program'> & { readonly lines: readonly Line[] })[];
}

/** A list as a program; it says each result. */
export function programOf(lines: readonly Line[]): MemoryProgram {
  return ({ words, atomics }, say) => {
    let last: number | string = -1;
    for (const { kind, index, value, unless } of lines) {
      if (last === unless) return;
      switch (kind) {
        case 'read':
          last = words[index]!;
          break;
        case 'write':
          words[index] = last = value;
          break;
        case 'load':
          last = atomics.load(words, index);
          break;
        case 'compareExchange':
          last = atomics.compareExchange(words, index, 0, value);
          break;
        case 'store':
        case 'add':
        case 'wait':
        case 'notify':
          last = atomics[kind](words, index, value);
          break;
        default:
          unreachable(kind);
      }
      say(last);
    }
  };
}

interface Thread {
  at: number;
  last: number | string;
  said: (number | string)[];
  /** Stores that are not visible yet. */
  late: [index: number, value: number][];
  isDead: boolean;
  sleepsAt: number;
}

interface State {
  words: number[];
  threads: Thread[];
  asleep: number[];
  kills: number;
}

/** Every end as a text, sorted. */
export function endsOf(model: ListedModel): readonly string[] {
  const ends = new Set<string>();
  const met = new Set<string>();
  const first = { at: 0, last: -1, said: [], late: [], isDead: false, sleepsAt: -1 };
  const open: string[] = [
    JSON.stringify({ words: [...model.words], threads: model.threads.map(() => first), asleep: [], kills: 0 }),
  ];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    if (met.has(text)) continue;
    met.add(text);
    const next = nextOf(model, text);
    if (next.length === 0) ends.add(endText(JSON.parse(text) as State));
    open.push(...next);
  }
  return [...ends].toSorted();
}

interface End {
  readonly words: readonly number[];
  readonly threads: readonly Pick<Thread, 'said' | 'sleepsAt' | 'isDead'>[];
}

/** An end as a text. */
export function endText({ words, threads }: End): string {
  return JSON.stringify([
    words,
    threads.map(({ said }) => said),
    threads.map(({ sleepsAt }) => sleepsAt),
    threads.map(({ isDead }) => isDead),
  ]);
}

function nextOf(model: ListedModel, text: string): string[] {
  const next: string[] = [];
  const then = (thread: number, change: (state: State, own: Thread) => void): void => {
    const state = JSON.parse(text) as State;
    change(state, state.threads[thread]!);
    next.push(JSON.stringify(state));
  };
  const now = JSON.parse(text) as State;
  model.threads.forEach(({ lines, after, mayDie }, thread) => {
    const { late, isDead, sleepsAt } = now.threads[thread]!;
    for (const index of new Set(late.map(([each]) => each))) {
      then(thread, (state, own) => {
        const at = own.late.findIndex(([each]) => each === index);
        state.words[index] = own.late[at]![1];
        own.late.splice(at, 1);
      });
    }
    const line = lineOf(lines, now.threads[thread]!);
    if (isDead || line === undefined || (after !== undefined && !isGone(model, now, after))) return;
    if (mayDie === true && now.kills < (model.killsMax ?? 0)) {
      then(thread, (state, own) => {
        Object.assign(own, { isDead: true, sleepsAt: -1 });
        state.asleep = state.asleep.filter((other) => other !== thread);
        state.kills++;
      });
    }
    const isPlain = line.kind === 'read' || line.kind === 'write';
    if (sleepsAt < 0 && (isPlain || late.length === 0)) then(thread, (state) => perform(model, state, thread));
  });
  return next;
}

function isGone({ threads }: ListedModel, state: State, thread: number): boolean {
  const other = state.threads[thread]!;
  return (other.isDead || lineOf(threads[thread]!.lines, other) === undefined) && other.late.length === 0;
}

function lineOf(lines: readonly Line[], { at, last }: Thread): Line | undefined {
  const line = lines[at];
  return line === undefined || last === line.unless ? undefined : line;
}

function go(each: Thread, result: number | string): void {
  each.at++;
  each.last = result;
  each.said.push(result);
}

function perform(model: ListedModel, { words, threads, asleep }: State, thread: number): void {
  const own = threads[thread]!;
  const { kind, index, value } = model.threads[thread]!.lines[own.at]!;
  const present = own.late.findLast(([each]) => each === index)?.[1] ?? words[index]!;
  switch (kind) {
    case 'read':
    case 'load':
      return go(own, present);
    case 'write':
      if (model.stores === 'buffered') own.late.push([index, value]);
      else words[index] = value;
      return go(own, value);
    case 'store':
      words[index] = value;
      return go(own, value);
    case 'add':
      words[index] = present + value;
      return go(own, present);
    case 'compareExchange':
      if (present === 0) words[index] = value;
      return go(own, present);
    case 'wait':
      if (present !== value) return go(own, 'not-equal');
      own.sleepsAt = index;
      return void asleep.push(thread);
    case 'notify': {
      const woken = asleep.filter((other) => threads[other]!.sleepsAt === index).slice(0, value);
      for (const other of woken) {
        threads[other]!.sleepsAt = -1;
        go(threads[other]!, 'ok');
        asleep.splice(asleep.indexOf(other), 1);
      }
      return go(own, woken.length);
    }
    default:
      return unreachable(kind);
  }
}
