// Where a value comes from, when a change made it: its version, and the changes that went into it. It travels with the
// value and is replaced with it; a blind write leaves none. Who tries a change again looks for it here, so that it
// happens once.
//
//     0..1      2..3        4..5  6..7     8       9..10 11..12   13
//   [ VERSION | FORGOTTEN | ID    BALLOT   OWNER | ID    BALLOT   OWNER | .. ]   newest change last, up to CHANGES_MAX
//
// VERSION is the ballot under which the value was proposed: it stays when the value is accepted again. ID is the first
// tag of a change, BALLOT the one under which it was applied, OWNER the client that asked for it. A client has one
// change of a key under way, so that it drops those of its own that are decided: a lineage is about as long as there
// are clients that change the key. FORGOTTEN is the highest id that had to make room otherwise: of a change up to it,
// nobody can say any more whether it is among them.
//
// Source: the client table of Viewstamped Replication (Liskov, Cowling, "Viewstamped Replication Revisited", 2012,
// section 4), bounded; DESIGN section 4, "Retry of a read-modify-write", rule A.
import { compareBallots, copyBallot } from './ballot.ts';
import type { Ballot, MutableBallot } from './ballot.ts';
import type { Rules } from './rules.ts';

/** Changes that a lineage remembers. */
export const CHANGES_MAX = 16;

const VERSION = 0;
const FORGOTTEN = 2;
const CHANGES = 4;
const CHANGE_WORDS = 5;

/** Words of the longest lineage. */
export const LINEAGE_WORDS_MAX: number = CHANGES + CHANGES_MAX * CHANGE_WORDS;

/** A lineage, or none: the first `length` of `words` count. */
export interface Lineage {
  words: Int32Array;
  /** 0 for the value of a blind write and for an empty register. */
  length: number;
}

/** No lineage yet, with room for the longest. */
export function emptyLineage(): Lineage {
  return { words: new Int32Array(LINEAGE_WORDS_MAX), length: 0 };
}

/** Overwrites `target`. */
export function copyLineage(source: Lineage, target: Lineage): void {
  copyWords(source.words, 0, target.words, 0, source.length);
  target.length = source.length;
}

/** Copies the version of a value into `target`: that of its lineage, else its root, a blind write's own tag. */
export function readVersion({ words, length }: Lineage, root: Ballot, target: MutableBallot): void {
  if (length === 0) return copyBallot(target, root);
  readAt(words, VERSION, target);
}

/**
 * Looks for a change. @returns whether the lineage names it; `ballot` is then the one under which it was applied.
 */
export function findChange({ words, length }: Lineage, id: Ballot, ballot: MutableBallot): boolean {
  for (let at = CHANGES; at < length; at += CHANGE_WORDS) {
    if (words[at] !== id.high || words[at + 1] !== id.low) continue;
    readAt(words, at + 2, ballot);
    return true;
  }
  return false;
}

/** Whether a change that the lineage does not name may have been in it. */
export function mayHaveForgotten({ words, length }: Lineage, id: Ballot): boolean {
  if (length === 0) return false;
  readAt(words, FORGOTTEN, scratch);
  return compareBallots(scratch, id) >= 0;
}

/** A change as a lineage names it. */
export interface LineageChange {
  readonly id: Ballot;
  /** The ballot under which it is proposed. */
  readonly ballot: Ballot;
  /** The client that asks for it. */
  readonly owner: number;
  /** Whether another change of that client may be tried again. */
  isUndecided(id: Ballot): boolean;
}

/**
 * Makes `target` the lineage of a value that `change` made of a value with lineage `base`. Where there is no room the
 * oldest change is dropped.
 */
export function extendLineage(base: Lineage, change: LineageChange, target: Lineage, rules: Rules): void {
  const { words } = target;
  writeAt(words, VERSION, change.ballot);
  if (base.length === 0) words[FORGOTTEN] = words[FORGOTTEN + 1] = 0;
  else copyWords(base.words, FORGOTTEN, words, FORGOTTEN, 2);
  let end = CHANGES;
  for (let at = CHANGES; at < base.length; at += CHANGE_WORDS) {
    readAt(base.words, at, scratch);
    if (base.words[at + 4] === change.owner && !(rules.keepsUndecided && change.isUndecided(scratch))) continue;
    copyWords(base.words, at, words, end, CHANGE_WORDS);
    end += CHANGE_WORDS;
  }
  target.length = end;
  if (end === LINEAGE_WORDS_MAX) dropOldest(target, rules);
  writeAt(words, target.length, change.id);
  writeAt(words, target.length + 2, change.ballot);
  words[target.length + 4] = change.owner;
  target.length += CHANGE_WORDS;
}

const scratch: MutableBallot = { high: 0, low: 0 };
const other: MutableBallot = { high: 0, low: 0 };

function dropOldest(lineage: Lineage, rules: Rules): void {
  const { words, length } = lineage;
  let oldest = CHANGES;
  readAt(words, oldest, scratch);
  for (let at = CHANGES + CHANGE_WORDS; at < length; at += CHANGE_WORDS) {
    readAt(words, at, other);
    if (compareBallots(other, scratch) >= 0) continue;
    oldest = at;
    copyBallot(scratch, other);
  }
  words.copyWithin(oldest, oldest + CHANGE_WORDS, length);
  lineage.length -= CHANGE_WORDS;
  readAt(words, FORGOTTEN, other);
  if (rules.notesForgotten && compareBallots(scratch, other) > 0) writeAt(words, FORGOTTEN, scratch);
}

function readAt(words: Int32Array, at: number, target: MutableBallot): void {
  target.high = words[at]!;
  target.low = words[at + 1]!;
}

function writeAt(words: Int32Array, at: number, ballot: Ballot): void {
  words[at] = ballot.high;
  words[at + 1] = ballot.low;
}

function copyWords(from: Int32Array, start: number, to: Int32Array, end: number, count: number): void {
  for (let index = 0; index < count; index++) to[end + index] = from[start + index]!;
}
