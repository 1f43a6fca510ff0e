// Keys that hold known values, so that every answer is checked: byte for byte the same, another one for each key.
import { expectAnswer } from './subject.ts';

/** What puts and gets of a cluster answer. */
export interface Answers {
  put(key: string, value: Uint8Array, options: { readonly timeoutMs: number }): Promise<{ readonly outcome: string }>;
  get(key: string): Promise<{ readonly outcome: string; readonly value?: unknown }>;
}

/** How many keys there are, and the length of their values. */
export interface Shape {
  readonly keys: number;
  readonly bytes: number;
}

export type Kind = 'put' | 'get';

/** The values of so many keys differ in their first byte. */
const VALUES = 64;
/** Puts that are pending while the keys are filled, where their values are small. */
const FILLING = 512;
const FILLING_BYTES = 16 * 1024 * 1024;
/** A million new keys stall replicas by their collections, for seconds on a busy machine. */
const PATIENCE = { timeoutMs: 60_000 };

/** Puts or gets one key after the other: `index` says which. @throws {Error} when an answer is wrong. */
export function operationOf(store: Answers, kind: Kind, { keys, bytes }: Shape): (index: number) => Promise<void> {
  const values = Array.from({ length: Math.min(VALUES, keys) }, (_, first) => {
    return new Uint8Array(bytes).fill(first, 0, 1);
  });
  const valueOf = (index: number): Uint8Array => values[(index % keys) % values.length]!;
  if (kind === 'put') {
    return async (index) => {
      const { outcome } = await store.put(keyOf(index, keys), valueOf(index), PATIENCE);
      if (outcome !== 'ok') expectAnswer(outcome, 'ok', `the outcome of put ${index}`);
    };
  }
  return async (index) => {
    const { outcome, value } = await store.get(keyOf(index, keys));
    if (outcome !== 'ok') expectAnswer(outcome, 'ok', `the outcome of get ${index}`);
    if (!(value instanceof Uint8Array)) throw new Error(`Wrong answer: get ${index} gave no bytes`);
    if (value.length !== bytes) expectAnswer(value.length, bytes, `the length of value ${index}`);
    if (value[0] !== valueOf(index)[0]) expectAnswer(value[0], valueOf(index)[0], `the first byte of value ${index}`);
  };
}

/** Puts all keys. */
export async function fillKeys(store: Answers, shape: Shape): Promise<void> {
  const put = operationOf(store, 'put', shape);
  let index = 0;
  const lane = async (): Promise<void> => {
    while (index < shape.keys) await put(index++);
  };
  await Promise.all(Array.from({ length: depthFor(shape.bytes, FILLING) }, lane));
}

/** How many values of such a length may be pending: at most `most`, and 16 MiB together. */
export function depthFor(bytes: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(FILLING_BYTES / bytes)));
}

function keyOf(index: number, keys: number): string {
  return `key-${index % keys}`;
}
