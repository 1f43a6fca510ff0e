// Seeded bugs of values that expire.
import { isDeepStrictEqual } from 'node:util';
import type { Rules } from '../../src/protocol/rules.ts';
import { DANGERS } from '../replica/expirations.ts';
import { byRule } from './by-rule.ts';
import type { Mutant } from './mutant.ts';
import { simulatedExpiries } from './sim-catcher.ts';

const SEEDS = 600;

export const EXPIRY_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A reader says of a value that has expired that it is gone, and leaves it where it is',
    layer: 'coordinator',
    removed: 'rule deletesExpired',
    catchers: [byRule('deletesExpired', wrongUnder), simulatedExpiries('deletesExpired', SEEDS)],
  },
];

function wrongUnder(rules: Rules): string | undefined {
  return DANGERS.find(({ play, right }) => !isDeepStrictEqual(play(rules), right))?.title;
}
