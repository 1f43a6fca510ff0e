import { afterEach, describe, expect, it, vi } from 'vitest';
import { subjects as bareRing } from '../../../bench/floor/bare-ring.ts';
import { Patience, waitWhile } from '../../../bench/harness/program.ts';
import { streamContender } from '../../../bench/harness/stream.ts';
import { subjects as mailbox } from '../../../bench/layer/mailbox.ts';
import { subjects as ring } from '../../../bench/layer/ring.ts';

afterEach(() => vi.restoreAllMocks());

/** From now on every look at the clock is six seconds after the one before. */
function hurryTime(): void {
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 6000));
}

describe('A stream to another thread', () => {
  it('fails when the sum is wrong', () => {
    const words = Int32Array.of(0, 41);
    const produce = (): number => {
      words[0] = 0; // As the consumer does when it has taken all.
      return 42;
    };
    const contender = streamContender({ words, pass: 0, sum: 1, chunk: 7, produce }, { close: () => {} });
    expect(() => contender.check()).toThrow('Wrong answer: the sum of all words is 41, must be 42');
    words[1] = 42;
    hurryTime();
    expect(contender.pass(10_000)).toBeCloseTo((7 * 1000) / 24_000); // The clock is read four times, a chunk is sent.
  });

  it.each([
    ['bare ring', bareRing],
    ['ring', ring],
    ['ring mailbox', mailbox],
  ] as const)('(%s) gives up when its consumer is gone', async (_, [subject]) => {
    const contender = await subject!.open();
    if ('skipped' in contender) throw new Error(contender.skipped);
    await contender.check();
    await contender.close();
    hurryTime();
    expect(() => contender.check()).toThrow('The other thread is lost');
  });
});

describe('A wait for another thread', () => {
  it('ends when the word is another', () => {
    waitWhile(Int32Array.of(5), 0, 6);
  });

  it('has a bound', () => {
    const patience = new Patience();
    patience.check();
    hurryTime();
    patience.check();
    expect(() => patience.check()).toThrow('The other thread is lost');
  });
});
