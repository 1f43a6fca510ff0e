// Copies of values as they are now and as they will be read: their caller may alter them before they are written.
import { typeError } from '../base/errors.ts';
import { ValueEncoder, decodeValue } from '../base/value-codec.ts';
import type { Value } from './store.ts';

/** Copies values. One thread uses it. */
export class ValueCopies {
  readonly #encoder = new ValueEncoder();

  /**
   * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` for `undefined`, which is no value.
   * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE` or `_VALUE_TOO_LARGE`.
   */
  of(value: Value): Value {
    if (value === undefined) throw noValueError();
    const byteLength = this.#encoder.encode(value);
    return decodeValue(this.#encoder.bytes, 0, byteLength);
  }
}

/** The error of a write of `undefined`, which is no value: whoever means a delete says so. */
export function noValueError(): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', 'Cannot write undefined: it must be a value, or a delete');
}
