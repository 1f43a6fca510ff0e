// What an example that ends by itself prints, run as its reader would run it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { commandOf, environment } from './running-example.ts';

/** The lines that `examples/NAME.ts` prints to stdout; it must print nothing to stderr, and end well. */
export async function linesOf(name: string): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, commandOf(name), { env: environment() });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}
