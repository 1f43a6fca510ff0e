// `quorate demo` and `quorate replay`: the main job on made-up and on recorded requests.
import { systemSeed } from '../base/random.ts';
import { QuorateError } from '../base/errors.ts';
import { VALUE_BYTES_MAX } from '../base/limits.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { SABOTAGES, type Sabotage } from '../cluster/sabotage.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { placesFor } from '../torture/member-choice.ts';
import { integerOf, numberOf, textOf, UsageError, type Arguments, type OptionSpec } from './arguments.ts';
import type { Command } from './command.ts';
import { openStage } from './demo/cluster-stage.ts';
import { memoryNeed, replicaLimits, sizeText } from './demo/memory-need.ts';
import type { DemoOptions, Plan } from './demo/plan.ts';
import { PHASES, type Phase } from './demo/record.ts';
import { tableOf } from './demo/report.ts';
import { runDemo, type DemoProgress, type DemoStage } from './demo/run-demo.ts';
import { STAMP_BYTES } from './demo/stamp.ts';
import { summarizeTrace, type TraceSummary } from './demo/trace.ts';
import { ZIPFIAN_KEYS_MAX } from './demo/zipfian.ts';
import { painter, ProgressLine, type CommandContext } from './io.ts';
import { SIZE_OPTIONS, sizesOf } from './size-options.ts';

const SECONDS_DEFAULT = 10;
const SECONDS_MAX = 86_400;
const KILLS_PER_SECOND_DEFAULT = 2;
const KILLS_PER_SECOND_MAX = 100;
const KILLS_MAX = 1_000_000;
/** Kills that a run waits for if it is told neither its time nor their rate: four of each kind. */
const KILLS_DEFAULT = 12;
const CHANGES_PER_SECOND_DEFAULT = 0.5;
const CHANGES_PER_SECOND_MAX = 100;
/** Changes of members that such a run waits for: one of each kind. */
const CHANGES_DEFAULT = 4;
const KEYS_DEFAULT = 10_000;
const VALUE_BYTES_DEFAULT = 100;
const TRACE_VALUE_BYTES_DEFAULT = 4096;
const CONCURRENCY_DEFAULT = 64;
const CONCURRENCY_MAX = 4096;

const SHARED_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  'kills-per-second': { type: 'string', value: 'K', help: 'replicas killed per second, 0 for none (2)' },
  kills: { type: 'string', value: 'K', help: 'replicas killed at least, even if that takes longer (see above)' },
  'member-changes-per-second': { type: 'string', value: 'C', help: 'changes of members, 0 for none (0.5)' },
  ...SIZE_OPTIONS,
  'value-bytes-max': { type: 'string', value: 'BYTES', help: 'longer values of a trace are cut (4096)' },
  concurrency: { type: 'string', value: 'C', help: 'requests in flight of each client, 1 to 4096 (64)' },
  seed: { type: 'string', value: 'SEED', help: 'of load and kills, 0 to 4294967295 (random, printed on failure)' },
  sabotage: { type: 'string', value: 'RULE', help: `take a rule away, to see it fail: ${SABOTAGES.join(', ')}` },
};

const ABOUT = [
  'Opens a cluster, puts it under load from the main thread and a worker thread, and kills replicas all the while: by',
  'terminate(), by an endless loop, by filling the heap. Meanwhile members are replaced, the cluster grows and shrinks',
  'and R and W change. Every acknowledged write is remembered, every read is checked against what was acknowledged',
  'before it began, and at the end every key is read from all replicas. Exit code 1 if anything acknowledged was lost',
  'or any read was stale. SIGINT ends the load; what was done is still judged.',
  '',
  'No more replicas are killed at once than the quorums survive: where they recover slowly, as on a busy machine,',
  'kills are put off. The load goes on until --kills are done, up to 12 times --seconds. Without that option they are',
  '12 where neither --seconds nor --kills-per-second nor a trace is given, else 0. A change of members that cannot be',
  'made within 15 seconds is taken back; a run that waits for 12 kills waits for 4 changes as well.',
];

/** Five replicas under YCSB load while they are killed. */
export const demoCommand: Command = {
  spec: {
    name: 'demo',
    summary: 'run a cluster under load, kill its replicas, and prove that nothing is lost',
    usage: '[options]',
    about: ABOUT,
    options: {
      seconds: { type: 'string', value: 'S', help: 'time under load (10; with --trace until the file ends)' },
      ...SHARED_OPTIONS,
      keys: { type: 'string', value: 'KEYS', help: 'keys, zipfian, 1 to 1048576 (10000)' },
      'value-bytes': { type: 'string', value: 'BYTES', help: 'length of each value, from 16 (100)' },
      trace: { type: 'string', value: 'FILE', help: 'replay a CloudPhysics or Twitter trace instead of YCSB A, B, F' },
    },
    examples: ['quorate demo', 'quorate demo --seconds 600 --json', 'quorate demo --replicas 3 --kills-per-second 5'],
    positionalsMax: 0,
  },
  run: (given, context) => run(given, context, textOf(given, 'trace')),
};

