// Packs the package, installs the tarball in an empty folder and uses it there as an application would: every entry
// by import and by require, types in place, a put and a get, and the command line.
// Usage: node scripts/check-package.mjs [MAJOR...] (Node.js versions, default 20)
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cleanEnvironment, nodeOf } from './nodes.mjs';

// Sources, their compiled form, types and maps: what is more has been packed by mistake.
const UNPACKED_BYTES_MAX = 8 * 1024 * 1024;
const root = join(import.meta.dirname, '..');
const majors = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [20];

const folder = mkdtempSync(join(tmpdir(), 'quorate-package-'));
try {
  const tarball = pack(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'an-application', private: true }));
  // No install scripts: the package and what it needs must work without them.
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`], folder);
  copyFileSync(join(root, 'scripts', 'smoke.mjs'), join(folder, 'smoke.mjs'));
  for (const major of majors) use(major);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} destination @returns {string} the name of the tarball */
function pack(destination) {
  const [report] = JSON.parse(npm(['pack', '--json', '--pack-destination', destination], root));
  const stray = report.files.map(({ path }) => path).filter((path) => !isShipped(path));
  if (stray.length > 0) throw new Error(`The package ships ${stray.join(', ')}`);
  if (report.unpackedSize > UNPACKED_BYTES_MAX) {
    throw new Error(`The package unpacks to ${report.unpackedSize} bytes: more than ${UNPACKED_BYTES_MAX}`);
  }
  console.log(`packed ${report.files.length} files, ${Math.round(report.unpackedSize / 1024)} KiB unpacked`);
  return report.filename;
}

/** @param {string} path */
function isShipped(path) {
  if (path.includes('node_modules') || path.includes('.test.')) return false;
  return /^(dist|src|actors|bin)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(path);
}

/** @param {number} major */
function use(major) {
  const node = nodeOf(major);
  const environment = cleanEnvironment(dirname(node));
  const entries = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports);
  const options = { cwd: folder, env: environment, encoding: 'utf8', timeout: 60_000 };
  const specifiers = entries.filter((entry) => entry !== './package.json').map((entry) => `quorate${entry.slice(1)}`);
  execFileSync(node, ['smoke.mjs', ...specifiers], { ...options, stdio: 'inherit' });
  const quorate = (/** @type {readonly string[]} */ args) =>
    execFileSync('npx', ['--no-install', 'quorate', ...args], { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  for (const args of [['--help'], ['bench', '--help']]) {
    if (!/usage/i.test(quorate(args))) throw new Error(`quorate ${args.join(' ')} printed no usage`);
  }
  const { lost, stale, operations } = JSON.parse(quorate(['demo', '--seconds', '3', '--json']));
  if (lost !== 0 || stale !== 0 || operations === 0) throw new Error(`The demo: ${lost} lost, ${stale} stale`);
  console.log(`node ${major}: npx quorate --help, bench --help, and a demo of ${operations} operations`);
}

/** @param {readonly string[]} args @param {string} cwd @returns {string} */
function npm(args, cwd) {
  const bin = join(root, 'node_modules', '.bin');
  const env = cleanEnvironment(cwd === root ? bin : undefined);
  try {
    return execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    process.stderr.write(`${error.stdout ?? ''}${error.stderr ?? ''}`);
    throw error;
  }
}
