// The documents tell the truth: their programs run and print what they say, their links lead somewhere, and what they
// list (guarantees, errors, layers) is what there is.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  examplesOfSource,
  onSources,
  promisedOutput,
  runProgram,
  snippetsOfDocument,
} from './support/docs/snippets.ts';
import type { Snippet } from './support/docs/snippets.ts';
import { LAYERS } from './support/tidy/import-table.ts';
import { isNode, parseSource, walk } from './support/tidy/source-file.ts';
import type { SyntaxNode } from './support/tidy/source-file.ts';

const ROOT = new URL('..', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

async function pathsOf(...patterns: readonly string[]): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const path of glob(patterns, { cwd: ROOT.pathname })) paths.push(path);
  return paths.toSorted();
}

const documents = await pathsOf('*.md', 'docs/**/*.md');
const sources = await pathsOf('src/**/*.ts');
const entries = sources.filter((path) => path.endsWith('/index.ts'));
const publicSources = [...new Set(entries.flatMap((entry) => exportsOf(entry).map(({ path }) => path)))].toSorted();
const snippets: readonly Snippet[] = [
  ...documents.flatMap((path) => snippetsOfDocument(path, read(path))),
  ...publicSources.flatMap((path) => examplesOfSource(path, read(path))),
];
const programs = snippets.map((snippet) => [`${snippet.path}:${snippet.line}`, snippet] as const);

// Below the repository, so that a program finds the installed packages; removed afterwards.
const folder = new URL(`.snippets/${process.pid}/`, ROOT).pathname;
const programPath = (index: number): string => join(folder, `snippet-${index}.ts`);

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  programs.forEach(([, { code }], index) => writeFileSync(programPath(index), onSources(code, ROOT)));
  const extending = { extends: join(ROOT.pathname, 'tsconfig.base.json') };
  const compilerOptions = {
    noEmit: true,
    noUnusedLocals: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...extending, compilerOptions, include: ['*.ts'] }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('The programs in documents and docstrings', () => {
  it.each(programs)(
    'The program at %s runs to its end and prints what it says',
    async (_where, snippet) => {
      const { code } = snippet;
      const { exitCode, stdout, stderr } = await runProgram(programPath(snippets.indexOf(snippet)), folder);
      expect(`${stderr}\nexit code ${exitCode}`, code).toMatch(/^\s*exit code 0$/);
      const promised = promisedOutput(code);
      if (promised.length > 0)
        expect(
          stdout.map((line, index) => agreed(promised[index], line)),
          code,
        ).toEqual(promised);
    },
    40_000,
  );

  it('Every program type-checks as strictly as the sources', () => {
    const compiler = join(ROOT.pathname, 'node_modules', 'typescript', 'bin', 'tsc');
    let output = '';
    try {
      // Rooted imports are file URLs in the programs that run; a compiler wants paths.
      programs.forEach(([, { code }], index) => {
        writeFileSync(programPath(index), onSources(code, ROOT).replaceAll(ROOT.href, ROOT.pathname));
      });
      execFileSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8', cwd: folder });
    } catch (error) {
      output = (error as { readonly stdout: string }).stdout;
    }
    const mistakes = output.split('\n').filter((line) => line.startsWith('snippet-'));
    const located = mistakes.map((line) =>
      line.replace(/^snippet-(\d+)\.ts/, (_match, index: string) => programs[Number(index)]?.[0] ?? ''),
    );
    expect(located).toEqual([]);
  }, 60_000);

  it('Each function and class of a public entry has an example', () => {
    const missing = entries.flatMap((entry) => {
      return exportsOf(entry).filter(({ name, path }) => isCallable(path, name) && !hasExample(path, name));
    });
    expect(missing.map(({ name, path }) => `${name} of ${path}`)).toEqual([]);
  });

  it('A program that fails, and one that prints something else, are noticed', async () => {
    const failing = join(folder, 'failing.ts');
    writeFileSync(failing, `console.log(1); // 2\nthrow new Error('fails');`);
    const run = await runProgram(failing, folder);
    expect([run.exitCode, run.stdout]).toEqual([1, ['1']]);
    expect(run.stderr).toContain('Error: fails');
    expect(promisedOutput(readFileSync(failing, 'utf8'))).toEqual(['2']);
    expect(examplesOfSource('a.ts', '/**\n * A.\n *\n * @example\n * a();\n * @throws b\n */')[0]?.code).toBe('a();\n');
    expect(snippetsOfDocument('a.md', 'A\n```ts\na();\n```\n```sh\nb\n```\n')).toEqual([
      { path: 'a.md', line: 3, code: 'a();\n' },
    ]);
  });
});

