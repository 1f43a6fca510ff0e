// The shape of the source, checked: the import table, purity, names and forbidden syntax. Every rule is also shown
// code that breaks it, because a checker that finds nothing proves nothing.
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ENTRIES, LAYERS } from './support/tidy/import-table.ts';
import { RULES } from './support/tidy/rules.ts';
import type { Violation } from './support/tidy/rules.ts';
import { parseSource } from './support/tidy/source-file.ts';
import type { SourceFile } from './support/tidy/source-file.ts';
import { TREE_RULES } from './support/tidy/tree-rules.ts';

type RuleName = keyof typeof RULES;
type TreeRuleName = keyof typeof TREE_RULES;

const ROOT = new URL('..', import.meta.url);

async function readTree(): Promise<readonly SourceFile[]> {
  const files: SourceFile[] = [];
  const pattern = ['{src,actors,test,examples,scripts}/**/*.{ts,mjs}', '*.ts', 'bench/!(peers)/**/*.ts', 'bench/*.ts'];
  for await (const path of glob(pattern, { cwd: ROOT.pathname })) {
    files.push(parseSource(path, readFileSync(new URL(path, ROOT), 'utf8')));
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const printed = (violations: readonly Violation[]): readonly string[] =>
  violations.map(({ path, line, text }) => `${path}:${line} ${text}`);

const tree = await readTree();

describe('The tree', () => {
  it.each(Object.entries(RULES))('%s', (_sentence, rule) => {
    expect(tree.flatMap((file) => printed(rule(file)))).toEqual([]);
  });

  it.each(Object.entries(TREE_RULES))('%s', (_sentence, rule) => {
    expect(printed(rule(tree))).toEqual([]);
  });

  it('Every layer of the table allows only layers of the table, and none allows itself upwards', () => {
    for (const [name, { mayImport }] of Object.entries(LAYERS)) {
      for (const target of mayImport) {
        expect(LAYERS, `${name} -> ${target}`).toHaveProperty(target);
        expect(LAYERS[target]?.mayImport, `${target} must not import ${name} back`).not.toContain(name);
      }
    }
  });

  it('package.json exports exactly the public entries that exist', () => {
    const { exports } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
      exports: Record<string, string | { default: string }>;
    };
    const exported = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : [target.default]));
    const existing = ENTRIES.filter((entry) => tree.some(({ path }) => path === entry));
    const built = existing.map((entry) => `./dist/${entry.replace(/\.ts$/, '.js')}`);
    expect(exported.toSorted()).toEqual(built.toSorted());
  });
});

