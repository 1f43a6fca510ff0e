// The rules of docs/ARCHITECTURE.md and CONTRIBUTING.md that a machine can check. Each rule sees one file; the rules
// that need the whole tree are in tree-rules.ts.
import { CLOCK_FILE, COLUMNS_MAX, ENTRIES, LAYERS, RANDOM_FILE } from './import-table.ts';
import { isNode, nameOf, walk } from './source-file.ts';
import type { SourceFile, SyntaxNode } from './source-file.ts';

/** What a rule found. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** A rule over one file. */
export type Rule = (file: SourceFile) => readonly Violation[];

/** The layer of a file in src/, by its folder; undefined outside src/ and for src/index.ts. */
function layerOf(path: string): string | undefined {
  const [top, layer, file] = path.split('/');
  return top === 'src' && file !== undefined ? layer : undefined;
}

/** Whether the rules of production code hold for a file. */
export function isProduction(path: string): boolean {
  return path.startsWith('src/') || path.startsWith('actors/');
}

/** Every rule over one file, by the sentence that it enforces. */
export const RULES = {
  'A layer imports only what the import table allows': (file) => {
    const layer = layerOf(file.path);
    if (layer === undefined || ENTRIES.includes(file.path)) return [];
    const allowed = LAYERS[layer]?.mayImport;
    if (allowed === undefined) return [{ path: file.path, line: 1, text: `"${layer}" is no layer of the table` }];
    return file.imports.flatMap(({ path, line, specifier }) => {
      const target = path === undefined ? undefined : layerOf(path);
      if (target === undefined || target === layer || allowed.includes(target)) return [];
      return [{ path: file.path, line, text: `${layer} may not import ${specifier}` }];
    });
  },

  'A public entry re-exports any layer but the command line': (file) => {
    if (!ENTRIES.includes(file.path)) return [];
    const wrong = file.imports.filter(({ path }) => path === undefined || layerOf(path) === 'cli');
    return wrong.map(({ line, specifier }) => ({
      path: file.path,
      line,
      text: `an entry may not export ${specifier}`,
    }));
  },

  'src and actors import nothing but src and packages': (file) => {
    if (!isProduction(file.path)) return [];
    const outside = file.imports.filter(({ path }) => path !== undefined && !path.startsWith('src/'));
    return outside.map(({ line, specifier }) => ({ path: file.path, line, text: `imports ${specifier}` }));
  },

  'Nothing imports an actor: it is the program of a thread': (file) =>
    file.imports
      .filter(({ path }) => path?.startsWith('actors/'))
      .map(({ line, specifier }) => ({ path: file.path, line, text: `imports ${specifier}` })),

  'Only a public entry is called index.ts, and it only re-exports': (file) => {
    if (!isProduction(file.path)) return [];
    if (ENTRIES.includes(file.path))
      return file.body.filter((node) => !isReExport(node)).map(at(file, 'is no re-export'));
    if (file.path.endsWith('/index.ts')) return [{ path: file.path, line: 1, text: 'is no public entry' }];
    const isBarrel = file.body.length > 0 && file.body.every(isReExport);
    return isBarrel ? [{ path: file.path, line: 1, text: 'only re-exports' }] : [];
  },

  'Nothing inside the project imports a public entry': (file) => {
    if (!isProduction(file.path)) return [];
    const entries = file.imports.filter(({ path }) => path?.endsWith('/index.ts'));
    return entries.map(({ line, specifier }) => ({ path: file.path, line, text: `imports ${specifier}` }));
  },

  'An import names its file with its .ts extension, and only an actor or its host computes one': (file) => {
    if (!isProduction(file.path)) return [];
    const mayCompute = file.path.startsWith('actors/') || layerOf(file.path) === 'actor';
    return file.imports.flatMap(({ path, line, specifier }) => {
      const isWrong = path === undefined ? specifier === '(computed)' && !mayCompute : !path.endsWith('.ts');
      return isWrong ? [{ path: file.path, line, text: `imports ${specifier}` }] : [];
    });
  },

  'A portable layer imports no node: module': (file) => {
    const layer = LAYERS[layerOf(file.path) ?? ''];
    if (layer?.isPortable === undefined && layer?.isPure === undefined) return [];
    const modules = file.imports.filter(({ specifier }) => specifier.startsWith('node:'));
    return modules.map(({ line, specifier }) => ({ path: file.path, line, text: `imports ${specifier}` }));
  },

  'A synchronous layer has no async and no await': (file) => {
    const layer = LAYERS[layerOf(file.path) ?? ''];
    if (layer?.isSynchronous === undefined && layer?.isPure === undefined) return [];
    return find(file, 'suspends', (node) => {
      if (node.type === 'AwaitExpression' || node.type === 'ImportExpression') return true;
      return node['async'] === true || (node.type === 'ForOfStatement' && node['await'] === true);
    });
  },

  'A pure layer knows no clock, chance, timer or thread': (file) => {
    if (LAYERS[layerOf(file.path) ?? '']?.isPure === undefined) return [];
    const impureImports = file.imports.flatMap(({ path, line, names }) => {
      const isImpure = path === CLOCK_FILE || (path === RANDOM_FILE && names.some((name) => IMPURE_NAMES.has(name)));
      return isImpure ? [{ path: file.path, line, text: `imports ${path}` }] : [];
    });
    const globals = find(file, 'is impure', (node, ancestors) => IMPURE_GLOBALS.has(globalName(node, ancestors) ?? ''));
    return [...impureImports, ...globals];
  },

  'Only base/clock.ts reads the system clock': (file) => {
    if (!isProduction(file.path) || file.path === CLOCK_FILE) return [];
    const modules = file.imports
      .filter(({ specifier }) => specifier === 'node:perf_hooks')
      .map(({ line, specifier }) => ({ path: file.path, line, text: `imports ${specifier}` }));
    return [...modules, ...find(file, 'reads the clock', readsClock)];
  },

  'Only base/random.ts reads system randomness': (file) => {
    if (!isProduction(file.path) || file.path === RANDOM_FILE) return [];
    const imports = file.imports
      .filter(({ specifier, names }) => specifier === 'node:crypto' && names.some((name) => RANDOM_NAMES.has(name)))
      .map(({ line, names }) => ({ path: file.path, line, text: `imports ${names.join(', ')} of node:crypto` }));
    const uses = find(file, 'reads randomness', (node, ancestors) => {
      if (memberPath(node) === 'Math.random' || memberPath(node) === 'globalThis.crypto') return true;
      return globalName(node, ancestors) === 'crypto';
    });
    return [...imports, ...uses];
  },

  'Importing a file of src does nothing': (file) => {
    if (!file.path.startsWith('src/')) return [];
    const acting = file.body.filter((node) => !DECLARATIONS.has(node.type)).map(at(file, 'acts on import'));
    const awaiting = find(file, 'awaits on import', (node, ancestors) => {
      const suspends = node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node['await'] === true);
      return suspends && !ancestors.some((ancestor) => ancestor.type.includes('Function'));
    });
    return [...acting, ...awaiting];
  },

  'Only the command line writes to the console or ends the process': (file) => {
    if (!isProduction(file.path) || layerOf(file.path) === 'cli') return [];
    return find(file, 'is for the command line', (node, ancestors) => {
      return globalName(node, ancestors) === 'console' || /^process\.(exit|abort)$/.test(memberPath(node) ?? '');
    });
  },

  'No any, enum, namespace, parameter property or default export': (file) => {
    const mayExportDefault = !file.path.startsWith('src/'); // Actor modules and tool configurations have to.
    return find(file, 'is not used here', (node) => {
      if (node.type === 'ExportDefaultDeclaration') return !mayExportDefault;
      return FORBIDDEN_SYNTAX.has(node.type);
    });
  },

  'Production code keeps to what Node 20 runs': (file) => {
    if (!isProduction(file.path)) return [];
    return find(file, 'is too new for Node 20', (node) => {
      if (node.type === 'VariableDeclaration') return String(node['kind']).endsWith('using');
      return TOO_NEW.has(memberPath(node) ?? '');
    });
  },

  'A line has at most 120 columns': (file) =>
    file.text.split('\n').flatMap((line, index) => {
      if (line.length <= COLUMNS_MAX) return [];
      return [{ path: file.path, line: index + 1, text: `${line.length} columns` }];
    }),

  'A file name is kebab-case': (file) => {
    const name = file.path.split('/').at(-1) ?? '';
    const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|test-d|config))?(\.d)?\.(ts|js|mjs)$/.test(name);
    return isKebab ? [] : [{ path: file.path, line: 1, text: `is called ${name}` }];
  },

  'No test is alone, and a skipped one states its reason': (file) => {
    if (!file.path.startsWith('test/')) return [];
    return find(file, 'has no reason beside it', (node) => {
      const called = node.type === 'MemberExpression' ? testCall(node) : undefined;
      if (called === undefined) return false;
      const line = file.lineOf(node);
      const hasReason = file.comments.some((comment) => comment.line === line || comment.line === line - 1);
      return called === 'only' || !hasReason;
    });
  },
} satisfies Readonly<Record<string, Rule>>;

