// Runs the seeded bugs of rings and tally board: one test each of test/sim/explorer, which explores every interleaving.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One bug of shared memory. */
export interface RingBug {
  readonly bug: string;
  readonly isCaught: boolean;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

const ROOT = new URL('../..', import.meta.url);
const FILE = 'test/sim/explorer/ring-mutants.test.ts';
/** The same bug seen from the other side, and a look at what the model assumes of a dead thread. */
const NO_BUGS = /only where stores are buffered|before the stores of the dead producer/;
const TIMEOUT_MS = 120_000;

/** What the exploration of shared memory says of its own seeded bugs. */
export function ringBugs(): RingBug[] {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-mutants-'));
  try {
    const file = join(folder, 'report.json');
    const vitest = fileURLToPath(new URL('node_modules/vitest/vitest.mjs', ROOT));
    const options = { cwd: fileURLToPath(ROOT), timeout: TIMEOUT_MS };
    const whole = '--taskTitleValueFormatTruncate=0';
    spawnSync(process.execPath, [vitest, 'run', FILE, '--reporter=json', `--outputFile=${file}`, whole], options);
    return bugsOf(JSON.parse(readFileSync(file, 'utf8')) as VitestReport);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bugsOf({ testResults }: VitestReport): RingBug[] {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ title }) => !NO_BUGS.test(title))
    .map(({ title, status }) => ({ bug: sentenceOf(title), isCaught: status === 'passed' }));
}

function sentenceOf(title: string): string {
  return title.slice(0, 1).toUpperCase() + title.slice(1);
}
