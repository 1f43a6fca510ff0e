// The types of messages that two threads understand, by number. Both build the same vocabulary from the same program.
import { integerOption } from '../base/errors.ts';
import { MESSAGE_TYPES_MAX } from '../base/limits.ts';
import type { Layout } from './body-layout.ts';

/** How bodies of one type travel: by a fixed layout, or as plain data of any shape. */
export type BodyCodec = 'plain' | Layout<unknown>;

/** Codecs by type. */
export type Vocabulary = readonly BodyCodec[];

/**
 * A vocabulary; the index of a codec is the number of its type.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when there is no type, or more than MESSAGE_TYPES_MAX.
 */
export function vocabulary(codecs: readonly BodyCodec[]): Vocabulary {
  integerOption('number of message types', codecs.length, { min: 1, max: MESSAGE_TYPES_MAX });
  return [...codecs];
}
