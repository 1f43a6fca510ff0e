import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { Operation } from '../../src/check/history.ts';
import { LinearizabilityChecker } from '../../src/check/linearizability-checker.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import type { Model } from '../../src/check/model.ts';
import { casRegisterModel } from '../../src/check/models/cas-register.ts';
import { registerModel } from '../../src/check/models/register.ts';
import { orderEvents } from '../../src/check/search.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { randomHistory, SUBJECTS } from './support/random-history.ts';
import { recordedHistory } from './support/recorded-history.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/check/linearizability-checker.test.ts', SEED);
const RUNS = 3000;

/** Feeds a history, each operation as a process of its own; what never returns is lost at the end or at once. */
function fed(history: readonly Operation[], model: Model, isLostAtOnce = false): LinearizabilityChecker {
  const checker = new LinearizabilityChecker(model);
  const ordered = orderEvents(history, { ...model, isRead: () => false });
  for (const event of ordered.events) {
    const index = event < 0 ? ~event : event;
    const { call, input, output, key, end } = ordered.operations[index]!;
    if (event < 0) checker.return(index, output);
    else checker.call(index, call, input, key);
    if (event >= 0 && end === Infinity && isLostAtOnce) checker.lose(index);
  }
  return checker;
}

describe('LinearizabilityChecker', () => {
  it('Agrees with the checker of whole histories, whenever it hears of what never returns', () => {
    const random = seededRandom(SEED);
    const counts = { ok: 0, illegal: 0, unknown: 0 };
    for (let run = 0; run < RUNS; run++) {
      const { model } = SUBJECTS[run % SUBJECTS.length]!;
      const history = randomHistory(random, SUBJECTS[run % SUBJECTS.length]!);
      const { verdict } = checkLinearizable(history, model);
      counts[verdict] += 1;
      expect(fed(history, model).finish().verdict, REPLAY).toBe(verdict);
      expect(fed(history, model, true).finish().verdict, REPLAY).toBe(verdict);
    }
    expect(Math.min(counts.ok, counts.illegal)).toBeGreaterThan(RUNS / 10);
  });

  it.each([
    ['register', registerModel(0)],
    ['cas-register', casRegisterModel(0)],
  ])('Notices at once what is wrong in a long history of a %s, and explains it in few operations', (_name, model) => {
    const random = seededRandom(SEED);
    const history = recordedHistory(random, { model, operations: 20_000, clients: 4, values: 1e9, lostPerMille: 1 });
    expect(fed(history, model, true).finish(), REPLAY).toEqual({ verdict: 'ok', operations: 20_000 });
    const at = history.findLastIndex(({ call, end }) => call === 'read' && end !== Infinity);
    const stale = history.slice(0, at - 50).findLast(({ call, end }) => call === 'write' && end !== Infinity)!;
    const checker = fed(history.with(at, { ...history[at]!, output: stale.input }), model, true);
    const found = checker.finish();
    expect(checker.verdict, REPLAY).toBe('illegal');
    expect(found, REPLAY).toMatchObject({ verdict: 'illegal', explanation: { impossible: { output: stale.input } } });
    const { operations } = (found as Extract<typeof found, { verdict: 'illegal' }>).explanation;
    expect(operations.length, REPLAY).toBeLessThan(30);
    expect(operations.length, REPLAY).toBeGreaterThan(1);
  });

  it('Refuses a second call of a process that waits, and a return of one that does not', () => {
    const checker = new LinearizabilityChecker(registerModel());
    checker.call('a', 'read');
    expect(() => checker.call('a', 'read')).toThrow('Cannot let process a call: its call before has not returned');
    expect(() => checker.return('b', 1)).toThrow('Cannot let process b return: it has no open call');
    expect(() => checker.lose('b')).toThrow(TypeError);
  });

  it('Answers unknown out of steps', () => {
    const checker = new LinearizabilityChecker(registerModel(0), { stepsMax: 3 });
    for (const process of ['a', 'b', 'c', 'd', 'e']) checker.call(process, 'write', process);
    for (const process of ['a', 'b', 'c', 'd', 'e']) checker.return(process);
    expect(checker.finish()).toMatchObject({ verdict: 'unknown', reason: /too many/ });
  });
});
