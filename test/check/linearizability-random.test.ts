// Every search against the definition, on small random histories: each by itself, so that none hides behind another.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { searchJustInTime } from '../../src/check/frontier.ts';
import type { Operation } from '../../src/check/history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { budgetOf, orderEvents } from '../../src/check/search.ts';
import { searchDepthFirst } from '../../src/check/wing-gong.ts';
import { checkQueueOrder } from '../../src/check/queue-order.ts';
import { checkZones } from '../../src/check/zones.ts';
import type { Model } from '../../src/check/model.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { isLinearizable } from './support/brute-force.ts';
import { randomHistory, SUBJECTS } from './support/random-history.ts';

const HISTORIES = Number(process.env['QUORATE_HISTORIES'] ?? 100_000);
const SEED = testSeed();
const REPLAY = replayCommand('test/check/linearizability-random.test.ts', SEED);

/** The verdict of each search that applies. */
function verdictsOf(history: readonly Operation[], model: Model): Readonly<Record<string, string>> {
  const ordered = orderEvents(history, model);
  const direct = checkZones(history, model) ?? checkQueueOrder(history, model);
  return {
    'just in time': searchJustInTime(ordered, model, budgetOf({})).kind,
    'depth first': searchDepthFirst(ordered, model, budgetOf({})).kind,
    ...(direct === undefined ? {} : { direct: direct.kind }),
    all: checkLinearizable(history, model).verdict,
  };
}

describe('Every search agrees with trying all orders', () => {
  it.each(SUBJECTS.map((subject, index) => [subject.name, subject, index] as const))(
    'of a %s',
    { timeout: 60_000 }, // On a machine that is busy with other things.
    (_name, subject, index) => {
      const random = seededRandom(SEED + index);
      const counts = { ok: 0, illegal: 0, direct: 0 };
      for (let run = 0; run < HISTORIES / SUBJECTS.length; run++) {
        const history = randomHistory(random, subject);
        const expected = isLinearizable(history, subject.model) ? 'ok' : 'illegal';
        counts[expected] += 1;
        const found = verdictsOf(history, subject.model);
        if (found['direct'] !== undefined) counts.direct += 1;
        const wrong = Object.entries(found).filter(([, verdict]) => verdict !== expected);
        if (wrong.length > 0) expect.fail(`${REPLAY}: ${expected}, but ${JSON.stringify(wrong)}: ${show(history)}`);
      }
      // Neither outcome is so rare that the comparison says little.
      expect(Math.min(counts.ok, counts.illegal)).toBeGreaterThan(HISTORIES / SUBJECTS.length / 20);
      if (subject.name.includes('distinct')) expect(counts.direct).toBeGreaterThan(HISTORIES / SUBJECTS.length / 2);
    },
  );
});

function show(history: readonly Operation[]): string {
  const rows = history.map((one) => [`${one.start}..${one.end}`, one.call, one.input, String(one.output)]);
  return rows.map((row) => `\n  ${JSON.stringify(row)}`).join('');
}
