// Compiles into dist/ as a whole: a file that was renamed must not stay behind in the package, and a program that
// starts meanwhile must not find half of it.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const fresh = join(root, `dist-${process.pid}`);
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
// Benchmarks ship as programs, so without declarations; what they import is then compiled over, with everything.
const statuses = ['tsconfig.bench.json', 'tsconfig.build.json'].map((project) => {
  const args = [compiler, '-p', join(root, project), '--outDir', fresh];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status;
});
rmSync(join(root, 'dist'), { recursive: true, force: true });
renameSync(fresh, join(root, 'dist'));
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1;
