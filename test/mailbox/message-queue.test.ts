import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageQueue } from '../../src/mailbox/message-queue.ts';

describe('A message queue', () => {
  it('is an array that refuses beyond its capacity', () => {
    const steps = fc.array(fc.boolean(), { maxLength: 300, size: 'max' });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 70 }), (pushes, capacity) => {
        const queue = new MessageQueue<{ readonly index: number }>(capacity);
        const model: { readonly index: number }[] = [];
        for (const [index, isPush] of pushes.entries()) {
          const item = { index };
          if (isPush) expect(queue.push(item)).toBe(model.length < capacity && model.push(item) > 0);
          else expect(queue.shift()).toBe(model.shift());
          expect(queue.size).toBe(model.length);
          expect(queue.peek()).toBe(model[0]);
          expect(queue.isFull).toBe(model.length === capacity);
        }
      }),
    );
  });
});
