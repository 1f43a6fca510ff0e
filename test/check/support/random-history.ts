// Small random histories of each model: short enough for every order to be tried, and often just legal or just not.
import { below, unitOf } from '../../../src/base/random.ts';
import type { Random } from '../../../src/base/random.ts';
import type { Operation } from '../../../src/check/history.ts';
import { ANY, ILLEGAL } from '../../../src/check/model.ts';
import type { Model } from '../../../src/check/model.ts';
import { casRegisterModel } from '../../../src/check/models/cas-register.ts';
import { counterModel } from '../../../src/check/models/counter.ts';
import { kvModel } from '../../../src/check/models/kv.ts';
import { multiRegisterModel } from '../../../src/check/models/multi-register.ts';
import { mutexModel } from '../../../src/check/models/mutex.ts';
import { queueModel } from '../../../src/check/models/queue.ts';
import { registerModel } from '../../../src/check/models/register.ts';
import { setModel } from '../../../src/check/models/set.ts';

type Call = Pick<Operation, 'call' | 'input' | 'output'>;

/** A model with random calls of it, whose outputs are right for some state that it may be in. */
export interface Subject {
  readonly name: string;
  readonly model: Model;
  /** A random call; `index` differs between the calls of one history. */
  call(random: Random, index: number): Call;
}

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[below(random, items.length)]!;
const noOutput = (call: string, input: unknown): Call => ({ call, input, output: undefined });

export const SUBJECTS: readonly Subject[] = [
  {
    name: 'register',
    model: registerModel(0),
    call: (random) =>
      below(random, 2) === 0
        ? noOutput('write', below(random, 3))
        : { call: 'read', input: undefined, output: pick<unknown>(random, [0, 1, 2, ANY]) },
  },
  {
    name: 'register of distinct writes',
    model: registerModel(0),
    call: (random, index) =>
      below(random, 2) === 0
        ? noOutput('write', index + 1)
        : { call: 'read', input: undefined, output: pick<unknown>(random, [0, 1, 2, 3, 4, 5, 6, 7, ANY]) },
  },
  {
    name: 'cas-register',
    model: casRegisterModel(0),
    call(random) {
      const kind = below(random, 3);
      if (kind === 0) return noOutput('write', below(random, 3));
      if (kind === 1) return { call: 'read', input: undefined, output: below(random, 3) };
      const input = [below(random, 3), below(random, 3)];
      return { call: 'cas', input, output: pick<unknown>(random, [true, true, false, ANY]) };
    },
  },
  {
    name: 'kv',
    model: kvModel(),
    call(random) {
      const kind = below(random, 6);
      if (kind === 0) return noOutput('put', pick(random, ['a', 'b']));
      if (kind === 1) return noOutput('delete', undefined);
      if (kind < 4) return noOutput('append', pick(random, ['a', 'b']));
      return { call: 'get', input: undefined, output: pick(random, ['', 'a', 'b', 'ab', 'ba', 'aa']) };
    },
  },
  {
    name: 'multi-register',
    model: multiRegisterModel({ x: 0 }),
    call(random) {
      const output = Array.from({ length: 1 + below(random, 2) }, () => {
        const kind = pick(random, ['read', 'write']);
        return [
          kind,
          pick(random, ['x', 'y']),
          pick<unknown>(random, kind === 'read' ? [0, 1, null, ANY] : [0, 1, null]),
        ];
      });
      return {
        call: 'txn',
        input: output.map(([kind, ...rest]) => (kind === 'read' ? [kind, rest[0]] : [kind, ...rest])),
        output,
      };
    },
  },
  {
    name: 'set',
    model: setModel([3]),
    call(random) {
      const input = 1 + below(random, 3);
      const kind = below(random, 4);
      if (kind === 0)
        return { call: 'read', input: undefined, output: pick(random, [[], [3], [3, 1], [1, 2], [2, 3, 1]]) };
      if (kind === 1) return { call: 'contains', input, output: below(random, 2) === 0 };
      return { call: kind === 2 ? 'add' : 'remove', input, output: pick<unknown>(random, [true, false, undefined]) };
    },
  },
  {
    name: 'counter',
    model: counterModel(),
    call: (random) =>
      below(random, 2) === 0
        ? { call: 'add', input: below(random, 4) - 1, output: pick<unknown>(random, [undefined, undefined, 1, 2]) }
        : { call: 'read', input: undefined, output: below(random, 4) },
  },
  {
    name: 'mutex',
    model: mutexModel(),
    call: (random) =>
      below(random, 2) === 0
        ? { call: 'acquire', input: undefined, output: pick<unknown>(random, [true, 1, 2, 3, 4, false]) }
        : {
            call: 'release',
            input: pick<unknown>(random, [undefined, undefined, 1, 2]),
            output: pick(random, [true, true, false]),
          },
  },
  {
    name: 'queue',
    model: queueModel(),
    call(random) {
      const kind = below(random, 5);
      if (kind < 2) return noOutput('enqueue', below(random, 2));
      if (kind === 2) return { call: 'empty', input: undefined, output: pick<unknown>(random, [true, false, ANY]) };
      return { call: 'dequeue', input: undefined, output: pick<unknown>(random, [0, 1, 1, ANY]) };
    },
  },
  {
    name: 'queue of distinct items',
    model: queueModel(),
    call(random, index) {
      const kind = below(random, 9);
      if (kind < 4) return noOutput('enqueue', index + 1);
      if (kind === 4) return { call: 'empty', input: undefined, output: pick<unknown>(random, [true, true, ANY]) };
      return { call: 'dequeue', input: undefined, output: 1 + below(random, 7) };
    },
  },
];

