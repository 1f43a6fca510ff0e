// `quorate torture`: real threads, killed in every way there is, and a checker that reads what came of it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENTS_MAX } from '../base/limits.ts';
import { systemSeed } from '../base/random.ts';
import { clusterSizes } from '../cluster/cluster-sizes.ts';
import { SABOTAGES } from '../cluster/sabotage.ts';
import type { Sabotage } from '../cluster/sabotage.ts';
import { HARMS } from '../torture/nemesis.ts';
import type { Harm } from '../torture/nemesis.ts';
import type { Finding, TortureOptions, TortureProgress, TortureReport } from '../torture/options.ts';
import { runTorture } from '../torture/run-torture.ts';
import { integerOf, numberOf, textOf, UsageError, type Arguments } from './arguments.ts';
import type { Command } from './command.ts';
import { painter, ProgressLine, type CommandContext, type Style } from './io.ts';
import { SIZE_OPTIONS, sizesOf } from './size-options.ts';

const SECONDS_DEFAULT = 30;
const SECONDS_MAX = 43_200;
const CLIENTS_DEFAULT = 4;
/** The supervisor needs places for clients that replace those whose death it has not noticed yet. */
const CLIENTS_LIMIT: number = Math.floor(CLIENTS_MAX / 2);
const GAP_MS_DEFAULT = 50;
const GAP_MS_MAX = 60_000;
/** Bounds of the time between two lines of progress where there is no terminal, in milliseconds. */
const LINE_MS_MIN = 1000;
const LINE_MS_MAX = 60_000;
/** Harms in one line of the help. */
const HARMS_A_LINE = 8;
/** Lines of an explanation that are shown; the file has the rest. */
const LINES_MAX = 24;

/** Real threads under a nemesis, checked. */
export const tortureCommand: Command = {
  spec: {
    name: 'torture',
    summary: 'kill the threads of a real cluster in every way, and check all that clients saw',
    usage: '[options]',
    about: [
      'Opens a cluster and puts it under load from the main thread and from worker threads: promises, blocking calls,',
      'batches, updates and comparisons alone and in bursts, large values, on busy keys that all of them fight for and',
      'on keys that rest until they are read again.',
      'Meanwhile replicas are terminated at random and at named instants, hang and run out of memory; members change;',
      'clients are killed in the middle of a call; rings are flooded, processors and memory taken away, the process',
      'stopped and continued, the state lost and reset. A shared counter orders all calls and returns exactly, and the',
      'history of each key is checked for linearizability by another thread. Exit code 1 when one is wrong or too hard',
      'to check, or a thread crashed by itself; the history is saved then. SIGINT ends the load; what was done is',
      'checked all the same.',
      'Progress goes to stderr: a live line on a terminal; elsewhere about ten lines, at least one each minute.',
      '',
      'The seed fixes what clients call and what is done to them, not how the threads interleave: another run with the',
      'same seed is another run.',
      '',
      `Harms: ${HARMS.slice(0, HARMS_A_LINE).join(', ')},`,
      `${HARMS.slice(HARMS_A_LINE).join(', ')}.`,
    ],
    options: {
      seconds: { type: 'string', value: 'S', help: `time under load (${SECONDS_DEFAULT})` },
      seed: { type: 'string', value: 'SEED', help: 'of calls and harm, 0 to 4294967295 (random, printed)' },
      ...SIZE_OPTIONS,
      clients: {
        type: 'string',
        value: 'N',
        help: `client threads and main, 2 to ${CLIENTS_LIMIT} (${CLIENTS_DEFAULT})`,
      },
      'gap-ms': { type: 'string', value: 'MS', help: `average time between two harms (${GAP_MS_DEFAULT})` },
      harm: { type: 'string', value: 'NAMES', help: 'only these harms, with commas between (all)' },
      out: { type: 'string', value: 'FOLDER', help: 'where wrong histories are saved (torture-SEED)' },
      sabotage: { type: 'string', value: 'RULE', help: `take a rule away, to see it fail: ${SABOTAGES.join(', ')}` },
    },
    examples: ['quorate torture', 'quorate torture --seconds 3600 --json', 'quorate torture --sabotage catch-up'],
    positionalsMax: 0,
  },

  async run(given, context) {
    const { io, signal } = context;
    const options = tortureOptionsOf(given, context);
    const progress = new ProgressLine(io);
    const isJson = given.values['json'] === true;
    if (!progress.isLive || isJson) io.stderr.write(`seed ${options.seed}\n`);
    const onProgress = progressPrinter(progress, options.seconds);
    const report = await runTorture(options, { signal, onProgress }).finally(() => progress.clear());
    if (isJson) io.stdout.write(`${JSON.stringify(report.summary)}\n`);
    else io.stdout.write(tableOf(report, options, painter(io, io.stdout)));
    const folder = textOf(given, 'out') ?? `torture-${options.seed}`;
    if (!report.isGood) io.stderr.write(complaintOf(report, folder, painter(io, io.stderr)));
    return report.isGood ? 0 : 1;
  },
};

