// What a command touches of the process, as an argument, so that tests run the commands in their own process.
import { styleText } from 'node:util';

/** A stream to write text to. */
export interface CliOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  on?(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** The signals that end a command. */
export type EndSignal = 'SIGINT' | 'SIGTERM';

/** The outside world of the CLI. */
export interface CliIo {
  /** Results only: what a program reads. */
  readonly stdout: CliOutput;
  /** Progress, notes, errors. */
  readonly stderr: CliOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `listener` at each end signal. @returns how to stop that. */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** What every command is given. */
export interface CommandContext {
  readonly io: CliIo;
  /** Fires at the first end signal: finish what is in flight, then return. */
  readonly signal: AbortSignal;
}

/** The real process. */
export function processIo(): CliIo {
  const { stdout, stderr, env } = process;
  return { stdout, stderr, env, onSignal: onProcessSignal, exit: (code) => process.exit(code) };
}

function onProcessSignal(listener: (signal: EndSignal) => void): () => void {
  const signals: readonly EndSignal[] = ['SIGINT', 'SIGTERM'];
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/** The styles that the CLI uses. */
export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

/** How to style text for `output`: as NO_COLOR, FORCE_COLOR and the kind of stream say. */
export function painter(io: CliIo, output: CliOutput): (style: Style, text: string) => string {
  if (!hasColor(io.env, output)) return (_, text) => text;
  // Already decided: the check that newer versions of Node make by themselves looks at another stream.
  return (style, text) => styleText(style, text, { validateStream: false });
}

function hasColor(env: CliIo['env'], output: CliOutput): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: terminal } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (no !== undefined && no !== '') return false;
  return output.isTTY === true && terminal !== 'dumb';
}

/** Progress on stderr: one line that is rewritten on a terminal, lines elsewhere. */
export class ProgressLine {
  readonly #output: CliOutput;
  #isOpen = false;

  constructor(io: Pick<CliIo, 'stderr'>) {
    this.#output = io.stderr;
  }

  get isLive(): boolean {
    return this.#output.isTTY === true;
  }

  /** Shows `text` instead of what was there. */
  show(text: string): void {
    if (!this.isLive) return void this.#output.write(`${text}\n`);
    this.#isOpen = true;
    this.#output.write(`\r\u001B[2K${text.slice(0, (this.#output.columns ?? 80) - 1)}`);
  }

  /** Clears the live line. */
  clear(): void {
    if (this.#isOpen) this.#output.write('\r\u001B[2K');
    this.#isOpen = false;
  }
}
