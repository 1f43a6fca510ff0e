// Runs the seeded bugs of rings and tally board: one test each of test/sim/explorer, which explores every interleaving.
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';

/** One bug of shared memory. */
export interface RingBug {
  readonly bug: string;
  readonly isCaught: boolean;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILE = 'test/sim/explorer/ring-mutants.test.ts';
/** The same bug seen from the other side, and a look at what the model assumes of a dead thread. */
const NO_BUGS = /only where stores are buffered|before the stores of the dead producer/;

/** What the exploration of shared memory says of its own seeded bugs. */
export async function ringBugs(): Promise<RingBug[]> {
  const options = { root: ROOT, watch: false, reporters: [{}], taskTitleValueFormatTruncate: 0 };
  const vitest = await startVitest('test', [FILE], options);
  try {
    const tests = vitest.state.getTestModules().flatMap((module) => Array.from(module.children.allTests()));
    return tests
      .filter(({ name }) => !NO_BUGS.test(name))
      .map((test) => ({ bug: sentenceOf(test.name), isCaught: test.result().state === 'passed' }));
  } finally {
    await vitest.close();
  }
}

function sentenceOf(title: string): string {
  return title.slice(0, 1).toUpperCase() + title.slice(1);
}