describe('The documents', () => {
  it.each(documents)('Every link of %s leads to a file and a heading that exist', (path) => {
    const broken = linksOf(read(path)).filter((link) => !leadsSomewhere(path, link));
    expect(broken).toEqual([]);
  });

  it('A broken link is noticed', () => {
    expect(leadsSomewhere('README.md', 'docs/MISSING.md')).toBe(false);
    expect(leadsSomewhere('README.md', '#no-such-heading')).toBe(false);
    expect(linksOf('[a](b.md) and ![c](d.svg "e") and [f](https://g)')).toEqual(['b.md', 'd.svg']);
  });

  it('docs/ERRORS.md explains exactly the codes that exist', () => {
    const exist = [...read('src/base/errors.ts').matchAll(/'(ERR_QUORATE_\w+)'/g)].map((match) => match[1]);
    const explained = [...read('docs/ERRORS.md').matchAll(/^\| `(ERR_QUORATE_\w+)`/gm)].map((match) => match[1]);
    expect(new Set(explained)).toEqual(new Set([...exist, 'ERR_QUORATE_INVARIANT']));
  });

  it('The import table of docs/ARCHITECTURE.md is the one that the tidy test enforces', () => {
    const rows = [...read('docs/ARCHITECTURE.md').matchAll(/^\| `([a-z]+)` \|[^|]*\|([^|]*)\|/gm)];
    const written = rows.map((row) => [
      row[1],
      [...(row[2] ?? '').matchAll(/`([a-z]+)`/g)].map((match) => match[1] ?? '').toSorted(),
    ]);
    expect(Object.fromEntries(written)).toEqual(
      Object.fromEntries(Object.entries(LAYERS).map(([name, { mayImport }]) => [name, [...mayImport].toSorted()])),
    );
  });
});

const guarantees = read('docs/GUARANTEES.md');

describe('docs/GUARANTEES.md', () => {
  const claims = guarantees.split('\n').flatMap((line) => claimsOf(line));

  it.each([...new Set(claims.map(({ file }) => file))])('Every test that it names in %s exists', (file) => {
    expect(existsSync(new URL(file, ROOT)), file).toBe(true);
    const titles = titlesOf(file);
    const named = claims.filter((claim) => claim.file === file).map(({ title }) => title);
    expect(named.filter((name) => !titles.some((title) => isNamed(title, name)))).toEqual([]);
  });

  it('It says of every acceptance case which test shows it, or why it is not built', () => {
    const counts = { R: 14, M: 13, S: 13, Q: 14, V: 10, H: 14, C: 7, P: 8, O: 6 };
    const all = Object.entries(counts).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
    );
    const rows = [...guarantees.matchAll(/^\| ([A-Z]\d+) \|.*\|(.*)\|$/gm)];
    expect(rows.map((row) => row[1])).toEqual(all);
    const empty = rows.filter((row) => !/`test\/|Not built: |Partly: /.test(row[2] ?? ''));
    expect(empty.map((row) => row[1])).toEqual([]);
  });
});

/** What was promised when the line keeps it: an explanation may follow the line after a colon. */
function agreed(promised: string | undefined, line: string): string {
  return promised?.startsWith(`${line}: `) === true ? promised : line;
}

function linksOf(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/^```.*?^```$/gms, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map((match) => match[1] ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? from : posix.join(dirname(from), path);
  if (!existsSync(new URL(target, ROOT))) return false;
  return heading === undefined || headingsOf(read(target)).includes(heading);
}

/** The anchors of a document, as hosts of repositories make them. */
function headingsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

interface Claim {
  readonly file: string;
  readonly title: string;
}

/** `test/a.test.ts`: “A sentence”, “R1: …” names a test and every test of a file that begins so. */
function claimsOf(line: string): readonly Claim[] {
  return [...line.matchAll(/`(test\/[\w/.-]+\.ts)`((?:[:,] “[^”]+”)*)/g)].flatMap((match) => {
    const titles = [...(match[2] ?? '').matchAll(/“([^”]+)”/g)];
    return titles.map((title) => ({ file: match[1] ?? '', title: title[1] ?? '' }));
  });
}

function isNamed(title: string, name: string): boolean {
  return name.endsWith('…') ? title.startsWith(name.slice(0, -1)) : title === name;
}

/** Every string that a test file gives to a call as its first argument: its titles are among them. */
function titlesOf(file: string): readonly string[] {
  const titles: string[] = [];
  for (const statement of parseSource(file, read(file)).body) {
    walk(statement, (node) => {
      if (node.type !== 'CallExpression' || !Array.isArray(node['arguments'])) return;
      const [first] = node['arguments'] as readonly unknown[];
      const title = isNode(first) ? textOf(first) : undefined;
      if (title !== undefined) titles.push(title);
    });
  }
  return titles;
}

/** The text of a string or template, whose substitutions are left as `${}`. */
function textOf(node: SyntaxNode): string | undefined {
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : undefined;
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node['quasis'])) return undefined;
  const quasis = node['quasis'] as readonly { readonly value: { readonly cooked: string } }[];
  return quasis.map(({ value }) => value.cooked).join('${}');
}

interface Exported {
  readonly name: string;
  readonly path: string;
}

function exportsOf(entry: string): readonly Exported[] {
  return parseSource(entry, read(entry)).imports.flatMap(({ path, names }) =>
    path === undefined ? [] : names.map((name) => ({ name, path })),
  );
}

function isCallable(path: string, name: string): boolean {
  return new RegExp(`^export (?:async )?(?:function|class) ${name}\\b`, 'm').test(read(path));
}

function hasExample(path: string, name: string): boolean {
  const [before = ''] = read(path).split(new RegExp(`^export (?:async )?(?:function|class) ${name}\\b`, 'm'));
  const docstring = before.slice(before.lastIndexOf('/**'));
  return docstring.includes('@example') && /\*\/\s*$/.test(docstring);
}
