// The program `npm run mutants`: looks for every seeded bug with everybody who may catch it, and prints the table.
// Exit 1 when one was missed, or when the traces are too long for a person.
//
//     npm run mutants                        the table
//     npm run -s mutants -- --only TEXT      bugs whose title, layer or removed rule has TEXT in it
//     npm run -s mutants -- --json
//     npm run -s mutants -- --help
import { parseArgs } from 'node:util';
import { MUTANTS } from './catalogue.ts';
import type { Catch, Mutant } from './mutant.ts';
import { ringBugs } from './ring-report.ts';

interface Row {
  readonly bug: string;
  readonly layer: string;
  readonly removed: string;
  /** Who caught it, after how many seeds (0: nothing was random). */
  readonly caughtBy: readonly { readonly name: string; readonly seeds: number }[];
  /** Of the shortest trace; `undefined` when there is none. */
  readonly events: number | undefined;
  readonly what: string;
}

const EVENTS_MEDIAN_MAX = 40;
const COLUMNS = [93, 11, 26, 10, 6];

function rowOf({ bug, layer, removed, catchers }: Mutant): Row {
  const found = catchers.flatMap((catcher): (Catch & { readonly name: string })[] => {
    const caught = catcher.catches(true);
    return caught === undefined ? [] : [{ name: catcher.name, ...caught }];
  });
  const shortest = found.toSorted((one, other) => (one.events ?? Infinity) - (other.events ?? Infinity))[0];
  const caughtBy = found.map(({ name, seeds }) => ({ name, seeds }));
  return { bug, layer, removed, caughtBy, events: shortest?.events, what: shortest?.what ?? '' };
}

async function ringRows(): Promise<Row[]> {
  return (await ringBugs()).map(({ bug, isCaught }) => ({
    bug,
    layer: 'ring',
    removed: 'an order, a comparison or a look of the memory',
    caughtBy: isCaught ? [{ name: 'explorer', seeds: 0 }] : [],
    events: undefined,
    what: '',
  }));
}

function lineOf({ bug, layer, caughtBy, events }: Row): string {
  const names = caughtBy.map(({ name }) => name).join(', ') || 'NOBODY';
  const seeds = caughtBy.map((each) => (each.seeds === 0 ? '-' : each.seeds)).join(', ');
  return line(bug, layer, names, seeds, events === undefined ? '-' : String(events));
}

function line(...cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(COLUMNS[index]!))
    .join('  ')
    .trimEnd();
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? 0;
}

const USAGE = `Usage: npm run -s mutants -- [--only TEXT] [--json]

Looks for every seeded bug, which takes some minutes. --only TEXT: for those whose title, layer or removed rule has
TEXT in it.`;

/** What the program was asked for; `undefined` where it has said how to ask, or what is wrong. */
function optionsOf(argv: readonly string[]): { readonly isJson: boolean; readonly only: string } | undefined {
  try {
    const options = { help: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...argv], options });
    if (values.help !== true) return { isJson: values.json === true, only: values.only ?? '' };
    console.log(USAGE);
    return undefined;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function main(): Promise<number> {
  const asked = optionsOf(process.argv.slice(2));
  if (asked === undefined) return process.exitCode === 2 ? 2 : 0;
  const { isJson, only } = asked;
  const isWanted = ({ bug, layer, removed }: Pick<Row, 'bug' | 'layer' | 'removed'>): boolean =>
    [bug, layer, removed].some((text) => text.includes(only));
  const show = (text: string): void => {
    if (!isJson) console.log(text);
  };
  const rows: Row[] = [];
  const add = (row: Row): void => {
    rows.push(row);
    show(lineOf(row));
  };
  show(line('bug', 'layer', 'caught by', 'seeds', 'events'));
  for (const mutant of MUTANTS.filter(isWanted)) add(rowOf(mutant));
  if (only === '' || only === 'ring') for (const row of await ringRows()) add(row);
  const caught = rows.filter(({ caughtBy }) => caughtBy.length > 0).length;
  const eventsMedian = medianOf(rows.flatMap(({ events }) => events ?? []));
  show(`\n${caught} of ${rows.length} seeded bugs caught; median of the shortest traces: ${eventsMedian} events`);
  if (isJson) console.log(JSON.stringify({ bugs: rows.length, caught, eventsMedian, rows }, undefined, 2));
  return caught === rows.length && eventsMedian <= EVENTS_MEDIAN_MAX ? 0 : 1;
}

process.exitCode = await main();
