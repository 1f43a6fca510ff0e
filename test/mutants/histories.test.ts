// Mutated histories: of legal ones a returned value is changed, two returns are swapped, or an acknowledged call is
// lost. The checker must say illegal whenever trying all orders does, and never else.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import type { Operation } from '../../src/check/history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { SUBJECTS, randomHistory } from '../check/support/random-history.ts';
import { isLinearizable } from '../check/support/brute-force.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

/** Mutated histories a model. */
const HISTORIES = 1000;
const SEED = testSeed();
const REPLAY = replayCommand('test/mutants/histories.test.ts', SEED);

/** What was done to a history; `undefined` where it offers nothing to do it to. */
type Mutation = (history: readonly Operation[], random: Random) => readonly Operation[] | undefined;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a returned value is changed': (history, random) => {
    const [one, other] = twoThatDiffer(history, random);
    return one && history.map((each) => (each === one ? { ...one, output: other!.output } : each));
  },
  'two returns are swapped': (history, random) => {
    const [one, other] = twoThatDiffer(history, random);
    if (one === undefined || other === undefined) return undefined;
    const swapped = new Map([
      [one, { ...one, output: other.output }],
      [other, { ...other, output: one.output }],
    ]);
    return history.map((each) => swapped.get(each) ?? each);
  },
  'an acknowledged call is lost': (history, random) => {
    const lost = history[below(random, history.length)]!;
    return lost.end === Infinity ? undefined : history.filter((each) => each !== lost);
  },
};

/** Two returned calls of one function that did not return the same. */
function twoThatDiffer(history: readonly Operation[], random: Random): readonly Operation[] {
  const one = history[below(random, history.length)]!;
  const other = history.find(
    ({ call, output, end }) => call === one.call && output !== one.output && end < Infinity && one.end < Infinity,
  );
  return other === undefined ? [] : [one, other];
}

describe('The checker and all orders agree on legal histories of which', () => {
  it.each(Object.entries(MUTATIONS))('%s', (_name, mutate) => {
    const random = seededRandom(SEED);
    let illegal = 0;
    for (const subject of SUBJECTS) {
      for (let run = 0; run < HISTORIES; run++) {
        const history = randomHistory(random, subject);
        const mutated = isLinearizable(history, subject.model) ? mutate(history, random) : undefined;
        if (mutated === undefined) continue;
        const expected = isLinearizable(mutated, subject.model) ? 'ok' : 'illegal';
        if (expected === 'illegal') illegal++;
        const { verdict } = checkLinearizable(mutated, subject.model);
        if (verdict !== expected) expect.fail(`${REPLAY}: ${subject.name}, ${expected}: ${JSON.stringify(mutated)}`);
      }
    }
    // The mutation often breaks a history, so the comparison means something.
    expect(illegal).toBeGreaterThan(HISTORIES / 4);
  });
});
