// The command line of the benchmarks: `npm run bench -- [--json] [FOLDER]` in the checkout, `quorate bench` installed.
import { parseArgs } from 'node:util';
import { FOLDER_SECONDS_MAX, loadQuestions, whyMissing } from './catalogue.ts';
import { entriesOf, machineLine, tableOf } from './report.ts';
import { runQuestion } from './run.ts';
import type { Entrant, Measured } from './run.ts';
import { FOLDERS } from './subject.ts';
import type { Folder } from './subject.ts';

const HELP = `Usage: bench [options] [FOLDER...]

Measures and compares. FOLDER is floor (the machine's limits), layer, cluster or peers; all of them without one.

Options:
  --json           print one JSON array on stdout: folder, question, subject, value, unit, ratios
  --passes N       passes of each subject, an integer from 1 to 100 (default 5); the median counts
  --seconds S      length of one pass, from 0.01 to 60 (default 0.4, shorter when the folder would take too long)
  --only TEXT      only questions that contain TEXT
  --help           print this text

Exit codes: 0 measured, 1 an answer was wrong or a subject failed, 2 wrong usage or peers not installed.
`;

const PASSES_DEFAULT = 5;
const SECONDS_DEFAULT = 0.4;
/** Share of a folder's time that passes may use; the rest is for starting and checking. */
const PASSES_SHARE = 0.7;

/** Where the command writes: the report to `out`, progress and mistakes to `err`. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

interface Request {
  /** None: all that are installed. */
  readonly folders: readonly Folder[];
  readonly isJson: boolean;
  readonly passes: number;
  readonly seconds: number | undefined;
  readonly only: string;
}

/**
 * Runs the benchmarks that `args` ask for.
 *
 * @param load finds the subjects; tests hand in their own.
 * @returns the exit code: 0, 1 (failed) or 2 (usage).
 */
export async function benchCommand(
  args: readonly string[],
  { out, err }: Output,
  load: typeof loadQuestions = loadQuestions,
): Promise<0 | 1 | 2> {
  const request = parse(args);
  if (typeof request === 'string') {
    if (request === HELP) out(HELP);
    else err(`${request}\nTry --help\n`);
    return request === HELP ? 0 : 2;
  }
  for (const folder of FOLDERS) {
    const why = whyMissing(folder);
    if (why === undefined) continue;
    if (request.folders.includes(folder)) {
      err(`Cannot measure bench/${folder}: ${why}\n`);
      return 2;
    }
    if (request.folders.length === 0) err(`Skipped bench/${folder}: ${why}\n`);
  }
  try {
    await measureAll(request, await load(request.folders), { out, err });
    return 0;
  } catch (error) {
    err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}

async function measureAll(request: Request, all: readonly (readonly Entrant[])[], { out, err }: Output): Promise<void> {
  const questions = all.filter(([first]) => first?.subject.question.includes(request.only));
  const ms = passMs(questions.flat(), request);
  err(`${machineLine()}; ${request.passes} passes of ${Math.round(ms)} ms\n`);
  if (!request.isJson) out(`${machineLine()}; median of ${request.passes} passes of ${Math.round(ms)} ms\n`);
  const groups: (readonly Measured[])[] = [];
  for (const entrants of questions) {
    err(`${entrants[0]?.subject.question ?? ''}\n`);
    const progress = (line: string): void => err(`${line}\n`);
    const group = await runQuestion(entrants, { passes: request.passes, ms, progress });
    groups.push(group);
    if (!request.isJson && group.length > 0) out(`\n${tableOf(group)}\n`);
  }
  if (request.isJson) out(`${JSON.stringify(groups.flatMap(entriesOf), undefined, 2)}\n`);
}

/** Length of a pass: as asked, or the default, shortened so that the folder keeps its time. */
function passMs(entrants: readonly Entrant[], { folders, passes, seconds }: Request): number {
  if (seconds !== undefined) return seconds * 1000;
  const asked = folders.length === 0 ? FOLDERS : folders;
  const budgetMs = asked.reduce((sum, each) => sum + FOLDER_SECONDS_MAX[each], 0) * 1000 * PASSES_SHARE;
  const fixedMs = entrants.reduce((sum, { subject: { fixed } }) => sum + (fixed ? fixed.passes * fixed.ms : 0), 0);
  const others = entrants.filter(({ subject }) => subject.fixed === undefined).length;
  const fairMs = (budgetMs - fixedMs) / Math.max(1, others * (passes + 1)); // One more is the warm-up.
  return Math.max(10, Math.min(SECONDS_DEFAULT * 1000, fairMs));
}

/** The request, or a text to print instead. */
function parse(args: readonly string[]): Request | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        passes: { type: 'string' },
        seconds: { type: 'string' },
        only: { type: 'string', default: '' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return HELP;
    const folders = FOLDERS.filter((folder) => positionals.some((name) => plainName(name) === folder));
    const unknown = positionals.find((name) => !FOLDERS.some((folder) => plainName(name) === folder));
    if (unknown !== undefined) return `Cannot find "${unknown}": use ${FOLDERS.join(', ')}`;
    const passes = values.passes === undefined ? PASSES_DEFAULT : Number(values.passes);
    if (!Number.isInteger(passes) || passes < 1 || passes > 100) {
      return `Cannot use --passes ${String(values.passes)}: it must be an integer from 1 to 100`;
    }
    const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
    if (seconds !== undefined && !(seconds >= 0.01 && seconds <= 60)) {
      return `Cannot use --seconds ${String(values.seconds)}: it must be from 0.01 to 60`;
    }
    return { folders, isJson: values.json, passes, seconds, only: values.only };
  } catch (error) {
    return error instanceof Error ? error.message : String(error); // An option that is unknown.
  }
}

/** `bench/floor/` and `floor` name one folder. */
function plainName(name: string): string {
  return name.replace(/^(\.\/)?bench\//, '').replace(/\/$/, '');
}
