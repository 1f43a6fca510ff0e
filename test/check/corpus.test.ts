// Histories that others recorded of real systems, with the verdicts of their own checkers.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ANY,
  casRegisterModel,
  checkLinearizable,
  checkTransactions,
  ILLEGAL,
  kvModel,
  multiRegisterModel,
  mutexModel,
  parseHistory,
} from '../../src/check/index.ts';
import type { HistoryFormat, Isolation, Model, Operation, Verdict } from '../../src/check/index.ts';
import { CORPUS_MISSING, corpusPath } from '../support/corpus.ts';

/** Verdicts of the published set that came with the project's issue; a corpus may hold more. */
const CASES = 129;

interface Expected {
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, 'ok' | 'illegal' | null>>>>;
  readonly info: Readonly<Record<string, { readonly firstUnlinearizableOpIndex?: number }>>;
}

/** A whole map as one object: what splitting by key must agree with. */
const WHOLE_MAP: Model<string> = {
  name: 'kv as one object',
  initial: '{}',
  isKeyed: false,
  step(state, { key = '', call, input, output, end }) {
    const values = JSON.parse(state) as Record<string, string>;
    const held = values[key] ?? '';
    if (call === 'get') return end === Infinity || output === ANY || output === held ? state : ILLEGAL;
    const after = call === 'append' ? held + String(input) : String(input);
    return JSON.stringify(
      Object.fromEntries(Object.entries({ ...values, [key]: after }).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    );
  },
  identify: (state) => state,
  describe: ({ call }) => call,
};

const CHECKS: Readonly<Record<string, (history: readonly Operation[]) => Verdict>> = {
  'etcd-register': (history) => checkLinearizable(history, casRegisterModel(null)),
  'cas-register(initial 0)': (history) => checkLinearizable(history, casRegisterModel(0)),
  'cas-register(initial nil)': (history) => checkLinearizable(history, casRegisterModel(null)),
  'multi-register{x:0,y:0}': (history) => checkLinearizable(history, multiRegisterModel({ x: 0, y: 0 })),
  mutex: (history) => checkLinearizable(history, mutexModel()),
  'kv-per-key': (history) => checkLinearizable(history, kvModel()),
  'kv-whole-map': checkWholeMap,
};

/** Ten clients on one object take minutes. Their keys apart say the same: Herlihy and Wing (1990), theorem 1. */
function checkWholeMap(history: readonly Operation[]): Verdict {
  const found = checkLinearizable(history, WHOLE_MAP, { stepsMax: 20_000 });
  return found.verdict === 'unknown' ? checkLinearizable(history, kvModel()) : found;
}

function checkOf(model: string): (history: readonly Operation[]) => Verdict {
  const [kind, isolation] = model.split('/');
  if (kind === 'list-append' || kind === 'rw-register') {
    return (history) => checkTransactions(history, { isolation: isolation as Isolation });
  }
  const check = CHECKS[model];
  if (check === undefined) throw new Error(`No model is called ${model}`);
  return check;
}

function formatOf(file: string): HistoryFormat {
  if (file.startsWith('etcd')) return 'jepsen';
  return file.startsWith('knossos') ? 'knossos' : file.startsWith('kv') ? 'kv' : 'elle';
}

const path = corpusPath('histories/EXPECTED.json', CASES);

// Without the corpus there is nothing to check.
describe.skipIf(path === undefined)(`Recorded histories (${CORPUS_MISSING})`, () => {
  const { verdicts, info } = (
    path === undefined ? { verdicts: {}, info: {} } : JSON.parse(readFileSync(path, 'utf8'))
  ) as Expected;
  const cases = Object.entries(verdicts).flatMap(([file, models]) => {
    return Object.entries(models).flatMap(([model, verdict]) => (verdict === null ? [] : [{ file, model, verdict }]));
  });
  const read = (file: string): string => readFileSync(join(dirname(path ?? ''), file), 'utf8');

  it.each(cases)('$file is $verdict as $model', ({ file, model, verdict }) => {
    const text = read(file);
    const history = parseHistory(text, formatOf(file));
    if (text.trim() !== '') expect(parseHistory(text)).toEqual(history); // The format is found out, too.
    const found = checkOf(model)(history);
    expect(found.verdict).toBe(verdict);
    const index = info[file]?.firstUnlinearizableOpIndex;
    if (index !== undefined && found.verdict === 'illegal') expect(found.explanation.impossible.end).toBe(index);
  });
});
