import { describe, expect, it } from 'vitest';
import { CorrelationTable } from '../../src/mailbox/correlation-table.ts';

describe('A correlation table', () => {
  it('M12: an ask is taken once, so that a second or late answer finds nothing and nothing is left', () => {
    const table = new CorrelationTable<string>();
    const correlation = table.open('ask');
    expect(table.take(correlation)).toBe('ask'); // By its deadline.
    expect(table.take(correlation)).toBeUndefined(); // By the late answer.
    expect(table.size).toBe(0);
  });

  it('M12: 100 000 asks that time out leave an empty table', () => {
    const table = new CorrelationTable<object>();
    for (let round = 0; round < 100_000; round++) {
      const correlation = table.open({});
      if (round % 2 === 0) table.take(correlation);
      else expect(table.takeAll()).toHaveLength(1);
    }
    expect(table.size).toBe(0);
  });

  it('is bounded: the number 0 says that it is full', () => {
    const table = new CorrelationTable<number>(2);
    const [first] = [table.open(1), table.open(2)];
    expect(table.open(3)).toBe(0);
    table.take(first);
    expect(table.open(4)).not.toBe(0);
  });

  it('gives no number twice while it is open, nor 0, when the numbers start anew', () => {
    const table = new CorrelationTable<string>(10, 0xffff_fffd);
    const open = table.open('old');
    expect(open).toBe(0xffff_fffe);
    expect([table.open('a'), table.open('b')]).toEqual([0xffff_ffff, 1]);
    const again = new CorrelationTable<string>(10);
    const first = again.open('first');
    expect(again.open('second')).not.toBe(first);
  });

  it('closes the asks of one receiver when it has died', () => {
    const table = new CorrelationTable<{ readonly of: string }>();
    for (const of of ['a', 'b', 'a']) table.open({ of });
    expect(table.takeAll(({ of }) => of === 'a')).toEqual([{ of: 'a' }, { of: 'a' }]);
    expect(table.size).toBe(1);
  });
});