const IMPURE_NAMES: ReadonlySet<string> = new Set(['systemRandom', 'systemSeed', '*']);
const IMPURE_GLOBALS: ReadonlySet<string> = wordsOf(
  'setTimeout setInterval setImmediate queueMicrotask process fetch Promise Atomics Worker MessageChannel WeakRef',
  'FinalizationRegistry Intl',
);
const RANDOM_NAMES: ReadonlySet<string> = wordsOf(
  '* default webcrypto subtle getRandomValues randomBytes randomFill randomFillSync randomInt randomUUID',
);
const DECLARATIONS: ReadonlySet<string> = wordsOf(
  'ImportDeclaration ExportNamedDeclaration ExportAllDeclaration ExportDefaultDeclaration VariableDeclaration',
  'FunctionDeclaration ClassDeclaration TSDeclareFunction TSInterfaceDeclaration TSTypeAliasDeclaration EmptyStatement',
  'TSEnumDeclaration TSModuleDeclaration TSGlobalDeclaration', // Another rule judges these three.
);
const FORBIDDEN_SYNTAX: ReadonlySet<string> = wordsOf(
  'TSAnyKeyword TSEnumDeclaration TSModuleDeclaration TSParameterProperty TSImportEqualsDeclaration TSExportAssignment',
);
const TOO_NEW: ReadonlySet<string> = wordsOf(
  'Promise.withResolvers Promise.try Error.isError Map.groupBy Object.groupBy Array.fromAsync Iterator.from',
  'import.meta.main',
);

