import { describe, expect, it } from 'vitest';
import { optionsOf, requireSignal } from '../../src/base/given.ts';

const refused = expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });

describe('Options', () => {
  const given = { limit: 1 };

  it.each([
    ['an object', given, given],
    ['nothing', undefined, {}],
    ['null', null, {}],
  ])('may be %s', (_, options, expected) => {
    expect(optionsOf(options)).toEqual(expected);
  });

  it.each(['one', 5, true, () => given, Symbol('s')])('are never %s', (options) => {
    expect(() => optionsOf(options as object)).toThrow(refused);
  });
});

describe('A signal', () => {
  it.each([
    ['of this realm', new AbortController().signal],
    [
      'of a library',
      {
        aborted: false,
        throwIfAborted: (): void => undefined,
        addEventListener: () => 1,
        removeEventListener: () => 1,
      },
    ],
  ])('may be one %s', (_, signal) => {
    expect(() => requireSignal(signal)).not.toThrow();
  });

  it.each([
    ['null', null],
    ['its controller', new AbortController()],
    ['an object', {}],
    ['a text', 'abort'],
  ])('is never %s', (_, signal) => {
    expect(() => requireSignal(signal)).toThrow(refused);
  });
});
