// The program `npm run mutants`: looks for every seeded bug, and prints who caught it. Exit 1 when one was missed.
import { MUTANTS } from './catalogue.ts';
import type { Catch, Mutant } from './mutant.ts';

interface Row {
  readonly mutant: Mutant;
  readonly by: string;
  readonly found: Catch | undefined;
}

const EVENTS_MEDIAN_MAX = 40;

function lookFor(mutant: Mutant): Row {
  for (const catcher of mutant.catchers) {
    const found = catcher.catches();
    if (found !== undefined) return { mutant, by: catcher.name, found };
  }
  return { mutant, by: 'nobody', found: undefined };
}

function lineOf({ mutant, by, found }: Row): string {
  const seeds = found === undefined || found.seeds === 0 ? '-' : String(found.seeds);
  const events = found === undefined ? '-' : String(found.events);
  return `${mutant.bug.padEnd(96)}  ${mutant.layer.padEnd(11)}  ${by.padEnd(28)}  ${seeds.padStart(5)}  ${events.padStart(6)}`;
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? 0;
}

function main(): number {
  const isJson = process.argv.includes('--json');
  const rows: Row[] = [];
  if (!isJson) console.log(`${'bug'.padEnd(96)}  ${'layer'.padEnd(11)}  ${'caught by'.padEnd(28)}  seeds  events`);
  for (const mutant of MUTANTS) {
    const row = lookFor(mutant);
    rows.push(row);
    if (!isJson) console.log(lineOf(row));
  }
  const caught = rows.filter(({ found }) => found !== undefined);
  const median = medianOf(caught.map(({ found }) => found!.events));
  if (isJson) {
    const bugs = rows.map(({ mutant, by, found }) => ({ bug: mutant.bug, layer: mutant.layer, by, ...found }));
    console.log(JSON.stringify({ caught: caught.length, of: rows.length, medianEvents: median, bugs }, undefined, 2));
  } else {
    console.log(`\n${caught.length} of ${rows.length} seeded bugs caught; median trace: ${median} events`);
  }
  return caught.length === rows.length && median <= EVENTS_MEDIAN_MAX ? 0 : 1;
}

process.exitCode = main();
