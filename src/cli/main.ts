// The command `quorate`: which command is meant, how it ends.
import { readFileSync } from 'node:fs';
import { isQuorateError } from '../base/errors.ts';
import { columnsOf, helpOf, readArguments, UsageError, usageOf, type Heading } from './arguments.ts';
import { benchCommand } from './bench-command.ts';
import { checkCommand } from './check-command.ts';
import type { Command } from './command.ts';
import { demoCommand, replayCommand } from './demo-command.ts';
import { painter, processIo, type CliIo, type CliOutput, type CommandContext, type EndSignal } from './io.ts';
import { serveCommand } from './serve-command.ts';
import { simCommand } from './sim-command.ts';
import { tortureCommand } from './torture-command.ts';

const COMMANDS: readonly Command[] = [
  demoCommand,
  replayCommand,
  serveCommand,
  benchCommand,
  simCommand,
  tortureCommand,
  checkCommand,
];

/** Exit codes. */
const OK = 0;
const FAILED = 1;
const USAGE = 2;
const SIGNAL_CODES: Readonly<Record<EndSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

const EXAMPLES = [
  'quorate demo                        five replicas under load while they are killed',
  'quorate demo --seconds 600 --json   the same for ten minutes, for programs',
  'quorate replay trace.csv            a recorded workload instead',
  'quorate serve --port 8080           a replicated key-value store over HTTP',
];
const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'done, and nothing was wrong'],
  ['1', 'failed: something was lost or stale, a port in use, an error'],
  ['2', 'wrong usage or configuration; the message says what is allowed'],
  ['3', 'unknown: quorate check gave up within its limits'],
  ['130, 143', 'ended at once by a second SIGINT or SIGTERM; the first one drains'],
];
const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['PORT', 'port of quorate serve (3000)'],
  ['NODE_COUNT', 'replicas of quorate serve (5)'],
  ['READ_QUORUM', 'replicas that a read asks (3)'],
  ['WRITE_QUORUM', 'replicas that accept a write (4)'],
  ['NO_COLOR, FORCE_COLOR', 'plain text, or colours in any case'],
];

/**
 * Runs one command line, without the program's name, and returns its exit code. Main thread only.
 *
 * The first SIGINT or SIGTERM lets the command finish what is in flight; a second one ends the process at once.
 *
 * @example
 * process.exitCode = await main(['demo', '--json']);
 */
export async function main(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  const drain = new AbortController();
  let isDone = false;
  const closed = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    if (!isDone) io.exit(OK); // Nobody reads on, as after `| head`: quietly no more.
  };
  io.stdout.on?.('error', closed);
  io.stderr.on?.('error', closed);
  const stopListening = io.onSignal((signal) => {
    if (drain.signal.aborted) io.exit(SIGNAL_CODES[signal]);
    else drain.abort(new Error(`Ended by ${signal}`));
  });
  try {
    return await dispatch(argv, { io, signal: drain.signal });
  } catch (error) {
    io.stderr.write(`${painter(io, io.stderr)('red', 'error')} ${messageOf(error)}\n`);
    return isUsage(error) ? USAGE : FAILED;
  } finally {
    isDone = true;
    stopListening();
  }
}

async function dispatch(argv: readonly string[], context: CommandContext): Promise<number> {
  const { io } = context;
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const output = name === undefined ? io.stderr : io.stdout;
    output.write(overview(heading(io, output)));
    return name === undefined ? USAGE : OK;
  }
  if (name === '--version' || name === '-v') {
    io.stdout.write(`${versionText()}\n`);
    return OK;
  }
  const command = COMMANDS.find(({ spec }) => spec.name === name);
  if (command === undefined) return refuse(context, unknownCommand(name), overview(heading(io, io.stderr)));
  try {
    const given = readArguments(command.spec, rest);
    if (given.values['help'] === undefined) return await command.run(given, context);
    io.stdout.write(helpOf(command.spec, heading(io, io.stdout)));
    return OK;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return refuse(context, error, usageOf(command.spec, heading(io, io.stderr)));
  }
}

function refuse({ io }: CommandContext, error: Error, usage: string): number {
  io.stderr.write(`${usage}\n${painter(io, io.stderr)('red', 'error')} ${error.message}\n`);
  return USAGE;
}

function unknownCommand(name: string): UsageError {
  const known = COMMANDS.map(({ spec }) => spec.name).join(', ');
  const kind = name.startsWith('-') ? 'option' : 'command';
  return new UsageError(`Unknown ${kind} ${name}: the commands are ${known}; the options --help and --version`);
}

function heading(io: CliIo, output: CliOutput): Heading {
  const paint = painter(io, output);
  return (text) => paint('bold', text);
}

function overview(bold: Heading): string {
  const commands = COMMANDS.map(({ spec }) => [spec.name, spec.summary] as const);
  return `${[
    `${bold('Usage:')} quorate COMMAND [options]`,
    'A cluster inside one Node.js process: supervised replicas in worker threads, leaderless quorums.',
    `${bold('Commands:')}\n${columnsOf(commands)}`,
    `${bold('Options:')}\n${columnsOf([
      ['--help', 'show this help; quorate COMMAND --help shows that of a command'],
      ['--version', 'show the version'],
    ])}`,
    `${bold('Examples:')}\n${EXAMPLES.map((line) => `  ${line}`).join('\n')}`,
    `${bold('Exit codes:')}\n${columnsOf(EXIT_CODES)}`,
    `${bold('Environment:')}\n${columnsOf(ENVIRONMENT)}`,
  ].join('\n\n')}\n`;
}

/** A wrong option that was noticed further in, such as quorums that do not intersect. */
function isUsage(error: unknown): boolean {
  if (error instanceof RangeError || error instanceof TypeError) {
    return 'code' in error && (error.code === 'ERR_QUORATE_INVALID_ARGUMENT' || isConfiguration(error.code));
  }
  return isQuorateError(error) && (isConfiguration(error.code) || error.code === 'ERR_QUORATE_TRACE');
}

function isConfiguration(code: unknown): boolean {
  return code === 'ERR_QUORATE_CONFIGURATION';
}

function messageOf(error: unknown): string {
  if (isQuorateError(error)) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

/** The version of the package that this file lies in: two folders up in the sources, three in the build. */
function versionText(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const about: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (!isPackage(about) || about.name !== 'quorate') continue;
      return about.version;
    } catch {
      // Not there: one further up.
    }
  }
  return 'unknown';
}

function isPackage(value: unknown): value is { readonly name: string; readonly version: string } {
  return typeof value === 'object' && value !== null && 'name' in value && 'version' in value;
}
