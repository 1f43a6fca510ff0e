// The changes of one client, by key. A line stays where it is from round to round: a map that entries leave and enter
// all the time links each table it has outgrown to the next one, and what lies in them survives every minor collection
// (increments of 64 keys took twice as long).
import type { Operation } from './operation.ts';
import type { PendingChange, Round } from './round.ts';

/** Keys at rest whose next ballot stays promised; of the others, one that was not used of late is forgotten first. */
export const PROMISES_MAX = 256;

/** One key: the round under way, those of unknown outcome that are to be tried again, and who waits for the next. */
export class ChangeLine {
  readonly key: string;
  running: Round | undefined = undefined;
  readonly again: Round[] = [];
  waiting: PendingChange[] = [];
  /** Changes that have not ended. */
  open = 0;
  /** Between rounds: an operation that holds a promise and the newest value of the key. */
  promised: Operation | undefined = undefined;
  /** Whether its promise was used since somebody last looked for one to forget. */
  wasUsed = false;
  /** Whether its client has written the key blindly since its round began. */
  isOverwritten = false;

  constructor(key: string) {
    this.key = key;
  }

  /** All changes of the key. */
  get changes(): PendingChange[] {
    const ofRounds = [...(this.running?.audience ?? []), ...this.again.flatMap(({ audience }) => audience)];
    return [...ofRounds, ...this.waiting];
  }
}

/** The lines of one client. */
export class ChangeLines {
  readonly #lines = new Map<string, ChangeLine>();
  /** Lines that have rested with a promise, in the order in which they are looked at when one is to be forgotten. */
  readonly #listed = new Set<ChangeLine>();
  readonly #release: (operation: Operation) => void;

  /** @param release takes back the operation of a promise that is forgotten. */
  constructor(release: (operation: Operation) => void) {
    this.#release = release;
  }

  get(key: string): ChangeLine | undefined {
    return this.#lines.get(key);
  }

  /** The line of a key, a new one where it has none. */
  of(key: string): ChangeLine {
    const present = this.#lines.get(key);
    if (present !== undefined) return present;
    const line = new ChangeLine(key);
    this.#lines.set(key, line);
    return line;
  }

  values(): Iterable<ChangeLine> {
    return this.#lines.values();
  }

  /** Nobody waits for the key any more: its line is kept for its promise, where it has one. */
  rest(line: ChangeLine): void {
    line.running = undefined;
    line.again.length = 0;
    line.waiting = [];
    if (line.promised === undefined) return this.#forget(line);
    this.#listed.add(line);
    if (this.#listed.size > PROMISES_MAX) this.#forgetOne();
  }

  /** Takes the promise of a key, for one user. */
  take(line: ChangeLine): Operation | undefined {
    const { promised } = line;
    line.promised = undefined;
    line.wasUsed = promised !== undefined;
    return promised;
  }

  /** Its client writes the key blindly: a promise of before, or of the round under way, would be older than that. */
  overwrite(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    if (line.running === undefined) this.#forget(line);
    else line.isOverwritten = true;
  }

  /** Forgets all lines. @returns what was in them. */
  clear(): readonly PendingChange[] {
    const lines = [...this.#lines.values()];
    const changes = lines.flatMap((line) => line.changes);
    for (const line of lines) this.#forget(line);
    return changes;
  }

  #forgetOne(): void {
    for (const line of this.#listed) {
      if (line.running === undefined && !line.wasUsed) return this.#forget(line);
      line.wasUsed = false; // A second chance, behind the others.
      this.#listed.delete(line);
      this.#listed.add(line);
    }
  }

  #forget(line: ChangeLine): void {
    this.#lines.delete(line.key);
    this.#listed.delete(line);
    const promised = this.take(line);
    if (promised !== undefined) this.#release(promised);
  }
}
