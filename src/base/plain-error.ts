// Errors keep what programs and people look at: class (of the built-in ones), name, message, code, cause, stack and own
// properties. A structured clone loses the name of a subclass, its code and its properties.
import { QuorateError } from './errors.ts';

type ErrorClass = new (message?: string) => Error;

const CLASSES: ReadonlyMap<string, ErrorClass> = new Map<string, ErrorClass>([
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
]);

/** Name of the nearest class that exists in every thread. */
export function errorClassOf(error: Error): string {
  if (error instanceof QuorateError) return 'QuorateError';
  if (error instanceof AggregateError) return 'AggregateError';
  for (const [name, type] of CLASSES) if (error instanceof type) return name;
  return 'Error';
}

/** What an error consists of on its way. */
export interface ErrorParts {
  readonly className: string;
  readonly name: unknown;
  readonly message: unknown;
  readonly stack: unknown;
  readonly cause: { readonly value: unknown } | undefined;
  readonly properties: readonly (readonly [string, unknown])[];
}

/** The error that these parts describe; its stack is the one of where it was made. */
export function errorOf({ className, name, message, stack, cause, properties }: ErrorParts): Error {
  const error = emptyError(className);
  define(error, 'message', message);
  define(error, 'stack', stack);
  if (error.name !== name) define(error, 'name', name);
  if (cause !== undefined) define(error, 'cause', cause.value);
  for (const [key, value] of properties) {
    if (key === 'errors') define(error, key, value);
    else Object.assign(error, { [key]: value });
  }
  return error;
}

function emptyError(className: string): Error {
  if (className === 'QuorateError') return new QuorateError('ERR_QUORATE_FRAME', '');
  if (className === 'AggregateError') return new AggregateError([]);
  return new (CLASSES.get(className) ?? Error)();
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}
