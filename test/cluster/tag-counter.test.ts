import { describe, expect, it } from 'vitest';
import { SharedTagCounter } from '../../src/cluster/tag-counter.ts';
import { compareBallots, mutableBallot, versionOf } from '../../src/protocol/ballot.ts';

describe('The tag counter', () => {
  it.each([
    ['2^31 - 2', 2n ** 31n - 2n],
    ['2^32 - 2', 2n ** 32n - 2n],
    ['2^53 - 2', 2n ** 53n - 2n],
  ])('started at %s gives ever larger tags, each once', (_, start) => {
    const counter = new SharedTagCounter(new SharedArrayBuffer(8), 0);
    counter.startAt(start);
    let before = mutableBallot();
    for (let step = 0n; step < 8n; step++) {
      const tag = mutableBallot();
      counter.take(1, tag);
      expect(versionOf(tag)).toBe((start + step).toString(16).padStart(16, '0'));
      if (step > 0n) expect(compareBallots(tag, before)).toBeGreaterThan(0);
      before = tag;
    }
  });

  it('gives a batch consecutive tags, and the next batch those behind', () => {
    const buffer = new SharedArrayBuffer(8);
    const one = new SharedTagCounter(buffer, 0);
    const other = new SharedTagCounter(buffer, 0);
    one.startAt(1n);
    const tag = mutableBallot();
    one.take(10, tag);
    expect(tag).toEqual({ high: 0, low: 1 });
    other.take(5, tag);
    expect(tag).toEqual({ high: 0, low: 11 });
    one.take(1, tag);
    expect(tag).toEqual({ high: 0, low: 16 });
  });
});