function wordsOf(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')));
}

function isReExport(node: SyntaxNode): boolean {
  return (node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') && isNode(node['source']);
}

/** Makes a node into a violation. */
function at(file: SourceFile, what: string): (node: SyntaxNode) => Violation {
  return (node) => {
    const [firstLine = ''] = file.text.slice(node.start, node.end).split('\n');
    return { path: file.path, line: file.lineOf(node), text: `${firstLine.slice(0, 60)} ${what}` };
  };
}

function find(
  file: SourceFile,
  what: string,
  isViolation: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => boolean,
): Violation[] {
  const found: Violation[] = [];
  const violation = at(file, what);
  for (const statement of file.body) {
    walk(statement, (node, ancestors) => {
      if (isViolation(node, ancestors)) found.push(violation(node));
    });
  }
  return found;
}

/** The name of a value that is taken from the global scope or a binding; undefined for properties and types. */
function globalName(node: SyntaxNode, ancestors: readonly SyntaxNode[]): string | undefined {
  const name = nameOf(node);
  const parent = ancestors.at(-1);
  if (name === undefined || parent === undefined) return name;
  if (parent.type.startsWith('TS') && !VALUE_WRAPPERS.has(parent.type)) return undefined;
  const isName = parent['key'] === node || (parent.type === 'MemberExpression' && parent['property'] === node);
  return isName && parent['computed'] !== true ? undefined : name;
}

// TypeScript nodes whose child is still a value: `x as T`, `x!`, `x satisfies T`.
const VALUE_WRAPPERS: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSInstantiationExpression',
]);

/** `Date.now` of a member expression written out; undefined for anything longer or computed. */
function memberPath(node: SyntaxNode): string | undefined {
  if (node.type !== 'MemberExpression' || node['computed'] === true) return undefined;
  const property = nameOf(node['property']);
  const object =
    isNode(node['object']) && node['object'].type === 'MetaProperty' ? 'import.meta' : nameOf(node['object']);
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}

// A date made of a number, and the question whether a value is one, do not read the clock.
function readsClock(node: SyntaxNode, ancestors: readonly SyntaxNode[]): boolean {
  const path = memberPath(node);
  if (path === 'process.hrtime' || path === 'process.uptime' || path === 'globalThis.performance') return true;
  const name = globalName(node, ancestors);
  if (name === 'performance') return true;
  const parent = ancestors.at(-1);
  if (name !== 'Date' || parent === undefined) return false;
  if (parent.type === 'NewExpression') return Array.isArray(parent['arguments']) && parent['arguments'].length === 0;
  if (parent.type === 'BinaryExpression' && parent['operator'] === 'instanceof') return false;
  return !/^Date\.(UTC|parse|prototype)$/.test(memberPath(parent) ?? '');
}

function testCall(node: SyntaxNode): string | undefined {
  const property = nameOf(node['property']) ?? '';
  if (!/^(only|skip|todo|skipIf|runIf|fails)$/.test(property)) return undefined;
  const object =
    isNode(node['object']) && node['object'].type === 'MemberExpression' ? node['object']['object'] : node['object'];
  return /^(it|test|describe|suite|bench)$/.test(nameOf(object) ?? '') ? property : undefined;
}
