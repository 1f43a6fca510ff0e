// What a replica has stored of late, in the order in which it did: a ring of entries, kept once somebody watches. A
// position is the number of entries stored before it in this incarnation.
import { JOURNAL_ENTRIES } from '../base/limits.ts';

/** The last entries that one incarnation has stored. */
export class Journal<Entry> {
  /** It grows to its size: the first JOURNAL_ENTRIES are added one behind the other. */
  readonly #entries: Entry[] = [];
  /** Entries noted since it began. */
  count = 0;

  /** An entry was stored. */
  note(entry: Entry): void {
    this.#entries[this.count++ & (JOURNAL_ENTRIES - 1)] = entry;
  }

  /** Whether everything from a position on is still there. */
  reaches(position: number): boolean {
    return position <= this.count && position >= this.count - JOURNAL_ENTRIES;
  }

  /** The entry at a position that it {@link reaches}, below `count`. */
  at(position: number): Entry {
    return this.#entries[position & (JOURNAL_ENTRIES - 1)]!;
  }
}
