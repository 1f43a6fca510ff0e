// Command lines: which options a command knows, what they may be, and the text of its help.
import { parseArgs } from 'node:util';

/** The caller's mistake: exit code 2, with the usage on stderr. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** One option of a command. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** What its value is called in the help; only for strings. */
  readonly value?: string;
  readonly help: string;
}

/** A command, as its help shows it. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** What follows the name, such as `[options] FILE`. */
  readonly usage: string;
  readonly about: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly examples: readonly string[];
  /** Most arguments that are no options. */
  readonly positionalsMax: number;
}

/** A command line that was understood. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | true | undefined>>;
  readonly positionals: readonly string[];
}

/** Options of every command. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { type: 'boolean', help: 'print JSON on stdout, for programs' },
  help: { type: 'boolean', help: 'show this help' },
};

/** Reads the command line of `command`. @throws {UsageError} that names the option and what is allowed. */
export function readArguments(command: CommandSpec, argv: readonly string[]): Arguments {
  const specs = { ...command.options, ...COMMON_OPTIONS };
  const options = Object.fromEntries(Object.entries(specs).map(([name, { type }]) => [name, { type }]));
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true, allowPositionals: true });
  const values: Record<string, string | true> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    if (spec === undefined) {
      const known = Object.keys(specs).map((name) => `--${name}`);
      throw new UsageError(`Unknown option ${token.rawName}: allowed are ${known.join(', ')}`);
    }
    if (spec.type === 'string' && (token.value === undefined || token.value === '')) {
      throw new UsageError(`Cannot use ${token.rawName} without a value: it needs ${spec.value ?? 'one'}`);
    }
    if (spec.type === 'boolean' && token.value !== undefined) {
      throw new UsageError(`Cannot use ${token.rawName} with the value "${token.value}": it takes none`);
    }
    values[token.name] = token.value ?? true;
  }
  if (positionals.length > command.positionalsMax) {
    const extra = positionals[command.positionalsMax]!;
    throw new UsageError(`Cannot use the argument "${extra}": quorate ${command.name} ${command.usage}`);
  }
  return { values, positionals };
}

/** The range of a number. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/** The text of an option; `undefined` when it was not given. */
export function textOf({ values }: Arguments, name: string): string | undefined {
  const value = values[name];
  return value === true ? undefined : value;
}

/** An integer option. @throws {UsageError} when it is outside of `range`. */
export function integerOf(given: Arguments, name: string, range: NumberRange): number | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new UsageError(`Cannot use --${name} "${text}": it must be an integer from ${range.min} to ${range.max}`);
}

/** A decimal option. @throws {UsageError} when it is outside of `range`. */
export function numberOf(given: Arguments, name: string, range: NumberRange): number | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new UsageError(`Cannot use --${name} "${text}": it must be a number from ${range.min} to ${range.max}`);
}

/** How headings are set. */
export type Heading = (text: string) => string;

/** How a command is called, in two lines. */
export function usageOf({ name, usage }: CommandSpec, heading: Heading): string {
  return `${heading('Usage:')} quorate ${name} ${usage}\nAll options: quorate ${name} --help\n`;
}

/** The help of a command. */
export function helpOf(command: CommandSpec, heading: Heading): string {
  const options = { ...command.options, ...COMMON_OPTIONS };
  const rows = Object.entries(options).map(
    ([name, { value, help }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, help] as const,
  );
  const sections = [
    `${heading('Usage:')} quorate ${command.name} ${command.usage}`,
    command.about.join('\n'),
    `${heading('Options:')}\n${columnsOf(rows)}`,
  ];
  if (command.environment !== undefined) {
    sections.push(`${heading('Environment:')}\n${columnsOf(Object.entries(command.environment))}`);
  }
  sections.push(`${heading('Examples:')}\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  return `${sections.join('\n\n')}\n`;
}

/** Two columns of text. */
export function columnsOf(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n');
}