// [rule, path, code that breaks it]
const BAD: readonly (readonly [RuleName, string, string])[] = [
  ['A layer imports only what the import table allows', 'src/ring/a.ts', `import { a } from '../actor/a.ts';`],
  ['A layer imports only what the import table allows', 'src/ring/a.ts', `import type { A } from '../actor/a.ts';`],
  ['A layer imports only what the import table allows', 'src/ring/a.ts', `export { a } from '../actor/a.ts';`],
  ['A layer imports only what the import table allows', 'src/ring/a.ts', `export * from '../actor/a.ts';`],
  ['A layer imports only what the import table allows', 'src/ring/a.ts', `const a = () => import('../actor/a.ts');`],
  ['A layer imports only what the import table allows', 'src/ring/a.ts', `type A = import('../actor/a.ts').A;`],
  ['A layer imports only what the import table allows', 'src/protocol/a.ts', `import { a } from '../cluster/a.ts';`],
  ['A layer imports only what the import table allows', 'src/utils/a.ts', `export const a = 1;`],
  ['A public entry re-exports any layer but the command line', 'src/index.ts', `export { a } from './cli/main.ts';`],
  ['A public entry re-exports any layer but the command line', 'src/index.ts', `export { a } from 'piscina';`],
  ['src and actors import nothing but src and packages', 'src/ring/a.ts', `import { a } from '../../bench/a.ts';`],
  [
    'src and actors import nothing but src and packages',
    'src/cli/a.ts',
    `import { a } from '../../actors/replica.ts';`,
  ],
  ['src and actors import nothing but src and packages', 'actors/a.ts', `import { a } from '../test/a.ts';`],
  ['Nothing imports an actor: it is the program of a thread', 'test/a.test.ts', `import '../actors/host.ts';`],
  ['Only a public entry is called index.ts, and it only re-exports', 'src/ring/index.ts', `export * from './a.ts';`],
  ['Only a public entry is called index.ts, and it only re-exports', 'src/ring/all.ts', `export * from './a.ts';`],
  ['Only a public entry is called index.ts, and it only re-exports', 'src/index.ts', `export const a = 1;`],
  ['Nothing inside the project imports a public entry', 'src/cli/a.ts', `import { a } from '../quorum/index.ts';`],
  ['Nothing inside the project imports a public entry', 'actors/a.ts', `import { a } from '../src/index.ts';`],
  [
    'An import names its file with its .ts extension, and only an actor or its host computes one',
    'src/ring/a.ts',
    `import { b } from './b.js';`,
  ],
  [
    'An import names its file with its .ts extension, and only an actor or its host computes one',
    'src/cluster/a.ts',
    `export const a = (b: string) => import(b);`,
  ],
  ['A portable layer imports no node: module', 'src/ring/a.ts', `import { Worker } from 'node:worker_threads';`],
  ['A portable layer imports no node: module', 'src/protocol/a.ts', `import { hash } from 'node:crypto';`],
  ['A synchronous layer has no async and no await', 'src/ring/a.ts', `export async function a() {}`],
  ['A synchronous layer has no async and no await', 'src/replica/a.ts', `export const a = async () => {};`],
  ['A synchronous layer has no async and no await', 'src/quorum/a.ts', `class A { async a() {} }`],
  [
    'A synchronous layer has no async and no await',
    'src/protocol/a.ts',
    `async function a() { for await (const b of c) b(); }`,
  ],
  [
    'A pure layer knows no clock, chance, timer or thread',
    'src/replica/a.ts',
    `import { nowMs } from '../base/clock.ts';`,
  ],
  [
    'A pure layer knows no clock, chance, timer or thread',
    'src/replica/a.ts',
    `import { systemRandom } from '../base/random.ts';`,
  ],
  [
    'A pure layer knows no clock, chance, timer or thread',
    'src/quorum/a.ts',
    `export const a = () => setTimeout(b, 1);`,
  ],
  ['A pure layer knows no clock, chance, timer or thread', 'src/quorum/a.ts', `export const a = () => process.pid;`],
  [
    'A pure layer knows no clock, chance, timer or thread',
    'src/protocol/a.ts',
    `const a = () => new Promise(() => {});`,
  ],
  [
    'A pure layer knows no clock, chance, timer or thread',
    'src/protocol/a.ts',
    `const a = () => Atomics.add(b, 0, 1);`,
  ],
  ['Only base/clock.ts reads the system clock', 'src/ring/a.ts', `export const a = () => Date.now();`],
  ['Only base/clock.ts reads the system clock', 'src/ring/a.ts', `export const a = () => new Date();`],
  ['Only base/clock.ts reads the system clock', 'src/ring/a.ts', `export const a = () => performance.now();`],
  ['Only base/clock.ts reads the system clock', 'actors/a.ts', `const a = process.hrtime.bigint();`],
  ['Only base/clock.ts reads the system clock', 'src/cli/a.ts', `import { performance } from 'node:perf_hooks';`],
  ['Only base/clock.ts reads the system clock', 'src/cli/a.ts', `export const a = { now: Date };`],
  ['Only base/random.ts reads system randomness', 'src/cli/a.ts', `export const a = () => Math.random();`],
  ['Only base/random.ts reads system randomness', 'src/cli/a.ts', `export const a = () => crypto.randomUUID();`],
  ['Only base/random.ts reads system randomness', 'src/cli/a.ts', `export const a = globalThis.crypto.subtle;`],
  ['Only base/random.ts reads system randomness', 'src/cli/a.ts', `import { randomBytes } from 'node:crypto';`],
  ['Only base/random.ts reads system randomness', 'src/cli/a.ts', `import * as crypto from 'node:crypto';`],
  ['Importing a file of src does nothing', 'src/ring/a.ts', `start();`],
  ['Importing a file of src does nothing', 'src/ring/a.ts', `if (a) b();`],
  ['Importing a file of src does nothing', 'src/cli/a.ts', `export const a = await b();`],
  [
    'Only the command line writes to the console or ends the process',
    'src/http/a.ts',
    `const a = () => console.log(1);`,
  ],
  ['Only the command line writes to the console or ends the process', 'actors/a.ts', `process.exit(1);`],
  ['No any, enum, namespace, parameter property or default export', 'src/ring/a.ts', `export const a: any = 1;`],
  ['No any, enum, namespace, parameter property or default export', 'src/ring/a.ts', `export enum A { B }`],
  ['No any, enum, namespace, parameter property or default export', 'src/ring/a.ts', `namespace A {}`],
  ['No any, enum, namespace, parameter property or default export', 'src/ring/a.ts', `export default 1;`],
  [
    'No any, enum, namespace, parameter property or default export',
    'src/ring/a.ts',
    `class A { constructor(readonly a = 1) {} }`,
  ],
  ['Production code keeps to what Node 20 runs', 'src/ring/a.ts', `const a = () => Promise.withResolvers();`],
  ['Production code keeps to what Node 20 runs', 'actors/a.ts', `function a() { using b = c(); }`],
  ['A line has at most 120 columns', 'test/a.test.ts', `// ${'x'.repeat(118)}`],
  ['A file name is kebab-case', 'src/ring/spscRing.ts', ''],
  ['A file name is kebab-case', 'test/Ring.test.ts', ''],
  ['No test is alone, and a skipped one states its reason', 'test/a.test.ts', `it.only('a', () => {}); // Because.`],
  ['No test is alone, and a skipped one states its reason', 'test/a.test.ts', `\n\nit.skip('a', () => {});`],
  ['No test is alone, and a skipped one states its reason', 'test/a.test.ts', `describe.todo('a');`],
  [
    'No test is alone, and a skipped one states its reason',
    'test/a.test.ts',
    `it.each([1]).skipIf; it.skipIf(a)('a', b);`,
  ],
];