/** What the command line asks for. @throws {UsageError} that names the option and what is allowed. */
function tortureOptionsOf(given: Arguments, { io }: CommandContext): TortureOptions {
  return {
    cluster: sizesOf(given).options,
    sabotage: sabotageOf(given),
    seconds: numberOf(given, 'seconds', { min: 0.1, max: SECONDS_MAX }) ?? SECONDS_DEFAULT,
    seed: integerOf(given, 'seed', { min: 0, max: 2 ** 32 - 1 }) ?? systemSeed(),
    clients: integerOf(given, 'clients', { min: 2, max: CLIENTS_LIMIT }) ?? CLIENTS_DEFAULT,
    harms: harmsOf(given),
    gapMs: integerOf(given, 'gap-ms', { min: 1, max: GAP_MS_MAX }) ?? GAP_MS_DEFAULT,
    // A shell takes a stopped job for suspended, and gives the terminal to somebody else.
    mayStop: io.stderr.isTTY !== true && io.stdout.isTTY !== true,
  };
}

function sabotageOf(given: Arguments): Sabotage | undefined {
  const text = textOf(given, 'sabotage');
  const sabotage = SABOTAGES.find((known) => known === text);
  if (text === undefined || sabotage !== undefined) return sabotage;
  throw new UsageError(`Cannot use --sabotage "${text}": it must be one of ${SABOTAGES.join(', ')}`);
}

function harmsOf(given: Arguments): readonly Harm[] | undefined {
  const text = textOf(given, 'harm');
  if (text === undefined) return undefined;
  return text.split(',').map((name) => {
    const harm = HARMS.find((known) => known === name.trim());
    if (harm !== undefined) return harm;
    throw new UsageError(`Cannot use --harm "${name}": it must be one of ${HARMS.join(', ')}`);
  });
}

/** Shows progress: each second on a terminal; elsewhere for each tenth of the time, and each minute. */
export function progressPrinter(progress: ProgressLine, seconds: number): (now: TortureProgress) => void {
  const everyMs = progress.isLive ? 0 : Math.min(LINE_MS_MAX, Math.max(LINE_MS_MIN, seconds * 100)) - 1;
  let shownMs = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now.elapsedMs - shownMs < everyMs) return;
    shownMs = now.elapsedMs;
    const { operations, kills, histories, violations, unknown } = now;
    const trouble = violations + unknown === 0 ? '' : `, ${violations} WRONG, ${unknown} UNKNOWN`;
    const time = `${(now.elapsedMs / 1000).toFixed(0)} of ${seconds} s`;
    progress.show(
      `${time}: ${numberText(operations)} operations, ${kills} kills, ${numberText(histories)} histories${trouble}`,
    );
  };
}

type Paint = (style: Style, text: string) => string;

/** The report as a person reads it. */
function tableOf(
  { summary, seconds, harms, reached, deaths, changes, memberChanges, isGood }: TortureReport,
  options: TortureOptions,
  paint: Paint,
): string {
  const row = (name: string, text: string): string => `${paint('dim', name.padEnd(12))}${text}`;
  const rate = numberText(Math.round(summary.operations / seconds));
  const bad = summary.violations + summary.unknown === 0 ? 'green' : 'red';
  const verdicts = `${summary.violations} wrong, ${summary.unknown} unknown`;
  const lines = [
    row('cluster', clusterText(options)),
    row('operations', `${numberText(summary.operations)} in ${seconds.toFixed(1)} s, ${rate} per second`),
    row('changes', changesText(changes)),
    row('members', membersText(memberChanges)),
    row('kills', `${summary.kills}; replicas ended by ${listOf(deaths)}`),
    row('harm', listOf(harms)),
    row('died at', listOf(reached)),
    row('histories', `${numberText(summary.histories)} checked: ${paint(bad, verdicts)}`),
    ...(options.mayStop ? [] : [row('note', 'the process was not stopped: a terminal would take it for suspended')]),
    isGood ? paint('green', 'Every history is linearizable') : paint('red', 'FAILED'),
  ];
  return `${lines.join('\n')}\n`;
}

/** Saves what was found, and says where. */
function complaintOf({ findings, failures }: TortureReport, folder: string, paint: Paint): string {
  const lines = failures.map((failure) => `${paint('red', 'failed')} ${failure}`);
  if (findings.length > 0) mkdirSync(folder, { recursive: true });
  for (const finding of findings) lines.push(...sayOf(finding, folder, paint));
  return `${lines.join('\n')}\n`;
}

function sayOf({ key, verdict, text, history }: Finding, folder: string, paint: Paint): string[] {
  const file = join(folder, `${key.replace(/[^\w.]+/g, '-')}.jsonl`);
  writeFileSync(file, history);
  const lines = text.split('\n');
  const rest = lines.length > LINES_MAX ? [`... and ${lines.length - LINES_MAX} lines`] : [];
  return [
    `${paint('red', verdict)} history of "${key}", saved: quorate check ${file} --model register`,
    ...lines.slice(0, LINES_MAX),
    ...rest,
  ];
}

function listOf(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  return sorted.length === 0 ? 'nothing' : sorted.map(([name, count]) => `${name} ${count}`).join(', ');
}

function clusterText({ cluster, clients, seed }: TortureOptions): string {
  const { threads, replicas } = clusterSizes(cluster);
  const copies = threads === replicas ? '' : `, ${replicas} copies of each key`;
  return `${threads} replicas${copies}, ${clients} clients, seed ${seed}`;
}

function membersText({ done, undone, msMax }: TortureReport['memberChanges']): string {
  return `changed ${numberText(done)} times, ${numberText(undone)} taken back; at most ${Math.round(msMax)} ms`;
}

function changesText({ changes, conflicts, finals }: TortureReport['changes']): string {
  const lost = `${numberText(finals)} of which nobody will ever know`;
  return `${numberText(changes)} decided, ${numberText(conflicts)} conflicts, ${lost}`;
}

function numberText(value: number): string {
  return value.toLocaleString('en-US');
}