/**
 * A random history of at most `operationsMax` operations. In about half of them the outputs are what the model answers
 * in some order within the times, so that they are legal; in the rest they are random.
 */
export function randomHistory(random: Random, subject: Subject, operationsMax = 7): readonly Operation[] {
  const times = randomTimes(random, 1 + below(random, operationsMax));
  const drawn = times.map((time, index) => Object.assign({ process: index }, subject.call(random, index), time));
  return below(random, 2) === 0 ? drawn : answered(random, subject, drawn);
}

/** Calls and returns of operations in random order: some overlap, some never return, some share a position. */
function randomTimes(random: Random, count: number): readonly Pick<Operation, 'start' | 'end'>[] {
  const span = pick(random, [1, 2, 4]);
  const isDense = below(random, 4) === 0;
  const openOneIn = pick(random, [2, 6, 6]);
  return Array.from({ length: count }, (_, index) => {
    const start = 2 * index + unitOf(random);
    const end = below(random, openOneIn) === 0 ? Infinity : start + 2 * span * unitOf(random);
    return isDense ? { start: Math.floor(start / 2), end: Math.floor(end / 2) } : { start, end };
  });
}

/** The same operations with outputs that they have in one legal order, as far as one is found. */
function answered(random: Random, subject: Subject, drawn: readonly Operation[]): readonly Operation[] {
  const { model } = subject;
  let state = model.initial;
  let left = [...drawn];
  const done: Operation[] = [];
  while (left.length > 0) {
    const ready = left.filter((one) => !left.some((other) => other.end < one.start));
    const one = pick(random, ready);
    left = left.filter((other) => other !== one);
    if (one.end === Infinity && below(random, 2) === 0) {
      done.push(one);
      continue;
    }
    // Other calls are drawn until the object answers one.
    let tried = one;
    let after = model.step(state, tried);
    for (let draw = 0; after === ILLEGAL && draw < 50; draw++) {
      tried = { ...one, ...subject.call(random, done.length) };
      after = model.step(state, tried);
    }
    if (after !== ILLEGAL) state = after;
    done.push(tried);
  }
  return done;
}