/** The same on a recorded workload. */
export const replayCommand: Command = {
  spec: {
    name: 'replay',
    summary: 'the demo on a recorded workload: a CloudPhysics or Twitter trace',
    usage: '[options] FILE',
    about: [
      ...ABOUT,
      '',
      'FILE is a CSV of CloudPhysics (version,time,op,size,lbn with a header) or of the Twitter cache traces',
      '(timestamp,key,key size,value size,client id,operation,TTL without). With --seconds it is repeated until the',
      'time is over.',
    ],
    options: {
      seconds: { type: 'string', value: 'S', help: 'time under load (until the file ends)' },
      ...SHARED_OPTIONS,
    },
    examples: ['quorate replay cloudphysics-vm-io.csv', 'quorate replay cluster52.csv --value-bytes-max 1024 --json'],
    positionalsMax: 1,
  },
  run: (given, context) => {
    const [file] = given.positionals;
    if (file === undefined) throw new UsageError('Cannot replay nothing: FILE must be a trace');
    return run(given, context, file);
  },
};

async function run(given: Arguments, context: CommandContext, file: string | undefined): Promise<number> {
  const { io, signal } = context;
  const options = await demoOptionsOf(given, file, (note) => io.stderr.write(`${note}\n`));
  const progress = new ProgressLine(io);
  const sabotage = sabotageOf(given);
  const open = (cluster: ClusterOptions): Promise<DemoStage> => openStage(cluster, sabotage);
  const hooks = { signal, onProgress: progressPrinter(progress, options) };
  const report = await runDemo(options, open, hooks).finally(() => progress.clear());
  const isJson = given.values['json'] === true;
  if (isJson) io.stdout.write(`${JSON.stringify(report.summary)}\n`);
  else io.stdout.write(tableOf(report, painter(io, io.stdout)));
  if (isJson && !report.isGood) io.stderr.write(tableOf(report, painter(io, io.stderr)));
  return report.isGood ? 0 : 1;
}

/** What the command line asks for. @throws {UsageError} | {QuorateError} that names the option and what is allowed. */
export async function demoOptionsOf(
  given: Arguments,
  file: string | undefined,
  note: (text: string) => void,
): Promise<DemoOptions> {
  const { options: sizes, quorums } = sizesOf(given);
  const seconds = numberOf(given, 'seconds', { min: 0.1, max: SECONDS_MAX });
  const valueLimits = { min: STAMP_BYTES, max: VALUE_BYTES_MAX };
  const valueBytes = integerOf(given, 'value-bytes', valueLimits) ?? VALUE_BYTES_DEFAULT;
  const cutTo = integerOf(given, 'value-bytes-max', valueLimits) ?? TRACE_VALUE_BYTES_DEFAULT;
  const plan = {
    clients: 2,
    concurrency: integerOf(given, 'concurrency', { min: 1, max: CONCURRENCY_MAX }) ?? CONCURRENCY_DEFAULT,
    seed: integerOf(given, 'seed', { min: 0, max: 2 ** 32 - 1 }) ?? systemSeed(),
    keys: integerOf(given, 'keys', { min: 1, max: ZIPFIAN_KEYS_MAX }) ?? KEYS_DEFAULT,
    valueBytes,
    valueBytesMax: file === undefined ? valueBytes : cutTo,
  };
  const killsPerSecond =
    numberOf(given, 'kills-per-second', { min: 0, max: KILLS_PER_SECOND_MAX }) ?? KILLS_PER_SECOND_DEFAULT;
  const memberChangesPerSecond =
    numberOf(given, 'member-changes-per-second', { min: 0, max: CHANGES_PER_SECOND_MAX }) ?? CHANGES_PER_SECOND_DEFAULT;
  const isBounded = seconds !== undefined || file === undefined;
  const killsMin = killsMinOf(given, { killsPerSecond, isBounded, quorums });
  const memberChangesMin = isPlain(given) && isBounded && memberChangesPerSecond > 0 ? CHANGES_DEFAULT : 0;
  const harm = { killsPerSecond, killsMin, memberChangesPerSecond, memberChangesMin };
  const threadsMax = memberChangesPerSecond > 0 ? placesFor(quorums.threads) : quorums.threads;
  if (file === undefined) {
    const cluster = { ...sizes, threadsMax, ...replicaLimits(plan.keys, plan.keys * valueBytes) };
    return { cluster, seconds: seconds ?? SECONDS_DEFAULT, ...harm, plan };
  }
  const summary = await summaryOf(file, plan);
  stateMemory(file, summary, threadsMax, note);
  const cluster = { ...sizes, threadsMax, ...replicaLimits(summary.keys, summary.bytes) };
  return { cluster, seconds, ...harm, plan: { ...plan, trace: { path: file, isRepeated: seconds !== undefined } } };
}

