// How bodies and values become bytes and come back: the envelope of stored values, and fixed layouts.
//
//     main: value -> bytes in shared memory -> value, no other thread
import { isDeepStrictEqual } from 'node:util';
import { decodePlain, encodePlainShortLived } from '../../src/base/plain-codec.ts';
import { ValueEncoder, decodeValue } from '../../src/base/value-codec.ts';
import { layout } from '../../src/mailbox/body-layout.ts';
import { frameViews } from '../../src/mailbox/frame-views.ts';
import { inThread } from '../harness/in-thread.ts';
import type { Subject } from '../harness/subject.ts';

const OPERATIONS = 1000;
const TEXT = 'a value of 16 by';
const BYTES: Uint8Array = new Uint8Array(16).fill(7);
const NUMBERS = { n: 0.25, id: 17, seq: 18, isLast: false };

export const subjects: readonly Subject[] = [
  subject('encode and decode a 16-character value', 'value codec', { value: TEXT, copy: copyValue() }),
  subject('encode and decode a 16-character value', 'plain codec', { value: TEXT, copy: copyPlain }),
  subject('encode and decode a 16-byte value', 'value codec', { value: BYTES, copy: copyValue() }),
  subject('encode and decode a 16-byte value', 'plain codec', { value: BYTES, copy: copyPlain }),
  subject('encode and decode four numbers', 'fixed layout', { value: NUMBERS, copy: copyLayout() }),
  subject('encode and decode four numbers', 'plain codec', { value: NUMBERS, copy: copyPlain }),
];

interface Copying {
  readonly value: unknown;
  readonly copy: (value: unknown) => unknown;
}

function subject(question: string, name: string, { value, copy }: Copying): Subject {
  const check = (): void => {
    if (!isDeepStrictEqual(copy(value), value)) throw new Error('Wrong answer: the copy must be equal');
  };
  const run = (): void => {
    for (let index = 0; index < OPERATIONS; index++) copy(value);
  };
  return { question, subject: name, unit: 'ops/s', open: () => inThread({ check, run, operations: OPERATIONS }) };
}

function copyPlain(value: unknown): unknown {
  return decodePlain(encodePlainShortLived(value));
}

function copyValue(): (value: unknown) => unknown {
  const encoder = new ValueEncoder();
  const shared = new Uint8Array(new SharedArrayBuffer(256));
  return (value) => {
    const length = encoder.encode(value);
    const { bytes } = encoder;
    for (let index = 0; index < length; index++) shared[8 + index] = bytes[index]!;
    return decodeValue(shared, 8, length);
  };
}

function copyLayout(): (value: unknown) => unknown {
  const shape = layout({ n: 'f64', id: 'u32', seq: 'u32', isLast: 'bool' });
  const views = frameViews(new SharedArrayBuffer(256));
  return (value) => {
    shape.write(value, views, 8);
    return shape.read(views, 8);
  };
}
