// Runs the tests on every supported Node.js: 20 uses the installed package, the others run the full suite.
// Usage: node scripts/matrix.mjs [--reports FOLDER] [--brief] [--shard K/N] [MAJOR...]; MAJOR is 20, 22, 24 or 26, all
// of them by default; reports are named after steps of .ci/run; --brief leaves out what meets nothing of a Node.js by
// itself; --shard runs every N-th test file
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cleanEnvironment, nodeOf } from './nodes.mjs';

const PACKAGE_ONLY = new Set([20]); // It neither runs TypeScript in threads nor vitest.
const root = join(import.meta.dirname, '..');
/**
 * Pure code, texts, and what is made of the rest: threads, rings, clusters, actors and HTTP are what a Node.js may do
 * otherwise. That runs are the same everywhere, test/sim/simulate.test.ts says.
 */
const LEFT_OUT = [
  'test/bench/**',
  'test/check/**',
  'test/cli/**',
  'test/examples/**',
  'test/mutants/**',
  'test/protocol/**',
  'test/quorum/**',
  'test/replica/**',
  'test/scripts/**',
  'test/sim/cluster/**',
  'test/sim/explorer/**',
  'test/torture/**',
  'test/docs.test.ts',
  'test/tidy.test.ts',
];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { reports: { type: 'string' }, brief: { type: 'boolean' }, shard: { type: 'string' } },
});
const majors = positionals.length > 0 ? positionals.map(Number) : [20, 22, 24, 26];
const reports = values.reports === undefined ? undefined : resolve(values.reports);
if (reports !== undefined) mkdirSync(reports, { recursive: true });

const failed = majors.filter((major) => !passes(major));
console.log(failed.length === 0 ? `matrix: ${majors.join(', ')} passed` : `matrix: ${failed.join(', ')} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** @param {number} major */
function passes(major) {
  console.log(`matrix: Node.js ${major}`);
  if (PACKAGE_ONLY.has(major)) {
    return run(process.execPath, [join(root, 'scripts', 'check-package.mjs'), String(major)]);
  }
  const args = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=dot'];
  const report = join(reports ?? '', `Node.js ${major}.json`);
  if (reports !== undefined) args.push('--reporter=json', `--outputFile.json=${report}`);
  if (values.brief === true) args.push(...LEFT_OUT.map((path) => `--exclude=${path}`), '--maxWorkers=2');
  if (values.shard !== undefined) args.push(`--shard=${values.shard}`);
  // By file and absolute path: "npm test" would put the development Node.js first again.
  return run(nodeOf(major), args, { QUORATE_NODE_MAJOR: String(major) });
}

/** @param {string} command @param {readonly string[]} args @param {NodeJS.ProcessEnv} [extra] */
function run(command, args, extra = {}) {
  const environment = { ...cleanEnvironment(), ...extra };
  return spawnSync(command, args, { cwd: root, env: environment, stdio: 'inherit' }).status === 0;
}
