// Compiles into dist/ as a whole: a file that was renamed must not stay behind in the package, and a program that
// starts meanwhile must not find half of it.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const fresh = join(root, `dist-${process.pid}`);
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh];
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
rmSync(join(root, 'dist'), { recursive: true, force: true });
renameSync(fresh, join(root, 'dist'));
process.exitCode = status ?? 1;