/** Whether nothing is said of how long it takes, and a file does not. */
function isPlain({ values }: Arguments): boolean {
  return ['seconds', 'kills-per-second', 'trace'].every((name) => values[name] === undefined);
}

/** @throws {UsageError} where so many could never be killed. */
function killsMinOf(
  given: Arguments,
  asked: {
    readonly killsPerSecond: number;
    readonly isBounded: boolean;
    readonly quorums: RegisterQuorums;
  },
): number {
  const kills = integerOf(given, 'kills', { min: 0, max: KILLS_MAX });
  const { downMax, threads } = asked.quorums;
  if (kills === undefined) return isPlain(given) && asked.isBounded && downMax > 0 ? KILLS_DEFAULT : 0;
  const hindrance =
    (downMax === 0 && `${threads} replicas with these quorums survive no death`) ||
    (asked.killsPerSecond === 0 && 'it needs --kills-per-second above 0') ||
    (!asked.isBounded && 'a trace that is not repeated ends when it ends; it needs --seconds');
  if (kills > 0 && hindrance !== false) throw new UsageError(`Cannot use --kills "${kills}": ${hindrance}`);
  return kills;
}

function sabotageOf(given: Arguments): Sabotage | undefined {
  const text = textOf(given, 'sabotage');
  const sabotage = SABOTAGES.find((known) => known === text);
  if (text !== undefined && sabotage === undefined) {
    throw new UsageError(`Cannot use --sabotage "${text}": it must be one of ${SABOTAGES.join(', ')}`);
  }
  return sabotage;
}

async function summaryOf(file: string, plan: Pick<Plan, 'valueBytesMax'>): Promise<TraceSummary> {
  try {
    return await summarizeTrace(file, { valueBytesMin: STAMP_BYTES, valueBytesMax: plan.valueBytesMax });
  } catch (error) {
    if (error instanceof QuorateError || !(error instanceof Error)) throw error;
    throw new UsageError(`Cannot read the trace "${file}": ${error.message}`);
  }
}

/** Says what the trace takes. @throws {QuorateError} `ERR_QUORATE_CONFIGURATION` when the machine has less. */
function stateMemory(file: string, summary: TraceSummary, replicas: number, note: (text: string) => void): void {
  const need = memoryNeed(summary, replicas);
  const { requests, keys, format } = summary;
  const size = `${requests.toLocaleString('en-US')} requests of ${keys.toLocaleString('en-US')} keys`;
  note(`${file}: ${format}, ${size}; needs ${sizeText(need.total)} of memory, ${sizeText(need.available)} available`);
  if (need.fits) return;
  const lack = `they need ${sizeText(need.total)} of memory, and ${sizeText(need.available)} are available`;
  const message = `Cannot keep ${replicas} copies of "${file}": ${lack}; fewer --replicas or --value-bytes-max help`;
  throw new QuorateError('ERR_QUORATE_CONFIGURATION', message, { fields: { ...need } });
}

const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  [PHASES.WAIT]: '',
  [PHASES.YCSB_A]: 'YCSB A (half reads)',
  [PHASES.YCSB_B]: 'YCSB B (95 % reads)',
  [PHASES.YCSB_F]: 'YCSB F (read-modify-write)',
  [PHASES.MIX]: 'mix (changes, increments, deletes)',
  [PHASES.TRACE]: 'trace',
  [PHASES.STOP]: 'draining',
};
const STEP_NAMES: Readonly<Record<Exclude<DemoProgress['step'], 'run'>, string>> = {
  open: 'opening the cluster',
  load: 'loading',
  settle: 'waiting for the last killed replicas',
  verify: 'reading every key from all replicas',
};

/** Shows progress: each second on a terminal; elsewhere each step, and about ten lines in between. */
function progressPrinter(progress: ProgressLine, options: DemoOptions): (now: DemoProgress) => void {
  const everyMs = progress.isLive ? 0 : Math.max(1000, (options.seconds ?? 0) * 100) - 1;
  let shownMs = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now.step !== 'run') return progress.show(STEP_NAMES[now.step]);
    if (now.elapsedMs - shownMs < everyMs || now.operations === 0) return;
    shownMs = now.elapsedMs;
    progress.show(progressText(now, options.seconds));
  };
}

function progressText(
  { phase, elapsedMs, operations, kills, memberChanges, stale }: DemoProgress,
  seconds: number | undefined,
): string {
  const total = seconds === undefined ? '' : ` of ${seconds}`;
  const rate = Math.round(operations / (elapsedMs / 1000)).toLocaleString('en-US');
  const trouble = stale === 0 ? '' : `, ${stale} STALE`;
  const time = `${(elapsedMs / 1000).toFixed(0)}${total} s`;
  const harm = `${kills} kills, ${memberChanges} changes of members`;
  return `${time}, ${PHASE_NAMES[phase]}: ${rate} operations per second, ${harm}${trouble}`;
}
