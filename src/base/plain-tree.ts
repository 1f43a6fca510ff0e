// What a sender hands to the library codec: a private copy of the value, made of nothing but null, undefined, booleans,
// numbers, well-formed strings, 64-bit BigInts, arrays, plain objects and escapes. Making the copy is also the check:
// whatever cannot cross is refused here, with its path, before anything leaves.
//
// Why a copy: the library would call getters at moments of its own, drop prototypes, symbols and error classes
// silently, turn -0 into 0 and lone surrogates into U+FFFD, and overflow the stack on a cycle. The copy costs about as
// much as packing (docs/decisions/codec.md has the figures).
//
// An escape is an array that starts with null: [null, TAG, ...]. A real array that starts with null is escaped itself.
import { types } from 'node:util';
import { codecOfInstance } from './class-codec.ts';
import { QuorateError, rangeError } from './errors.ts';
import { PLAIN_DEPTH_MAX, VALUE_BYTES_MAX } from './limits.ts';
import { errorClassOf } from './plain-error.ts';

/** What an escape stands for. The numbers are the wire format: add, never change. */
export const TAG = {
  ARRAY: 0, // ...items: an array that starts with null
  HOLE: 1,
  NEGATIVE_ZERO: 2,
  BIG_INTEGER: 3, // its digits, hexadecimal, after a sign
  DATE: 4, // milliseconds, NaN when invalid
  CODE_UNITS: 5, // bytes of a string that is not well-formed: UTF-16, little-endian
  BYTES: 6, // a Uint8Array
  VIEW: 7, // name of the class, bytes
  BUFFER: 8, // an ArrayBuffer
  MAP: 9, // key, value, key, value, ...
  SET: 10, // ...members
  ERROR: 11, // class, name, message, stack, whether it has a cause, cause, [key, value, ...] of other properties
  BARE_OBJECT: 12, // key, value, ...: a null prototype
  KEYED_OBJECT: 13, // key, value, ...: a key that is not a well-formed string
  INSTANCE: 14, // name of the class codec, plain data
} as const;

/** Keys that reach a prototype when somebody merges the value carelessly. */
const KEYS_REFUSED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const ERROR_KEYS: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause']);
const PATH_CHARACTERS_MAX = 200;
/** What any part counts for, so that few objects which stand for many cannot keep the sender busy for seconds. */
const PART_BYTES = 8;

/** The copy, and whether any escape is in it. */
export interface PlainTree {
  readonly tree: unknown;
  readonly isEscaped: boolean;
}

/**
 * Copies a value for sending; every getter is called once for each place where its object occurs. References to one
 * object from several places become several copies. Non-enumerable properties do not travel, nor do those that an
 * array has beside its items.
 *
 * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE` with `fields.path` when some part cannot cross.
 * @throws {RangeError} `ERR_QUORATE_VALUE_TOO_LARGE` when strings, bytes and 8 for each part exceed VALUE_BYTES_MAX.
 */
export function toPlainTree(value: unknown): PlainTree {
  const copier = new Copier();
  const tree = copier.copyRoot(value);
  return { tree, isEscaped: copier.isEscaped };
}

class Copier {
  isEscaped = false;
  /** Bytes that the rest may take; what a part counts for is subtracted before it is looked into. */
  #budget = VALUE_BYTES_MAX;
  /** Objects around the present one: a cycle shows before a second getter call. */
  readonly #ancestors: object[] = [];
  /** The key looked at in each ancestor, for the path of a refusal. */
  readonly #keys: (string | number)[] = [];
  #refusal: Error | undefined;

  copyRoot(value: unknown): unknown {
    try {
      return this.#copy(value);
    } catch (error) {
      if (error === this.#refusal) throw error;
      throw this.#refuse('something that throws when it is read', error);
    }
  }

  #copy(value: unknown): unknown {
    this.#spend(PART_BYTES);
    switch (typeof value) {
      case 'string':
        return this.#copyString(value);
      case 'number':
        return value === 0 && Object.is(value, -0) ? this.#escape(TAG.NEGATIVE_ZERO) : value;
      case 'boolean':
      case 'undefined':
        return value;
      case 'bigint':
        return BigInt.asIntN(64, value) === value ? value : this.#escape(TAG.BIG_INTEGER, this.#digitsOf(value));
      case 'object':
        return value === null ? null : this.#copyObject(value);
      case 'function':
      case 'symbol':
      default:
        throw this.#refuse(`a ${typeof value}`);
    }
  }

