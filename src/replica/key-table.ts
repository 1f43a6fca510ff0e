// The registers of one replica, by key. Keys are looked up by the hash that the frame carries and compared word by
// word in place, so that a lookup allocates nothing. The table is 256 maps and many short lists, because a single
// growing structure would allocate at a size that a heap limit does not contain.
import { assert } from '../base/assert.ts';
import { DIGEST_LEAVES, KEY_ORDER_STEP_ENTRIES, KEY_TABLE_SHARDS } from '../base/limits.ts';
import { emptyRegister } from '../protocol/register.ts';
import type { Register } from '../protocol/register.ts';
import type { LargeLane, LargeValue } from './environment.ts';
import type { Journal } from './journal.ts';
import { KeyOrder } from './key-order.ts';
import { BY_REFERENCE, NO_VALUE, padded, valueBytesInFrame } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** One key with its register and value. */
export interface Entry {
  readonly register: Register;
  readonly hash: number;
  readonly keyBytes: number;
  /** The key's bytes, padded with zeros. */
  readonly key: Int32Array;
  /** As in a frame: the length of `value`, NO_VALUE, or BY_REFERENCE when the value is `large`. */
  valueBytes: number;
  /** Invariant: holds at least `valueBytes`, padded; its words beyond are leftovers of longer values. */
  value: Int32Array;
  large: LargeValue | undefined;
  /** Lineage of the value; empty where a blind write made it. */
  lineage: Int32Array;
  /** Next entry whose hash is the same. */
  next: Entry | undefined;
  /** Its place in the order of the table. */
  readonly position: number;
}

/** Rough cost of an entry beyond its bytes: objects, map slot, list slot. Measured with a heap snapshot: 230 to 260. */
const ENTRY_OVERHEAD_BYTES = 256;

const LIST_LENGTH = 1024;
const NO_GAP = -1;
const NO_WORDS = new Int32Array(0);

/** All entries of a replica. An entry keeps its position, so that whoever goes through them by position misses none. */
export class KeyTable {
  readonly #shards: readonly Map<number, Entry>[] = Array.from({ length: KEY_TABLE_SHARDS }, () => new Map());
  /** All entries by position, in lists of LIST_LENGTH. In the place of one that was removed is the next such place. */
  readonly #lists: (Entry | number)[][] = [];
  /** The first place that a new entry takes, {@link NO_GAP} where there is none. */
  #gap = NO_GAP;
  /** By leaf of the tree of digests: whether its entries have changed since they were added up; see `DigestTree`. */
  #changedLeaves: Uint8Array | undefined;
  /** The entries in the order of their keys, once somebody has asked. */
  #order: KeyOrder<Entry> | undefined = undefined;
  /** Those before this position are in it, and, once it was complete, all. */
  #orderedTo = 0;
  #isOrdered = false;
  /** What was stored of late, once somebody watches. */
  journal: Journal<Entry> | undefined = undefined;
  /** Number of keys. */
  size = 0;
  /** Positions in use and gaps between them. */
  positions = 0;
  /** Bytes held: keys, values that are not shared, overhead. */
  bytes = 0;

  /** The entry of a key that lies in a frame; `undefined` when it was never touched. */
  find(hash: number, frame: FrameViews, keyStart: number, keyBytes: number): Entry | undefined {
    let entry = this.#shards[hash & (KEY_TABLE_SHARDS - 1)]!.get(hash);
    while (entry !== undefined && !isKey(entry, frame.words, keyStart >> 2, keyBytes)) entry = entry.next;
    return entry;
  }

  /** Adds the key of a frame, which is not in the table yet. */
  add(hash: number, frame: FrameViews, keyStart: number, keyBytes: number): Entry {
    const start = keyStart >> 2;
    const key = frame.words.slice(start, start + (padded(keyBytes) >> 2));
    const shard = this.#shards[hash & (KEY_TABLE_SHARDS - 1)]!;
    const entry: Entry = {
      register: emptyRegister(),
      hash,
      keyBytes,
      // A slice of shared memory is shared memory: the entry keeps bytes of its own.
      key: key.buffer instanceof SharedArrayBuffer ? Int32Array.from(key) : key,
      valueBytes: NO_VALUE,
      value: NO_WORDS,
      large: undefined,
      lineage: NO_WORDS,
      next: shard.get(hash),
      position: this.#takePosition(),
    };
    shard.set(hash, entry);
    this.#listOf(entry.position)[entry.position % LIST_LENGTH] = entry;
    this.size++;
    this.bytes += ENTRY_OVERHEAD_BYTES + keyBytes;
    this.#order?.add(entry);
    return entry;
  }

  /** The entry at a position, from 0 to `positions` - 1; `undefined` where one was removed. */
  at(position: number): Entry | undefined {
    const entry = this.#listOf(position)[position % LIST_LENGTH]!;
    return typeof entry === 'number' ? undefined : entry;
  }

  /** All entries, for whoever is in no hurry. */
  *entries(): IterableIterator<Entry> {
    for (let position = 0; position < this.positions; position++) {
      const entry = this.at(position);
      if (entry !== undefined) yield entry;
    }
  }

  /** Forgets an entry, which is in the table. Its position stays a gap until a new entry takes it. */
  remove(entry: Entry): void {
    this.#mark(entry);
    const { hash, position, next } = entry;
    const shard = this.#shards[hash & (KEY_TABLE_SHARDS - 1)]!;
    let before = shard.get(hash);
    assert(before !== undefined, 'Only what is in the table is removed');
    if (before !== entry) {
      while (before.next !== entry) {
        before = before.next;
        assert(before !== undefined, 'Only what is in the table is removed');
      }
      before.next = next;
    } else if (next === undefined) shard.delete(hash);
    else shard.set(hash, next);
    this.#order?.remove(entry);
    this.#listOf(position)[position % LIST_LENGTH] = this.#gap;
    this.#gap = position;
    this.size--;
    this.bytes -= ENTRY_OVERHEAD_BYTES + entry.keyBytes + ownBytes(entry) + 4 * entry.lineage.length;
    entry.large?.release();
  }

