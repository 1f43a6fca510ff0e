// `quorate sim --replay FILE`: runs what a regression file holds, and shows what happened.
import { readFileSync } from 'node:fs';
import { QuorateError } from '../../base/errors.ts';
import { parseRegression, rulesWithout } from '../../sim/regression.ts';
import type { Regression } from '../../sim/regression.ts';
import { simulatePlan } from '../../sim/simulate.ts';
import type { SimResult } from '../../sim/simulate.ts';
import { RollingHash } from '../../sim/engine/rolling-hash.ts';
import { wordOf } from '../../sim/engine/chance.ts';
import type { SeedSummary } from '../../sim/seeds.ts';
import type { Profile } from '../../sim/cluster/profiles.ts';

/** A regression file that was run. */
export interface Replayed {
  readonly regression: Regression;
  readonly result: SimResult;
}

/** Runs a regression file. @throws {QuorateError} `ERR_QUORATE_TRACE` when it cannot be read. */
export function replayFile(path: string): Replayed {
  return replayed(parseRegression(readText(path)));
}

/** Runs a regression, and traces it. */
export function replayed(regression: Regression): Replayed {
  const result = simulatePlan(regression.plan, { rules: rulesWithout(regression.without), isTraced: true });
  return { regression, result };
}

/** The result of one run in the form of many. */
export function summaryOfOne(result: SimResult): SeedSummary {
  const hash = new RollingHash();
  hash.add(wordOf(result.hash));
  const reached = Object.entries(result.sometimes).map(([name, isReached]) => [name, isReached ? 1 : 0] as const);
  return {
    runs: 1,
    events: result.events,
    messages: result.messages,
    virtualUs: Math.round(1e6 * result.virtualSeconds),
    faults: result.faults,
    sometimes: Object.fromEntries(reached),
    violations: result.violations.length,
    failures: result.violations.map(({ kind, text }) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the file names the profile that it came from
      return { seed: result.seed, profile: result.profile as Profile, kind, text };
    }),
    hash: hash.text,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new QuorateError('ERR_QUORATE_TRACE', `Cannot replay ${path}: it cannot be read`, { cause });
  }
}
