// The rules that need every file at once.
import { isProduction } from './rules.ts';
import type { Violation } from './rules.ts';
import type { ImportOf, SourceFile } from './source-file.ts';

/** A rule over the whole tree. */
export type TreeRule = (files: readonly SourceFile[]) => readonly Violation[];

/** Every rule over the whole tree, by the sentence that it enforces. */
export const TREE_RULES = {
  'Each third-party package is imported by exactly one file of src, and by no actor': (files) => {
    const usersOf = new Map<string, { readonly file: SourceFile; readonly line: number }[]>();
    for (const file of files.filter(({ path }) => isProduction(path))) {
      for (const [name, { line }] of packagesOf(file))
        usersOf.set(name, [...(usersOf.get(name) ?? []), { file, line }]);
    }
    return [...usersOf].flatMap(([name, users]) => {
      const wrong = users.filter(({ file }, index) => file.path.startsWith('actors/') || index > 0);
      return wrong.map(({ file, line }) => ({ path: file.path, line, text: `imports ${name} too` }));
    });
  },

  'No import leads back to where it started': (files) => {
    const cycle = findCycle(new Map(files.map((file) => [file.path, file])));
    return cycle.length === 0 ? [] : [{ path: cycle[0] ?? '', line: 1, text: cycle.join(' -> ') }];
  },

  'Every relative import names a file that exists': (files) => {
    const paths = new Set(files.map(({ path }) => path));
    return files.flatMap(({ path, imports }) => {
      const missing = imports.filter((target) => target.path?.startsWith('src/') && !paths.has(target.path));
      return missing.map(({ line, specifier }) => ({ path, line, text: `imports ${specifier}, which is missing` }));
    });
  },
} satisfies Readonly<Record<string, TreeRule>>;

/** The package of a specifier: `piscina`, `@scope/name`; undefined for relative, `node:` and computed ones. */
function packageOf(specifier: string): string | undefined {
  if (/^[.(]/.test(specifier) || specifier.startsWith('node:')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function packagesOf(file: SourceFile): ReadonlyMap<string, ImportOf> {
  const packages = new Map<string, ImportOf>();
  for (const found of file.imports) {
    const name = packageOf(found.specifier);
    if (name !== undefined && !packages.has(name)) packages.set(name, found);
  }
  return packages;
}

/** The files of one cycle, the first one repeated at the end; empty when there is none. */
function findCycle(files: ReadonlyMap<string, SourceFile>): readonly string[] {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const target of files.get(path)?.imports ?? []) {
      if (target.path === undefined || !files.has(target.path)) continue;
      const cycle = visit(target.path, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  for (const path of files.keys()) {
    const cycle = visit(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
