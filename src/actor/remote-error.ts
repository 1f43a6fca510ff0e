// Errors that cross threads: the codec keeps class, name, message, code, cause, stack and own properties (see
// base/plain-error.ts); here the stack of where the answer was asked for joins the stack of where it was thrown.
import { decodePlain, encodePlain } from '../base/plain-codec.ts';

/** The line between the two stacks. */
export const ASKED_FROM = '    --- asked from:';

/** What was thrown, as bytes; where it cannot cross as it is, as an Error that says the same in words. */
export function encodeThrown(thrown: unknown): Uint8Array<ArrayBuffer> {
  try {
    return encodePlain(thrown);
  } catch {
    return encodePlain(inWords(thrown));
  }
}

/** What the bytes of {@link encodeThrown} say was thrown. */
export function decodeThrown(bytes: Uint8Array): unknown {
  return decodePlain(bytes);
}

/** An error that can always cross: name, message, code and stack of one that could not. */
export function inWords(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(`Something was thrown that cannot cross threads: ${textOf(thrown)}`);
  const error = new Error(thrown.message);
  error.name = thrown.name;
  if (thrown.stack !== undefined) error.stack = thrown.stack;
  return 'code' in thrown && typeof thrown.code === 'string' ? Object.assign(error, { code: thrown.code }) : error;
}

/**
 * Throws a remote failure with both stacks. It is meant as the handler of a promise that the asker awaits: V8 then
 * knows the asker's `await`s, so that the success path pays nothing for the stack.
 */
export function rethrowHere(thrown: unknown): never {
  if (thrown instanceof Error) {
    const here = new Error('asked').stack ?? '';
    const frames = here.split('\n').slice(2); // Without the message and this function.
    thrown.stack = [thrown.stack ?? String(thrown), ASKED_FROM, ...frames].join('\n');
  }
  throw thrown;
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}
