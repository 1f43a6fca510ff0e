// Versions of installed packages, for the note beside a figure.
import { readFileSync } from 'node:fs';

/** The package's name and version, as installed beside the module `from` (its `import.meta.url`). */
export function packageNote(name: string, from: string): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, from), 'utf8'));
  const isNamed = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return `${name} ${isNamed ? String(manifest.version) : 'of unknown version'}`;
}
