// Finds the benchmark files and decides which of their subjects meet in one run.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { FOLDERS } from './subject.ts';
import type { Folder, Subject } from './subject.ts';
import type { Entrant } from './run.ts';

/** Where bench/ lies, as source or built, and the extension of its files. */
const ROOT = new URL('../', import.meta.url);
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** Seconds that measuring a folder may take, with all that it is compared to. */
export const FOLDER_SECONDS_MAX: Readonly<Record<Folder, number>> = { floor: 30, layer: 60, cluster: 240, peers: 240 };

/** Folders whose subjects are entered when `folder` is asked for: its own and what it is compared to. */
const COMPARED_TO: Readonly<Record<Folder, readonly Folder[]>> = {
  floor: ['floor'],
  layer: ['floor', 'layer'],
  cluster: ['floor', 'cluster'],
  peers: ['floor', 'layer', 'cluster', 'peers'],
};

/** Why the folder cannot be measured here; `undefined` when it can. */
export function whyMissing(folder: Folder): string | undefined {
  if (!existsSync(new URL(`${folder}/`, ROOT))) return `bench/${folder} is not part of this installation`;
  if (folder !== 'peers' || existsSync(new URL('peers/node_modules/', ROOT))) return undefined;
  return 'the peers are not installed: run "npm ci --prefix bench/peers"';
}

/** Loads the benchmark files of the folder: those directly in it. */
export async function loadFolder(folder: Folder): Promise<readonly Entrant[]> {
  const url = new URL(`${folder}/`, ROOT);
  const files = (await readdir(url)).filter((name) => name.endsWith(EXTENSION) && !name.endsWith('.d.ts'));
  const modules = await Promise.all(files.toSorted().map((name) => loadSubjects(new URL(name, url))));
  return modules.flat().map((subject) => ({ folder, subject }));
}

/** Loads what a run of these folders (of all when none is named) measures, as one list of entrants per question. */
export async function loadQuestions(folders: readonly Folder[]): Promise<readonly (readonly Entrant[])[]> {
  const asked = folders.length === 0 ? FOLDERS : folders;
  const present = FOLDERS.filter((each) => {
    return asked.some((folder) => COMPARED_TO[folder].includes(each)) && whyMissing(each) === undefined;
  });
  const entrants = (await Promise.all(present.map(loadFolder))).flat();
  return groupByQuestion(entrants).filter((group) => {
    return group.some((entrant) => asked.includes(entrant.folder));
  });
}

/**
 * Gathers the entrants of each question, in the order of their first appearance.
 *
 * @throws {Error} when two of them have one name or different units: their figures would not compare.
 */
export function groupByQuestion(entrants: readonly Entrant[]): readonly (readonly Entrant[])[] {
  const groups = new Map<string, Entrant[]>();
  for (const entrant of entrants) {
    const { question, subject, unit } = entrant.subject;
    const group = groups.get(question) ?? [];
    if (group.some((other) => other.subject.subject === subject)) throw new Error(`"${question}" has two "${subject}"`);
    if (group.some((other) => other.subject.unit !== unit)) throw new Error(`"${question}" has more than one unit`);
    groups.set(question, [...group, entrant]);
  }
  return [...groups.values()];
}

async function loadSubjects(url: URL): Promise<readonly Subject[]> {
  const module: unknown = await import(url.href);
  if (isBenchmark(module)) return module.subjects;
  throw new Error(`Cannot use ${url.pathname} as a benchmark: it must export "subjects"`);
}

function isBenchmark(module: unknown): module is { readonly subjects: readonly Subject[] } {
  return typeof module === 'object' && module !== null && 'subjects' in module && Array.isArray(module.subjects);
}
