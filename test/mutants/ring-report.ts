// Runs the seeded bugs of rings and tally board: one test each of test/sim/explorer, which explores every interleaving.
import { spawnSync } from 'node:child_process';
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

const FILE = 'test/sim/explorer/ring-mutants.test.ts';
const TIMEOUT_MS = 120_000;

/** What the exploration of shared memory says of its own seeded bugs. */
export function ringBugs(): RingBug[] {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const { stdout } = spawnSync(process.execPath, [vitest, 'run', FILE, '--reporter=json', '--silent'], {
    cwd: root,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 1 << 26,
  });
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as VitestReport;
  return report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ title }) => !title.includes('only where stores are buffered')) // The same bug, seen from the other side.
    .map(({ title, status }) => ({ bug: sentenceOf(title), isCaught: status === 'passed' }));
}

function sentenceOf(title: string): string {
  return title.slice(0, 1).toUpperCase() + title.slice(1);
}
