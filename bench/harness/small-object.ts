// The object that codecs carry: the fields of an ordinary message.
import { isDeepStrictEqual } from 'node:util';

export const SMALL_OBJECT: unknown = Object.freeze({
  kind: 'add',
  id: 123_456,
  name: 'user:42',
  value: 3.25,
  ok: true,
});

/** Fails the benchmark when it is not an equal object. */
export function expectSmallObject(copy: unknown): void {
  if (copy === SMALL_OBJECT || !isDeepStrictEqual(copy, { ...Object(SMALL_OBJECT) })) {
    throw new Error('Wrong answer: the copy must be another object that is equal');
  }
}
