// The recorded histories and traces that are no part of the repository: tests use them where they are, and say how
// many cases they skipped where they are not.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder that `QUORATE_CORPUS` names; undefined when it is unset or the folder is missing. */
function corpusFolder(): string | undefined {
  const given = process.env['QUORATE_CORPUS'];
  if (given === undefined || given === '') return undefined;
  const folder = resolve(given);
  return existsSync(folder) ? folder : undefined;
}

/**
 * A file or folder of the corpus, such as `traces/cloudphysics-vm-io.csv`.
 *
 * @param cases the number of test cases that need it, which are reported as skipped when it is missing.
 * @returns its path; undefined when it is missing: then skip the cases with {@link CORPUS_MISSING} as the reason.
 */
export function corpusPath(name: string, cases: number): string | undefined {
  const folder = corpusFolder();
  const path = folder === undefined ? undefined : join(folder, name);
  if (path !== undefined && existsSync(path)) return path;
  console.log(`corpus: skipped ${cases} ${cases === 1 ? 'case' : 'cases'} of ${name}: ${CORPUS_MISSING}`);
  return undefined;
}

/** The reason of a skipped case. */
export const CORPUS_MISSING = 'set QUORATE_CORPUS to a folder that has it';
