// `quorate check`: whether recorded histories are what a model allows.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { HISTORY_FORMATS, isHistoryFormat } from '../check/formats/parse-history.ts';
import { levelOf } from '../check/transactions/isolation.ts';
import type { Isolation } from '../check/transactions/isolation.ts';
import { textOf, UsageError, type Arguments } from './arguments.ts';
import { checkFiles } from './check/check-files.ts';
import type { CheckPlan, CheckResult } from './check/check-files.ts';
import { LIST_APPEND } from './check/check-task.ts';
import { historyFiles } from './check/history-files.ts';
import { modelOf, OBJECT_MODELS } from './check/model-of.ts';
import type { Command } from './command.ts';
import { painter, type CommandContext } from './io.ts';

/** Exit codes. */
const OK = 0;
const ILLEGAL = 1;
const UNKNOWN = 3;
const INTERRUPTED = 130;

const MODELS = [...OBJECT_MODELS, LIST_APPEND];
/** Histories of a few hundred operations. */
const DIRECT_BYTES_MAX = 64 * 1024;
/** A shorter file is checked faster by one thread than several have parsed it. */
const SPLIT_BYTES_MIN = 1024 * 1024;
const THREADS_MAX = 8;

/** Checks files, and prints one verdict each. */
export const checkCommand: Command = {
  spec: {
    name: 'check',
    summary: 'check recorded histories: linearizability, transactions',
    usage: '--model MODEL [options] FILE...',
    about: [
      'Says whether what was called and returned is what a correct object may do: the model is what the object is.',
      'A folder stands for all files in it. Keys of a large history are checked in parallel.',
      'JSON, one object a file and line: { "file", "model", "verdict": "ok"|"illegal"|"unknown", "operations",',
      '"milliseconds" }. Exit code 0 when all are ok, 1 when one is illegal, 2 for wrong usage, also a file that does',
      'not parse, 3 when one is unknown (the search gave up within its limits) and none is illegal.',
    ],
    options: {
      model: { type: 'string', value: 'MODEL', help: MODELS.join(', ') },
      format: { type: 'string', value: 'FORMAT', help: `${HISTORY_FORMATS.join(', ')} (found out)` },
      initial: {
        type: 'string',
        value: 'VALUE',
        help: 'what objects hold at first, such as nil, 0 or {:x 0} (0 in knossos without keys, else none)',
      },
      isolation: {
        type: 'string',
        value: 'LEVEL',
        help: `of ${LIST_APPEND}, such as serializable (strict-serializable)`,
      },
      out: { type: 'string', value: 'PICTURE', help: 'draw what is illegal: a file that ends in .svg or .html' },
    },
    environment: { NO_COLOR: 'plain text' },
    examples: [
      'quorate check --model cas-register etcd_000.log',
      'quorate check --model kv --json history.txt',
      'quorate check --model list-append --isolation snapshot-isolation history.edn',
      'quorate check --model register --out why.html history.jsonl',
      'quorate check --model cas-register --format jepsen logs/',
    ],
    positionalsMax: 100_000,
  },

  async run(given, context) {
    const { plan, paths, out } = planOf(given);
    const files = historyFiles(paths);
    if (out !== undefined && files.length > 1) {
      throw new UsageError(`Cannot use --out with ${files.length} files: a picture shows one`);
    }
    const report = given.values['json'] === true ? reportJson : reportText;
    const threads = Math.min(availableParallelism(), THREADS_MAX);
    const counts: Counts = { ok: 0, illegal: 0, unknown: 0 };
    try {
      const { signal } = context;
      const limits = { threads, directBytesMax: DIRECT_BYTES_MAX, splitBytesMin: SPLIT_BYTES_MIN, signal };
      for await (const result of checkFiles(files, plan, limits)) {
        counts[result.verdict] += 1;
        report(result, { context, model: plan.model, isAlone: files.length === 1 });
        if (out !== undefined) savePicture(result, out, context);
      }
    } catch (error) {
      if (!context.signal.aborted) throw error;
      context.io.stderr.write('Interrupted\n');
      return INTERRUPTED;
    }
    if (files.length > 1) {
      const { ok, illegal, unknown } = counts;
      context.io.stderr.write(`${files.length} files: ${ok} ok, ${illegal} illegal, ${unknown} unknown\n`);
    }
    return counts.illegal > 0 ? ILLEGAL : counts.unknown > 0 ? UNKNOWN : OK;
  },
};

