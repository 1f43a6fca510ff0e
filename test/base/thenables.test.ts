import { describe, expect, it } from 'vitest';
import { isPromise } from '../../src/base/thenables.ts';

describe('What acts like a promise', () => {
  it.each([
    ['a promise', () => Promise.resolve(1), true],
    ['one that rejects, of which nobody dies', () => Promise.reject(new Error('in vain')), true],
    // oxlint-disable-next-line unicorn/no-thenable -- that is the case
    ['an object with a then that throws', () => ({ then: () => expect.fail('thrown') }), true],
    // oxlint-disable-next-line unicorn/no-thenable -- that is the case
    ['an object whose then is no function', () => ({ then: 1 }), false],
    ['nothing', () => undefined, false],
    ['null', () => null, false],
    ['a text', () => 'then', false],
  ])('is known: %s', (_, make, expected) => {
    expect(isPromise(make())).toBe(expected);
  });
});
