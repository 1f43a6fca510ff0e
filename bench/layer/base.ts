// The plain-data codec, which carries messages and values that have no layout of their own.
//
//     main: object -> bytes -> object, no other thread
import { decodePlain, encodePlainShortLived } from '../../src/base/plain-codec.ts';
import { inThread } from '../harness/in-thread.ts';
import { SERIALIZE } from '../harness/questions.ts';
import { SMALL_OBJECT, expectSmallObject } from '../harness/small-object.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const OPERATIONS = 1000;

export const subjects: readonly Subject[] = [
  { question: SERIALIZE, subject: 'plain codec', unit: 'ops/s', open: openPlainCodec },
];

function openPlainCodec(): Promise<Contender> {
  return inThread({ check: () => expectSmallObject(copy(SMALL_OBJECT)), run, operations: OPERATIONS });
}

function run(): void {
  for (let index = 0; index < OPERATIONS; index++) copy(SMALL_OBJECT);
}

function copy(value: unknown): unknown {
  return decodePlain(encodePlainShortLived(value));
}
