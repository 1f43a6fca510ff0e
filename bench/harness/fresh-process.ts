// Figures that need a process of their own: what came before would count as well.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contender } from './subject.ts';

const execute = promisify(execFile);
const TIMEOUT_MS = 60_000;

/**
 * Runs the program in a process of its own, after the module `preload`, if any.
 *
 * @returns the line that it prints last.
 */
export async function lastLineOf(program: URL, args: readonly string[], preload?: URL): Promise<string> {
  const first = preload === undefined ? [] : ['--import', preload.href];
  const { stdout } = await execute(process.execPath, ['--expose-gc', ...first, fileURLToPath(program), ...args], {
    timeout: TIMEOUT_MS,
  });
  return stdout.trim().split('\n').at(-1) ?? '';
}

/** Runs the program in a process of its own. @returns the number that it prints last. */
export async function figureOf(program: URL, args: readonly string[]): Promise<number> {
  const line = await lastLineOf(program, args);
  const figure = Number(line);
  if (line !== '' && Number.isFinite(figure)) return figure;
  throw new Error(`Cannot read a figure from ${JSON.stringify(line)}`);
}

/** A contender whose figure such a program prints; the program checks its own answers, and fails when one is wrong. */
export function freshProcess(program: URL, args: readonly string[], note: string): Contender {
  return { note, check: doNothing, pass: () => figureOf(program, args), close: doNothing };
}

function doNothing(): void {
  // The process is its own check, and ends by itself.
}

/** Memory of this process that is resident, in MiB, after a collection (in a {@link freshProcess}). */
export function residentMib(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1024 / 1024;
}
