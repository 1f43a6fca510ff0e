// `quorate bench`: runs the benchmarks in a process of their own, so that nothing of ours disturbs them.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { QuorateError } from '../base/errors.ts';
import { textOf, UsageError } from './arguments.ts';
import type { Command } from './command.ts';
import type { CommandContext } from './io.ts';

const FOLDERS = ['floor', 'layer', 'cluster'] as const;

/** Where the benchmarks may lie, seen from here: beside the sources or the build; in a checkout, above the build. */
const PROGRAMS = ['../../bench/main.js', '../../bench/main.ts', '../../../bench/main.ts'] as const;

/** Runs the folders floor, layer and cluster, or one of them. */
export const benchCommand: Command = {
  spec: {
    name: 'bench',
    summary: 'measure this machine: its floor, each layer, the cluster',
    usage: '[options] [FOLDER]',
    about: [
      'Runs the benchmarks of FOLDER (floor, layer or cluster), or of all three, and prints a table or JSON:',
      '[{ "folder", "question", "subject", "value", "unit", "ratios" }].',
    ],
    options: {
      only: { type: 'string', value: 'TEXT', help: 'only questions that contain TEXT' },
      passes: { type: 'string', value: 'N', help: 'how often each subject is measured (5)' },
      seconds: { type: 'string', value: 'S', help: 'how long each time (0.4)' },
    },
    examples: ['quorate bench floor', 'quorate bench --json > bench.json'],
    positionalsMax: 1,
  },

  async run(given, context) {
    const [folder] = given.positionals;
    if (folder !== undefined && !FOLDERS.some((known) => known === folder)) {
      throw new UsageError(`Cannot use FOLDER "${folder}": it must be one of ${FOLDERS.join(', ')}`);
    }
    const program = PROGRAMS.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) =>
      existsSync(path),
    );
    if (program === undefined) {
      throw new QuorateError('ERR_QUORATE_START_FAILED', 'Cannot find the benchmarks: this build has none');
    }
    const flags = given.values['json'] === true ? ['--json'] : [];
    for (const name of ['only', 'passes', 'seconds']) {
      const text = textOf(given, name);
      if (text !== undefined) flags.push(`--${name}`, text);
    }
    const folders = folder === undefined ? FOLDERS : [folder];
    const child = spawn(process.execPath, [program, ...flags, ...folders], { stdio: ['ignore', 'inherit', 'inherit'] });
    return ended(child, context);
  },
};

/** Waits for the child and passes on the signal; a second one ends us, and the child by the first. */
async function ended(child: ChildProcess, { signal }: CommandContext): Promise<number> {
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
