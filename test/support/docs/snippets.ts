// Finds the programs in documents and docstrings, and runs them on the sources as a reader would run them.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseSource } from '../tidy/source-file.ts';

/** One program: a fenced block of `ts` or `js` in a document, or an `@example`. */
export interface Snippet {
  /** Path of the file in the repository. */
  readonly path: string;
  readonly line: number;
  readonly code: string;
}

/** The fenced blocks of a document that are programs; other fences (`text`, `sh`, `json`) are not. */
export function snippetsOfDocument(path: string, text: string): readonly Snippet[] {
  return [...text.matchAll(/^```(?:ts|js)\n(.*?)^```$/gms)].map((match) => ({
    path,
    line: lineAt(text, match.index) + 1,
    code: match[1] ?? '',
  }));
}

/** The examples in the docstrings of a source file, with or without a fence. */
export function examplesOfSource(path: string, text: string): readonly Snippet[] {
  return parseSource(path, text).comments.flatMap((comment) => {
    const plain = comment.text.replaceAll(/^ *\* ?/gm, '');
    const [, ...examples] = plain.split(/^@example *\n?/m);
    return examples.map((example) => {
      const body = example.split(/^@/m)[0] ?? '';
      const fenced = /^```(?:ts|js)\n(.*?)^```/ms.exec(body)?.[1];
      return { path, line: comment.line, code: fenced ?? body };
    });
  });
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** The lines that a program says it prints: the comments behind its `console.log` calls, in the order of the text. */
export function promisedOutput(code: string): readonly string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1] ?? '');
}

/** What a program did. */
export interface Run {
  readonly exitCode: number;
  readonly stdout: readonly string[];
  readonly stderr: string;
}

/** Longest run of one program, in milliseconds: one that does not end by itself is no example. */
const RUN_MS_MAX = 30_000;

/** Runs the TypeScript file `program` in a process of its own, in the folder `cwd`. */
export function runProgram(program: string, cwd: string): Promise<Run> {
  // Quiet about type stripping, which Node.js 22 still calls experimental.
  const args = ['--disable-warning=ExperimentalWarning', program];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, timeout: RUN_MS_MAX }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      const lines = stdout.split('\n').filter((line) => line !== '');
      resolve({ exitCode, stdout: lines, stderr });
    });
  });
}

/**
 * The program with the package's own name resolved to its sources, as package.json exports them; other packages are
 * found by Node.js, because programs are written below the repository.
 */
export function onSources(code: string, root: URL): string {
  return code.replaceAll(
    /(from |import\(|import )'(quorate(?:\/[\w-]+)?)'/g,
    (_match, before: string, name: string) => {
      return `${before}'${sourceOf(name, root).href}'`;
    },
  );
}

function sourceOf(name: string, root: URL): URL {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly default?: string }>>;
  };
  const built = exports[name.replace('quorate', '.')]?.default;
  if (built === undefined) return pathToFileURL(`/package.json does not export ${name}`);
  return new URL(built.replace('./dist/', '').replace(/\.js$/, '.ts'), root);
}
