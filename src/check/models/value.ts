// Values of histories are compared by what they hold: a list that was read is another object than the one written.
import type { Operation } from '../history.ts';
import { ANY } from '../model.ts';

/** A primitive that is equal for equal plain values, and only for those. */
export type Identity = string | number | boolean | null | undefined;

const MARK = '\u0000'; // Begins what stands for something else than a string.

/** The value itself where it is a primitive, else a text that stands for it: objects in any order of their keys. */
export function identityOf(value: unknown): Identity {
  if (typeof value === 'string') return value.startsWith(MARK) ? MARK + value : value;
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') return value;
  return `${MARK}${textOf(value)}`; // No text begins with a mark, so no string above is mistaken for it.
}

/** Whether two plain values hold the same. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' && typeof b !== 'object') return a !== a && b !== b; // NaN is NaN to a reader.
  return identityOf(a) === identityOf(b);
}

/** Whether the operation may have returned `answer`: it did, or its output is not known. */
export function mayReturn(operation: Operation, answer: unknown): boolean {
  return isOutputUnknown(operation) || isSame(operation.output, answer);
}

/** Whether the operation may have returned anything: it is open, or nobody noted its output. */
export function isOutputUnknown(operation: Operation): boolean {
  return operation.end === Infinity || operation.output === ANY;
}

/** A value for people, and one text for equal values. */
export function textOf(value: unknown): string {
  if (value === ANY) return '?';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? `${value}n` : String(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`;
  if (value instanceof Set) return `#{${[...value].map(textOf).sort().join(' ')}}`;
  const entries: readonly (readonly [unknown, unknown])[] = value instanceof Map ? [...value] : Object.entries(value);
  const fields = entries.map(([key, held]) => `${textOf(key)} ${textOf(held)}`);
  return `${value instanceof Map ? 'Map' : ''}{${fields.sort().join(', ')}}`;
}

/** `call input -> output` for people; an open operation returned nothing. */
export function describeCall(operation: Operation): string {
  const input = operation.input === undefined ? '' : ` ${textOf(operation.input)}`;
  if (operation.end === Infinity) return `${operation.call}${input} -> never returned`;
  return `${operation.call}${input}${operation.output === undefined ? '' : ` -> ${textOf(operation.output)}`}`;
}

/** The operation for people where its output says nothing, such as `write 3`. */
export function describeChange(operation: Operation): string {
  const { output, ...rest } = operation;
  const says = typeof output === 'boolean' || typeof output === 'number';
  return describeCall({ ...rest, output: says ? output : undefined });
}
