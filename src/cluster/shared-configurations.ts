// The configuration in force, in shared memory: its number, and two records that are written in turn, each the length
// of a JSON text and the text. The supervisor writes the record that is not in force, and then the number. Who reads it
// looks at the number, the record and the number again: while that stays the same, so does the record.
import { assert } from '../base/assert.ts';
import { rangeError } from '../base/errors.ts';
import { QUORUM_TEXT_BYTES_MAX } from '../base/limits.ts';
import type { Configuration } from '../quorum/configuration.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { Configurations } from '../replica/live-quorums.ts';
import type { SharedMemory } from '../ring/memory.ts';

/** Words of one record: 32 KiB, for two memberships with their systems of quorums. See {@link requireShareable}. */
const RECORD_WORDS = 8192;
/** Words of both. */
export const CONFIGURATION_RECORDS_WORDS: number = 2 * RECORD_WORDS;

/** Where the configurations lie, in words. */
export interface ConfigurationLayout {
  readonly number: number;
  readonly records: number;
}

/**
 * Whether quorums fit the shared memory of a cluster, beside those that follow on them.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where they do not.
 */
export function requireShareable(quorums: RegisterQuorums): RegisterQuorums {
  const length = quorums.systems === undefined ? 0 : JSON.stringify(quorums.systems).length;
  if (length <= QUORUM_TEXT_BYTES_MAX) return quorums;
  throw rangeError(
    'ERR_QUORATE_INVALID_ARGUMENT',
    `Cannot use a quorum of ${length} characters as JSON, read, write and prepare together: ` +
      `it must have at most ${QUORUM_TEXT_BYTES_MAX}`,
  );
}

/** The configurations of one cluster. Reading: any thread. */
export class SharedConfigurations implements Configurations {
  readonly #memory: SharedMemory;
  readonly #layout: ConfigurationLayout;

  constructor(memory: SharedMemory, layout: ConfigurationLayout) {
    this.#memory = memory;
    this.#layout = layout;
  }

  number(): number {
    return this.#memory.atomics.load(this.#memory.words, this.#layout.number);
  }

  read(): Configuration {
    for (;;) {
      const number = this.number();
      const text = this.#textAt(this.#recordOf(number));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `publish` writes there
      if (this.number() === number) return JSON.parse(text) as Configuration;
    }
  }

  /** Puts a configuration in force, whose number follows that of the one before. The supervisor's thread only. */
  publish(configuration: Configuration): void {
    const { words, atomics } = this.#memory;
    const bytes = new TextEncoder().encode(JSON.stringify(configuration));
    assert(bytes.length <= 4 * (RECORD_WORDS - 1), 'A configuration fits its record');
    const record = this.#recordOf(configuration.number);
    const copy = new Int32Array((bytes.length + 3) >> 2);
    new Uint8Array(copy.buffer).set(bytes);
    atomics.store(words, record, bytes.length);
    copy.forEach((word, index) => atomics.store(words, record + 1 + index, word));
    atomics.store(words, this.#layout.number, configuration.number);
  }

  #recordOf(number: number): number {
    return this.#layout.records + (number & 1) * RECORD_WORDS;
  }

  #textAt(record: number): string {
    const { words, atomics } = this.#memory;
    // It may be written right now, and is read again then. Word by word by atomic loads: no other load comes after the
    // look at the number that follows, on any machine.
    const length = Math.min(atomics.load(words, record), 4 * (RECORD_WORDS - 1));
    const copy = new Int32Array((length + 3) >> 2); // Of its own: a decoder takes no shared memory.
    for (let index = 0; index < copy.length; index++) copy[index] = atomics.load(words, record + 1 + index);
    return new TextDecoder().decode(new Uint8Array(copy.buffer, 0, length));
  }
}
