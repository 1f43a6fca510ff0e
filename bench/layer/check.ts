// Deciding whether a history is linearizable, as a pure function: a long one of one object, and many short ones.
//
//     main: checkLinearizable or LinearizabilityChecker, no other thread
import { below, seededRandom } from '../../src/base/random.ts';
import type { Operation } from '../../src/check/history.ts';
import { LinearizabilityChecker } from '../../src/check/linearizability-checker.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { casRegisterModel } from '../../src/check/models/cas-register.ts';
import { registerModel } from '../../src/check/models/register.ts';
import { inThread } from '../harness/in-thread.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const LONG = 'check a history of 1,000,000 operations by 4 clients';
const SHORT = 'check a history of 40 operations on 5 keys by 4 clients';
const OPERATIONS = 1_000_000;
const HISTORIES = 200;
const FIVE = 5;
const fixed = { passes: 3, ms: 1 };

export const subjects: readonly Subject[] = [
  { question: LONG, subject: 'distinct writes', unit: 'ops/s', fixed, open: () => openLong('write', OPERATIONS) },
  { question: LONG, subject: '5 values', unit: 'ops/s', fixed, open: () => openLong('write', FIVE) },
  { question: LONG, subject: '5 values, with cas', unit: 'ops/s', fixed, open: () => openLong('cas', FIVE) },
  { question: LONG, subject: '5 values, as it comes in', unit: 'ops/s', fixed, open: openComing },
  { question: SHORT, subject: 'distinct writes', unit: 'histories/s', open: () => openShort('write', OPERATIONS) },
  { question: SHORT, subject: '5 values, with cas', unit: 'histories/s', open: () => openShort('cas', FIVE) },
];

type Change = 'write' | 'cas';

const modelOf = (change: Change) => (change === 'write' ? registerModel(0) : casRegisterModel(0));

function openLong(change: Change, values: number): Promise<Contender> {
  const history = recorded(OPERATIONS, change, values);
  const run = (): void => expectAnswer(checkLinearizable(history, modelOf(change)).verdict, 'ok', 'the verdict');
  return inThread({ check: run, run, operations: OPERATIONS });
}

function openComing(): Promise<Contender> {
  const history = recorded(OPERATIONS, 'write', FIVE);
  const events = new Int32Array(2 * OPERATIONS);
  for (const [index, { start, end }] of history.entries()) {
    events[start] = index;
    events[end] = ~index;
  }
  const run = (): void => {
    const checker = new LinearizabilityChecker(registerModel(0));
    for (const event of events) {
      const operation = history[event < 0 ? ~event : event]!;
      if (event < 0) checker.return(operation.process, operation.output);
      else checker.call(operation.process, operation.call, operation.input);
    }
    expectAnswer(checker.finish().verdict, 'ok', 'the verdict');
  };
  return inThread({ check: run, run, operations: OPERATIONS });
}

function openShort(change: Change, values: number): Promise<Contender> {
  const histories = Array.from({ length: HISTORIES }, (_, seed) =>
    Array.from({ length: 5 }, (_none, key) =>
      recorded(8, change, values, { seed: 5 * seed + key, key: `k${key}` }),
    ).flat(),
  );
  const model = modelOf(change);
  const run = (): void => {
    let ok = 0;
    for (const history of histories) if (checkLinearizable(history, model).verdict === 'ok') ok++;
    expectAnswer(ok, HISTORIES, 'the number of histories that are ok');
  };
  return inThread({ check: run, run, operations: HISTORIES });
}

/** What four clients of a correct register see: a quarter of the calls are writes, a quarter may be cas. */
function recorded(
  operations: number,
  change: Change,
  values: number,
  { seed, key }: { readonly seed: number; readonly key?: string } = { seed: 1 },
): readonly Operation[] {
  const random = seededRandom(seed);
  const history: { -readonly [Field in keyof Operation]: Operation[Field] }[] = [];
  const open: number[] = [-1, -1, -1, -1];
  const effective = new Set<number>();
  let value = 0;
  let returned = 0;
  for (let position = 0; returned < operations;) {
    const client = below(random, open.length);
    const index = open[client]!;
    if (index < 0) {
      if (history.length === operations) continue;
      const kind = below(random, 4);
      const call = kind === 0 ? 'write' : kind === 1 ? (change === 'cas' ? 'cas' : 'read') : 'read';
      const written = values === OPERATIONS ? history.length + 1 : 1 + below(random, values);
      const input = call === 'read' ? undefined : call === 'write' ? written : [1 + below(random, values), written];
      open[client] = history.length;
      const operation = { process: client, call, input, output: undefined, start: position++, end: Infinity };
      history.push(key === undefined ? operation : { ...operation, key });
      continue;
    }
    const operation = history[index]!;
    if (effective.delete(index)) {
      operation.end = position++;
      open[client] = -1;
      returned++;
      continue;
    }
    effective.add(index);
    if (operation.call === 'read') operation.output = value;
    else if (operation.call === 'write') value = Number(operation.input);
    else {
      const [from, to] = operation.input as readonly [number, number];
      operation.output = value === from;
      if (value === from) value = to;
    }
  }
  return history;
}
