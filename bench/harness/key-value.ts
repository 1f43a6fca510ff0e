// "Put" and "get": the main thread writes or reads one of 1,024 keys, a promise each, 256 of them pending.
import { closedLoop } from './load.ts';
import { GET_256, PUT_256 } from './questions.ts';
import { expectAnswer } from './subject.ts';
import type { Contender, Skipped, Subject } from './subject.ts';

const KEYS = Array.from({ length: 1024 }, (_, index) => `key-${String(index).padStart(6, '0')}`);
/** Values of 16 one-byte characters; a put never repeats the one before it. */
const VALUES = Array.from({ length: 251 }, (_, index) => `value-${String(index).padStart(10, '0')}`);
const DEPTH = 256;

/** What a contender brings; both reject, or answer `false` or the wrong text, when they fail. */
export interface KeyValue {
  /** Writes the key. @returns whether the write is acknowledged. */
  readonly put: (key: string, value: string) => Promise<boolean>;
  /** Reads the key. @returns the value that was put. */
  readonly get: (key: string) => Promise<string | undefined>;
  /** Stops what was started. */
  readonly close: () => Promise<unknown>;
  /** Versions and settings. */
  readonly note?: string;
}

/** One subject for puts and one for gets. */
export function keyValueSubjects(subject: string, start: () => Promise<KeyValue | Skipped>): readonly Subject[] {
  return [
    { question: PUT_256, subject, unit: 'ops/s', open: () => open('put', start) },
    { question: GET_256, subject, unit: 'ops/s', open: () => open('get', start) },
  ];
}

async function open(kind: 'put' | 'get', start: () => Promise<KeyValue | Skipped>): Promise<Contender | Skipped> {
  const store = await start();
  if ('skipped' in store) return store;
  const put = async (index: number): Promise<void> => {
    if (!(await store.put(keyOf(index), valueOf(index)))) throw new Error(`Wrong answer: put ${index} was refused`);
  };
  const get = async (index: number): Promise<void> => {
    // The check put the value of `index` under each key, so that every answer is known.
    const slot = index % KEYS.length;
    const value = await store.get(keyOf(slot));
    if (value !== valueOf(slot)) expectAnswer(value, valueOf(slot), `the value of ${keyOf(slot)}`);
  };
  return {
    ...(store.note !== undefined && { note: store.note }),
    check: async () => {
      for (let index = 0; index < KEYS.length; index += 1) await put(index);
      for (let index = 0; index < KEYS.length; index += 1) await get(index);
    },
    pass: (ms) => closedLoop(kind === 'put' ? put : get, { depth: DEPTH, ms }),
    close: async () => {
      await store.close();
    },
  };
}

function keyOf(index: number): string {
  return KEYS[index % KEYS.length]!;
}

function valueOf(index: number): string {
  return VALUES[index % VALUES.length]!;
}