type Counts = Record<CheckResult['verdict'], number>;

interface Asked {
  readonly plan: CheckPlan;
  readonly paths: readonly string[];
  /** Where the picture goes. */
  readonly out: string | undefined;
}

/** @throws {UsageError} | {RangeError} that names what is wrong, before any file is read. */
function planOf(given: Arguments): Asked {
  const { positionals: paths } = given;
  if (paths.length === 0) throw new UsageError('Cannot check nothing: name a FILE, or a folder of files');
  const model = textOf(given, 'model');
  if (model === undefined || !MODELS.includes(model)) {
    const problem = model === undefined ? 'Cannot check without --model' : `Cannot use --model "${model}"`;
    throw new UsageError(`${problem}: it must be one of ${MODELS.join(', ')}`);
  }
  const format = textOf(given, 'format');
  if (format !== undefined && !isHistoryFormat(format)) {
    throw new UsageError(`Cannot use --format "${format}": it must be one of ${HISTORY_FORMATS.join(', ')}`);
  }
  const initial = textOf(given, 'initial');
  const isolation = isolationOf(given, model);
  if (model !== LIST_APPEND) modelOf(model, { initial, format: 'quorate', history: [] });
  else if (initial !== undefined) throw new UsageError(`Cannot use --initial with --model ${LIST_APPEND}`);
  const out = textOf(given, 'out');
  const picture = out === undefined ? undefined : pictureOf(out);
  return { plan: { model, format, initial, isolation, picture }, paths, out };
}

function isolationOf(given: Arguments, model: string): Isolation | undefined {
  const isolation = textOf(given, 'isolation');
  if (isolation === undefined) return undefined;
  if (model !== LIST_APPEND)
    throw new UsageError(`Cannot use --isolation with --model ${model}: it is for ${LIST_APPEND}`);
  levelOf(isolation);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- levelOf throws at any other name.
  return isolation as Isolation;
}

function pictureOf(out: string): 'svg' | 'html' {
  if (out.endsWith('.svg')) return 'svg';
  if (out.endsWith('.html')) return 'html';
  throw new UsageError(`Cannot use --out "${out}": it must end in .svg or .html`);
}

interface Reporting {
  readonly context: CommandContext;
  readonly model: string;
  readonly isAlone: boolean;
}

function reportJson({ path, verdict, operations, milliseconds, text }: CheckResult, reporting: Reporting): void {
  const { context, model, isAlone } = reporting;
  const line = { file: path, model, verdict, operations, milliseconds: Math.round(milliseconds) };
  context.io.stdout.write(`${JSON.stringify(line)}\n`);
  if (isAlone && text !== undefined) context.io.stderr.write(`${text}\n`);
}

const STYLES = { ok: 'green', illegal: 'red', unknown: 'yellow' } as const;

function reportText({ path, verdict, operations, milliseconds, text }: CheckResult, reporting: Reporting): void {
  const { context, model, isAlone } = reporting;
  const paint = painter(context.io, context.io.stdout);
  const noun = operations === 1 ? 'operation' : 'operations';
  const counts = `${operations} ${noun}, ${model}, ${Math.round(milliseconds)} ms`;
  const [first, ...rest] = (text ?? '').split('\n');
  const shown = isAlone ? [first, ...rest] : [first]; // Of many files, one line each is what one can read.
  context.io.stdout.write(`${paint(STYLES[verdict], verdict.padEnd(7))}  ${path}  ${paint('dim', counts)}\n`);
  if (text !== undefined) context.io.stdout.write(shown.map((line) => `  ${line}\n`).join(''));
}

function savePicture({ verdict, picture }: CheckResult, out: string, { io }: CommandContext): void {
  if (picture === undefined) return void io.stderr.write(`No picture: the history is ${verdict}\n`);
  try {
    writeFileSync(out, picture);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Cannot write --out "${out}": it must be a file that may be written (${reason})`);
  }
  io.stderr.write(`Picture: ${out}\n`);
}