// [rule, path, code that looks like a violation and is none]
const GOOD: readonly (readonly [RuleName, string, string])[] = [
  ['A layer imports only what the import table allows', 'src/ring/a.ts', `import { a } from '../base/a.ts';`],
  ['A layer imports only what the import table allows', 'src/index.ts', `export { a } from './cluster/a.ts';`],
  [
    'Only base/clock.ts reads the system clock',
    'src/base/a.ts',
    `const a = (b: Date) => b instanceof Date && new Date(1);`,
  ],
  [
    'Only base/clock.ts reads the system clock',
    'src/base/a.ts',
    `const a = { performance: 1 }; const b = () => a.performance;`,
  ],
  ['Only base/random.ts reads system randomness', 'src/offload/a.ts', `import { createHash } from 'node:crypto';`],
  [
    'A pure layer knows no clock, chance, timer or thread',
    'src/quorum/a.ts',
    `import { seededRandom } from '../base/random.ts';`,
  ],
  [
    'A pure layer knows no clock, chance, timer or thread',
    'src/quorum/a.ts',
    `import type { Random } from '../base/random.ts';`,
  ],
  [
    'Importing a file of src does nothing',
    'src/ring/a.ts',
    `export const A = new Set([1]); export async function b() { await c(); }`,
  ],
  ['No any, enum, namespace, parameter property or default export', 'actors/a.ts', `export default 1;`],
  [
    'No test is alone, and a skipped one states its reason',
    'test/a.test.ts',
    `// Needs two cores.\nit.skipIf(a)('b', c);`,
  ],
];

describe('The checker', () => {
  it.each(BAD)('"%s" is broken in %s by: %s', (sentence, path, code) => {
    expect(RULES[sentence](parseSource(path, code))).not.toEqual([]);
  });

  it.each(GOOD)('"%s" is kept in %s by: %s', (sentence, path, code) => {
    expect(printed(RULES[sentence](parseSource(path, code)))).toEqual([]);
  });

  it('Every rule is shown code that breaks it', () => {
    const shown = new Set(BAD.map(([sentence]) => sentence));
    expect(Object.keys(RULES).filter((sentence) => !shown.has(sentence as RuleName))).toEqual([]);
  });

  it.each<readonly [TreeRuleName, readonly (readonly [path: string, code: string])[]]>([
    [
      'Each third-party package is imported by exactly one file of src, and by no actor',
      [
        ['src/offload/a.ts', `import { Piscina } from 'piscina';`],
        ['src/cli/b.ts', `import type { Piscina } from 'piscina';`],
      ],
    ],
    [
      'Each third-party package is imported by exactly one file of src, and by no actor',
      [['actors/a.ts', `import { wrap } from 'comlink/dist/esm/comlink.mjs';`]],
    ],
    [
      'No import leads back to where it started',
      [
        ['src/ring/a.ts', `import './b.ts';`],
        ['src/ring/b.ts', `import type { C } from './c.ts';`],
        ['src/ring/c.ts', `export * from './a.ts';`],
      ],
    ],
    ['Every relative import names a file that exists', [['src/ring/a.ts', `import './b.ts';`]]],
  ])('"%s" is broken by a tree of %j', (sentence, files) => {
    expect(TREE_RULES[sentence](files.map(([path, code]) => parseSource(path, code)))).not.toEqual([]);
  });
});