  #copyString(value: string): unknown {
    this.#spend(value.length);
    return value.isWellFormed() ? value : this.#escape(TAG.CODE_UNITS, Buffer.from(value, 'utf16le'));
  }

  #digitsOf(value: bigint): string {
    const digits = value.toString(16);
    this.#spend(digits.length);
    return digits;
  }

  #copyObject(value: object): unknown {
    if (types.isProxy(value)) throw this.#refuse('a Proxy');
    for (const ancestor of this.#ancestors) {
      if (ancestor === value) throw this.#refuse('a cycle');
    }
    if (this.#ancestors.length === PLAIN_DEPTH_MAX) throw this.#refuse(`nesting deeper than ${PLAIN_DEPTH_MAX}`);
    this.#ancestors.push(value);
    const copy = this.#copyEntered(value);
    this.#ancestors.pop();
    return copy;
  }

  #copyEntered(value: object): unknown {
    if (isPlainObject(value)) return this.#copyPlainObject(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (Array.isArray(value) && prototype === Array.prototype) return this.#copyArray(value);
    if (prototype === null) return this.#copyEntries(value, TAG.BARE_OBJECT);
    const codec = codecOfInstance(value);
    if (codec !== undefined) return this.#escape(TAG.INSTANCE, codec.name, this.#copy(codec.encode(value)));
    if (ArrayBuffer.isView(value)) return this.#copyView(value);
    if (value instanceof Date && prototype === Date.prototype) return this.#escape(TAG.DATE, value.getTime());
    if (value instanceof Map && prototype === Map.prototype) return this.#copyMap(value);
    if (value instanceof Set && prototype === Set.prototype)
      return this.#appendItems([...value], this.#escape(TAG.SET));
    if (value instanceof Error) return this.#copyError(value);
    if (value instanceof ArrayBuffer) return this.#escape(TAG.BUFFER, this.#bytesOf(value));
    throw this.#refuse(describeObject(value));
  }

  #copyPlainObject(source: PlainObject): unknown {
    this.#refuseSymbolKeys(source);
    const copy: Record<string, unknown> = {};
    const depth = this.#ancestors.length - 1;
    const keys = Object.keys(source);
    // A key that needs an escape shows before any getter is called.
    for (const key of keys) if (!this.#checkKey(key)) return this.#copyEntries(source, TAG.KEYED_OBJECT);
    for (const key of keys) {
      this.#keys[depth] = key;
      copy[key] = this.#copy(source[key]);
    }
    return copy;
  }

  #copyEntries(source: object, tag: number): unknown[] {
    this.#refuseSymbolKeys(source);
    const depth = this.#ancestors.length - 1;
    const flat = this.#escape(tag);
    for (const key of Object.keys(source)) {
      this.#checkKey(key);
      this.#keys[depth] = key;
      flat.push(this.#copyString(key), this.#copy(Reflect.get(source, key)));
    }
    return flat;
  }

  /** @returns `false` for a key that the library would not keep. */
  #checkKey(key: string): boolean {
    this.#spend(key.length);
    if (!KEYS_REFUSED.has(key)) return key.isWellFormed();
    this.#keys[this.#ancestors.length - 1] = key;
    throw this.#refuse('a key that names a prototype');
  }

  #copyArray(source: readonly unknown[]): unknown[] {
    const copy = this.#appendItems(source, []);
    if (copy[0] !== null) return copy;
    this.isEscaped = true;
    copy.unshift(null, TAG.ARRAY);
    return copy;
  }

  #copyMap(map: ReadonlyMap<unknown, unknown>): unknown[] {
    const flat: unknown[] = [];
    for (const [key, value] of map) flat.push(key, value);
    return this.#appendItems(flat, this.#escape(TAG.MAP));
  }

  #appendItems(source: readonly unknown[], copy: unknown[]): unknown[] {
    this.#spend(source.length); // First of all: a sparse array may claim billions of items.
    const depth = this.#ancestors.length - 1;
    for (let index = 0; index < source.length; index++) {
      this.#keys[depth] = index;
      const item = source[index];
      copy.push(item === undefined && !(index in source) ? this.#escape(TAG.HOLE) : this.#copy(item));
    }
    return copy;
  }

  #copyView(view: ArrayBufferView): unknown {
    this.#requireInBounds(view);
    const bytes = this.#bytesOf(view.buffer, view.byteOffset, view.byteLength);
    const name: unknown = types.isDataView(view) ? 'DataView' : Reflect.get(view, Symbol.toStringTag);
    return name === 'Uint8Array' ? this.#escape(TAG.BYTES, bytes) : this.#escape(TAG.VIEW, name, bytes);
  }

  /** A view of what is gone, detached or cut off, is empty: that must not stand for lost data. */
  #requireInBounds(view: ArrayBufferView): void {
    try {
      if (types.isDataView(view)) void view.byteLength;
      // oxlint-disable-next-line typescript/unbound-method -- it is of all typed arrays
      else Reflect.apply(Uint8Array.prototype.at, view, [0]);
    } catch (error) {
      throw this.#refuse('a detached buffer', error);
    }
  }

  #bytesOf(buffer: ArrayBufferLike, start = 0, length = buffer.byteLength): Uint8Array {
    this.#spend(length);
    try {
      return new Uint8Array(buffer, start, length);
    } catch (error) {
      throw this.#refuse('a detached buffer', error);
    }
  }

  /** An error always crosses: a member of it that cannot is replaced by a text that says so. */
  #copyError(error: Error): unknown {
    const others: unknown[] = [];
    for (const key of errorKeys(error)) {
      others.push(this.#copyString(key), this.#copyMember(error, key));
    }
    const [name, message, stack] = ['name', 'message', 'stack'].map((key) => this.#copyMember(error, key));
    const hasCause = 'cause' in error;
    const cause = hasCause ? this.#copyMember(error, 'cause') : undefined;
    return this.#escape(TAG.ERROR, errorClassOf(error), name, message, stack, hasCause, cause, others);
  }

  #copyMember(error: Error, key: string): unknown {
    const depth = this.#ancestors.length;
    this.#keys[depth - 1] = key;
    try {
      return this.#copy(Reflect.get(error, key));
    } catch (failure) {
      if (this.#budget < 0) throw failure; // The error is too large as a whole: no part of it can be spared.
      this.#ancestors.length = depth;
      return `[${failure instanceof QuorateError ? failure.message : 'Cannot read it: it throws'}]`;
    }
  }

  #refuseSymbolKeys(value: object): void {
    if (Object.getOwnPropertySymbols(value).length !== 0) throw this.#refuse('an object with symbol keys');
  }

  #escape(tag: number, ...parts: readonly unknown[]): unknown[] {
    this.isEscaped = true;
    return [null, tag, ...parts];
  }

  #spend(bytes: number): void {
    this.#budget -= bytes;
    if (this.#budget >= 0) return;
    const message = `Cannot send a value of more than ${VALUE_BYTES_MAX} bytes`;
    this.#refusal = rangeError('ERR_QUORATE_VALUE_TOO_LARGE', message);
    throw this.#refusal;
  }

  #refuse(what: string, cause?: unknown): Error {
    const path = pathOf(this.#keys.slice(0, this.#ancestors.length));
    this.#refusal = new QuorateError('ERR_QUORATE_UNSENDABLE', `Cannot send ${what} at ${path}`, {
      cause,
      fields: { path, what },
    });
    return this.#refusal;
  }
}

type PlainObject = Readonly<Record<string, unknown>>;

function isPlainObject(value: object): value is PlainObject {
  return Object.getPrototypeOf(value) === Object.prototype;
}

function errorKeys(error: Error): readonly string[] {
  const keys = Object.keys(error).filter((key) => !ERROR_KEYS.has(key) && !KEYS_REFUSED.has(key));
  return Object.hasOwn(error, 'errors') && !keys.includes('errors') ? [...keys, 'errors'] : keys;
}

function pathOf(keys: readonly (string | number)[]): string {
  let path = 'value';
  for (const key of keys) path += typeof key === 'number' ? `[${key}]` : `.${key}`;
  return path.length <= PATH_CHARACTERS_MAX ? path : `${path.slice(0, PATH_CHARACTERS_MAX)}...`;
}

function describeObject(value: object): string {
  if (types.isPromise(value)) return 'a Promise';
  const constructor: unknown = Reflect.get(value, 'constructor');
  const name = typeof constructor === 'function' ? constructor.name : '';
  return `an instance of ${name === '' ? 'an unnamed class' : name} (register a class codec for it)`;
}