  #listOf(position: number): (Entry | number)[] {
    return this.#lists[Math.floor(position / LIST_LENGTH)]!;
  }

  #takePosition(): number {
    const gap = this.#gap;
    if (gap !== NO_GAP) {
      const next = this.#listOf(gap)[gap % LIST_LENGTH];
      assert(typeof next === 'number', 'Where an entry was removed is the next such place');
      this.#gap = next;
      return gap;
    }
    if (this.positions % LIST_LENGTH === 0) this.#lists.push([]);
    return this.positions++;
  }

  /** The entries of one sub-map, the first of each hash: follow `next`. */
  entriesIn(shard: number): Iterable<Entry> {
    return this.#shards[shard]!.values();
  }

  /** From here on marks the leaves whose entries change. @returns the marks, all set; their reader clears them. */
  markChanges(): Uint8Array {
    this.#changedLeaves ??= new Uint8Array(DIGEST_LEAVES);
    return this.#changedLeaves.fill(1);
  }

  #mark({ hash }: Entry): void {
    if (this.#changedLeaves !== undefined) this.#changedLeaves[hash & (DIGEST_LEAVES - 1)] = 1;
  }

  /**
   * The entries in the order of their keys, kept so from the first call on; `undefined` while there are entries left
   * that are not in it, of which each call puts some in order: nobody waits long for a million of them.
   */
  inOrder(): KeyOrder<Entry> | undefined {
    this.#order ??= new KeyOrder();
    if (this.#isOrdered) return this.#order;
    const end = Math.min(this.positions, this.#orderedTo + KEY_ORDER_STEP_ENTRIES);
    for (; this.#orderedTo < end; this.#orderedTo++) {
      const entry = this.at(this.#orderedTo);
      if (entry !== undefined) this.#order.add(entry);
    }
    this.#isOrdered = this.#orderedTo === this.positions;
    return this.#isOrdered ? this.#order : undefined;
  }

  /** Replaces the value by bytes of a frame; the old words are reused where they fit. */
  setValue(entry: Entry, frame: FrameViews, valueStart: number, valueBytes: number): void {
    this.#mark(entry);
    this.bytes -= ownBytes(entry);
    entry.large?.release();
    entry.large = undefined;
    entry.valueBytes = valueBytes;
    if (valueBytes > 0) {
      const count = (valueBytes + 3) >> 2;
      if (entry.value.length < count || entry.value.length > 2 * count + 16) entry.value = new Int32Array(count);
      const { value } = entry;
      const start = valueStart >> 2;
      if (count > 64) value.set(frame.words.subarray(start, start + count));
      else for (let index = 0; index < count; index++) value[index] = frame.words[start + index]!;
    } else {
      entry.value = NO_WORDS;
    }
    this.bytes += ownBytes(entry);
  }

  /** Replaces the lineage by words of a frame, which belong to the value that was just set. */
  setLineage(entry: Entry, words: Int32Array, start: number, count: number): void {
    if (entry.lineage.length !== count) {
      this.bytes += 4 * (count - entry.lineage.length);
      entry.lineage = count === 0 ? NO_WORDS : new Int32Array(count);
    }
    const { lineage } = entry;
    for (let index = 0; index < count; index++) lineage[index] = words[start + index]!;
  }

  /** Replaces the value by one that lies in shared memory; the entry holds it in the caller's place. */
  setLarge(entry: Entry, large: LargeValue): void {
    this.#mark(entry);
    this.bytes -= ownBytes(entry);
    entry.value = NO_WORDS;
    entry.valueBytes = BY_REFERENCE;
    entry.large?.release();
    entry.large = large;
    this.bytes += ownBytes(entry);
  }
}

/** Bytes that an entry's value and its lineage take in a frame. */
export function bytesInFrame({ valueBytes, lineage }: Entry): number {
  return lineage.length === 0
    ? valueBytesInFrame(valueBytes)
    : padded(valueBytesInFrame(valueBytes)) + 4 * lineage.length;
}

/** Writes an entry's value and its lineage into a claimed frame. */
export function writeValue(entry: Entry, to: FrameViews, start: number, large: LargeLane): void {
  const { lineage } = entry;
  const tail = (start + padded(valueBytesInFrame(entry.valueBytes))) >> 2;
  for (let index = 0; index < lineage.length; index++) to.words[tail + index] = lineage[index]!;
  if (entry.valueBytes === NO_VALUE) return;
  const at = start >> 2;
  if (entry.large !== undefined) {
    to.words[at] = large.send(entry.large);
    to.words[at + 1] = entry.large.byteLength;
    return;
  }
  const count = (entry.valueBytes + 3) >> 2;
  const { value } = entry;
  if (count > 64) to.words.set(value.subarray(0, count), at);
  else for (let index = 0; index < count; index++) to.words[at + index] = value[index]!;
}

function ownBytes(entry: Entry): number {
  // A large value is counted by each replica, although they share it: the bound is then on the safe side.
  return entry.large === undefined ? entry.value.length * 4 : entry.large.byteLength;
}

function isKey(entry: Entry, words: Int32Array, start: number, keyBytes: number): boolean {
  if (entry.keyBytes !== keyBytes) return false;
  const { key } = entry;
  for (let index = 0; index < key.length; index++) if (key[index] !== words[start + index]) return false;
  return true;
}
