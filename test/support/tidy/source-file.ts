// Reads TypeScript into what the rules ask about: a syntax tree, its imports and its comments.
import { posix } from 'node:path';
import { parseSync } from 'vite';

/** A node of the tree (ESTree with TypeScript): `type` says which fields it has. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One import, static or dynamic, `export from`, or of a type only. */
export interface ImportOf {
  readonly specifier: string;
  /** Path in the repository for a relative specifier; undefined for a package. */
  readonly path: string | undefined;
  readonly line: number;
  /** Names it takes; `*` for everything, `default` for the default export. */
  readonly names: readonly string[];
}

/** One comment. */
export interface Comment {
  readonly line: number;
  readonly text: string;
}

/** A parsed file; `path` is relative to the repository, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly body: readonly SyntaxNode[];
  readonly imports: readonly ImportOf[];
  readonly comments: readonly Comment[];
  lineOf(node: SyntaxNode): number;
}

/** Calls `visit` for every node, parents first, with its ancestors (nearest last). */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void,
  ancestors: readonly SyntaxNode[] = [],
): void {
  visit(node, ancestors);
  const below = [...ancestors, node];
  for (const value of Object.values(node)) {
    const children: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const child of children) if (isNode(child)) walk(child, visit, below);
  }
}

/** Whether a field of a node is a node itself. */
export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value
  );
}

/** The name of an identifier; undefined for any other node. */
export function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;
}

/**
 * Parses one file.
 *
 * @throws {SyntaxError} when it does not parse.
 */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text, { sourceType: 'module' });
  const [failure] = parsed.errors;
  if (failure !== undefined) throw new SyntaxError(`Cannot parse ${path}: ${failure.message}`);
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)];
  const lineAt = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1;
  const statements: readonly unknown[] = parsed.program.body;
  const body = statements.filter(isNode);
  const lineOf = (node: SyntaxNode): number => lineAt(node.start);
  const comments = parsed.comments.map(({ value, start }) => ({ line: lineAt(start), text: value.trim() }));
  const imports: ImportOf[] = [];
  for (const statement of body) {
    walk(statement, (node) => {
      const specifier = specifierOf(node);
      if (specifier === undefined) return;
      const isRelative = specifier.startsWith('.');
      const target = isRelative ? posix.join(posix.dirname(path), specifier) : undefined;
      imports.push({ specifier, path: target, line: lineOf(node), names: namesOf(node) });
    });
  }
  return { path, text, body, imports, comments, lineOf };
}

const IMPORTING: ReadonlySet<string> = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function specifierOf(node: SyntaxNode): string | undefined {
  if (!IMPORTING.has(node.type) || !isNode(node['source'])) return undefined;
  const specifier = node['source']['value'];
  // A specifier that is computed cannot be judged, so it is one that no rule allows.
  return typeof specifier === 'string' ? specifier : '(computed)';
}

function namesOf(node: SyntaxNode): readonly string[] {
  if (!Array.isArray(node['specifiers'])) return ['*'];
  const specifiers: readonly unknown[] = node['specifiers'];
  return specifiers.filter(isNode).map((specifier) => {
    if (specifier.type === 'ImportNamespaceSpecifier') return '*';
    if (specifier.type === 'ImportDefaultSpecifier') return 'default';
    return nameOf(specifier['imported'] ?? specifier['local']) ?? '*';
  });
}
