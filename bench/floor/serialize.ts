// What the runtime offers to turn an object into bytes and back.
//
//     main: object -> bytes -> object, no other thread
import { deserialize, serialize } from 'node:v8';
import { inThread } from '../harness/in-thread.ts';
import { SERIALIZE } from '../harness/questions.ts';
import { SMALL_OBJECT, expectSmallObject } from '../harness/small-object.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const OPERATIONS = 1000;

export const subjects: readonly Subject[] = [
  subject('JSON', (value) => JSON.parse(JSON.stringify(value))),
  subject('structuredClone', (value) => structuredClone(value)),
  subject('v8.serialize', (value) => deserialize(serialize(value))),
];

function subject(name: string, copy: (value: unknown) => unknown): Subject {
  const run = (): void => {
    for (let index = 0; index < OPERATIONS; index++) copy(SMALL_OBJECT);
  };
  const open = (): Promise<Contender> => {
    return inThread({ check: () => expectSmallObject(copy(SMALL_OBJECT)), run, operations: OPERATIONS });
  };
  return { question: SERIALIZE, subject: name, unit: 'ops/s', open };
}
