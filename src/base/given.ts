// What a caller gives as options and signal, checked where it would else fail far inside, under another name.
import { typeError } from './errors.ts';

/**
 * The options of a call, all of which may be left out: none where nothing or null was given.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it is no object.
 */
export function optionsOf<Options extends object>(given: Options | null | undefined): Options {
  if (typeof given === 'object' && given !== null) return given;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of them may be left out
  if (given === undefined || given === null) return {} as Options;
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use a ${typeof given} as options: they must be an object`);
}

/** @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it is no signal. */
export function requireSignal(signal: unknown): void {
  if (signal instanceof AbortSignal || isSignal(signal)) return;
  const given = signal === null ? 'null' : `a ${typeof signal}`;
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given} as signal: it must be an AbortSignal`);
}

/** One of another realm, or of a library. */
function isSignal(signal: unknown): boolean {
  if (typeof signal !== 'object' || signal === null) return false;
  const methods = ['throwIfAborted', 'addEventListener', 'removeEventListener'];
  return methods.every((method) => typeof Reflect.get(signal, method) === 'function');
}
