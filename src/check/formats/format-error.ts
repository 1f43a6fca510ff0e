// What every parser says of text that it cannot read.
import { QuorateError } from '../../base/errors.ts';

const SHOWN_CHARACTERS_MAX = 80;

/**
 * A history does not parse.
 *
 * @param line of the text, from 1.
 * @param found what stands there; a long one is cut.
 * @param expected what must stand there instead.
 * @returns `ERR_QUORATE_TRACE` with the fields `line`, `found` and `expected`.
 */
export function formatError(line: number, found: string, expected: string): QuorateError {
  const shown = found.length > SHOWN_CHARACTERS_MAX ? `${found.slice(0, SHOWN_CHARACTERS_MAX - 3)}...` : found;
  const message = `Cannot read line ${line} of the history: found ${shown}, expected ${expected}`;
  return new QuorateError('ERR_QUORATE_TRACE', message, { fields: { line, found: shown, expected } });
}
