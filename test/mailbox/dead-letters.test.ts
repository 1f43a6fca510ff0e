import { describe, expect, it } from 'vitest';
import { DEAD_LETTERS_KEPT } from '../../src/base/limits.ts';
import { DeadLetters } from '../../src/mailbox/dead-letters.ts';
import { envelopeOf } from './envelopes.ts';

describe('Dead letters', () => {
  it('are all counted, and the latest are kept without their bodies, oldest first', () => {
    const heard: number[] = [];
    const letters = new DeadLetters(({ target }) => heard.push(target));
    const count = DEAD_LETTERS_KEPT + 5;
    for (let target = 0; target < count; target++) {
      letters.add(target % 2 === 0 ? 'closed' : 'lost', envelopeOf({ target, body: { secret: 1 } }));
    }
    expect(letters.total).toBe(count);
    expect(letters.count('closed') + letters.count('lost')).toBe(count);
    expect(letters.count('undecodable')).toBe(0);
    expect(letters.latest().map(({ target }) => target)).toEqual(heard.slice(-DEAD_LETTERS_KEPT));
    expect(letters.latest()[0]).not.toHaveProperty('body');
  });
});
