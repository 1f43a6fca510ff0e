import { describe, expect, it } from 'vitest';
import { counterSubjects } from '../../../bench/harness/counter.ts';
import { INCREMENT_8 } from '../../../bench/harness/questions.ts';
import type { Contender } from '../../../bench/harness/subject.ts';

/** A contender whose counters lose every increment of that number. */
async function open(lost: number): Promise<Contender> {
  const numbers = new Map<string, number>();
  let increments = 0;
  const start = async () => ({
    increment: async (key: string) => {
      if (++increments !== lost) numbers.set(key, (numbers.get(key) ?? 0) + 1);
    },
    read: async (key: string) => numbers.get(key) ?? 0,
    close: async () => undefined,
    note: (added: number) => `${added} of ${increments}`,
  });
  const [subject] = counterSubjects('fake', start, [INCREMENT_8]);
  const contender = await subject!.open();
  if ('skipped' in contender) throw new Error(contender.skipped);
  return contender;
}

describe('Increments', () => {
  it('One that is lost before anything is timed fails the check', async () => {
    const contender = await open(17);
    await expect(async () => contender.check()).rejects.toThrow('the sum of all counters is 199, must be 200');
  });

  it('One that is lost in a pass fails the pass', async () => {
    const contender = await open(205);
    await contender.check();
    await expect(async () => contender.pass(1)).rejects.toThrow('the sum of all counters');
  });

  it('The note is told how many there were, once they were made', async () => {
    const contender = await open(0);
    await contender.check();
    expect(contender.note).toBe('200 of 200');
    expect(await contender.pass(1)).toBeGreaterThan(0);
    expect(contender.note).not.toBe('200 of 200');
  });
});
