// Seeds of randomized tests: a fresh one every run, printed by whatever fails together with the command that repeats
// it.
import { systemSeed } from '../../src/base/random.ts';

/** The seed of this run: `QUORATE_SEED` when it is set, else a fresh one; an integer from 0 to 2^31 - 1. */
export function testSeed(): number {
  const given = process.env['QUORATE_SEED'];
  return given === undefined ? systemSeed() >>> 1 : Number(given);
}

/** The command that repeats a failure of `file` (its path in the repository) with `seed`. */
export function replayCommand(file: string, seed: number): string {
  return `QUORATE_SEED=${seed} npx vitest run ${file}`;
}
