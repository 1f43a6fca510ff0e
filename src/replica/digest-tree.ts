// What a replica holds, in few words, so that two replicas find out where they differ without naming what is the same:
// a tree of digests. Its leaves are ranges of the key's hash; a node covers the leaves whose keys lie in one map of the
// key table; the root covers all nodes. Source: Merkle, "A Digital Signature Based on a Conventional Encryption
// Function" (1987); anti-entropy as in Demers et al., "Epidemic Algorithms for Replicated Database Maintenance" (1987).
//
// The digest of a leaf is the sum of those of its entries, which does not depend on their order, and a node is the sum
// of its leaves. That is a sum, and no hash of hashes, because nobody forges keys here: two sets of entries have the
// same 64 bits by accident only. A write marks its leaf; what is marked is added up again when somebody asks.
import { DIGEST_LEAVES, DIGEST_NODES } from '../base/limits.ts';
import { isNone } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import type { Entry, KeyTable } from './key-table.ts';
import { NO_VALUE } from './wire.ts';

/** Leaves of one node. */
export const LEAVES_PER_NODE: number = DIGEST_LEAVES / DIGEST_NODES;

/** Two words, overwritten by whatever computes a digest. */
export const digest: { high: number; low: number } = { high: 0, low: 0 };

/** The digests of one replica's entries. */
export class DigestTree {
  readonly #table: KeyTable;
  readonly #rules: Rules;
  /** Two words a leaf. */
  readonly #digests = new Int32Array(2 * DIGEST_LEAVES);
  readonly #isChanged: Uint8Array;

  /** From here on, the table marks the leaves of what is written. */
  constructor(table: KeyTable, rules: Rules) {
    this.#table = table;
    this.#rules = rules;
    this.#isChanged = table.markChanges();
  }

  /**
   * Adds up what has changed in the nodes from `node` on, until at least `entriesMax` entries were looked at.
   *
   * @returns the first node that it has not come to.
   */
  refresh(node: number, entriesMax: number): number {
    let next = node;
    for (let entries = 0; next < DIGEST_NODES && entries < entriesMax; next++) entries += this.#refreshNode(next);
    return next;
  }

  /** Writes the digests of nodes: two words each. */
  writeNodes(from: number, to: number, words: Int32Array, at: number): void {
    for (let node = from; node < to; node++) {
      let high = 0;
      let low = 0;
      for (let leaf = node; leaf < DIGEST_LEAVES; leaf += DIGEST_NODES) {
        high = (high + this.#digests[2 * leaf]!) | 0;
        low = (low + this.#digests[2 * leaf + 1]!) | 0;
      }
      words[at + 2 * (node - from)] = high;
      words[at + 2 * (node - from) + 1] = low;
    }
  }

  /** Writes the digests of a node's leaves: two words each. */
  writeLeaves(node: number, words: Int32Array, at: number): void {
    for (let index = 0; index < LEAVES_PER_NODE; index++) {
      const leaf = leafOf(node, index);
      words[at + 2 * index] = this.#digests[2 * leaf]!;
      words[at + 2 * index + 1] = this.#digests[2 * leaf + 1]!;
    }
  }

  /** @returns how many entries were looked at. */
  #refreshNode(node: number): number {
    let hasChanged = false;
    for (let leaf = node; leaf < DIGEST_LEAVES; leaf += DIGEST_NODES) {
      if (this.#isChanged[leaf] === 0) continue;
      hasChanged = true;
      this.#isChanged[leaf] = 0;
    }
    if (!hasChanged) return 0;
    const sums = this.#digests;
    for (let leaf = node; leaf < DIGEST_LEAVES; leaf += DIGEST_NODES) sums[2 * leaf] = sums[2 * leaf + 1] = 0;
    let entries = 0;
    for (const first of this.#table.entriesIn(node)) {
      for (let entry: Entry | undefined = first; entry !== undefined; entry = entry.next) {
        entries++;
        if (!isDigested(entry, this.#rules)) continue;
        const leaf = entry.hash & (DIGEST_LEAVES - 1);
        digestEntry(entry);
        sums[2 * leaf]! += digest.high; // Whole words: the array wraps them.
        sums[2 * leaf + 1]! += digest.low;
      }
    }
    return entries;
  }
}

/** A leaf of a node, by its place from 0 to LEAVES_PER_NODE - 1. */
export function leafOf(node: number, index: number): number {
  return node + DIGEST_NODES * index;
}

/** Whether an entry counts: not where there is only a promise, which no replica need share with others. */
export function isDigested({ register, valueBytes }: Entry, { digestsTombstones }: Rules): boolean {
  return !isNone(register.accepted) && (valueBytes !== NO_VALUE || digestsTombstones);
}

/** The digest of key and ballot: the value follows from the ballot, which is never used for two. */
function digestEntry({ key, keyBytes, register: { accepted, root } }: Entry): void {
  begin(keyBytes);
  for (let index = 0; index < key.length; index++) add(key[index]!);
  add(accepted.high);
  add(accepted.low);
  add(root.high);
  add(root.low);
  end();
}

/**
 * The digest of an entry's value and lineage, into {@link digest}: of its bytes where they are the replica's own; of
 * its length where they lie once for all replicas.
 *
 * @returns how many bytes were looked at.
 */
export function digestValue({ valueBytes, value, large, lineage }: Entry): number {
  begin(large === undefined ? valueBytes : large.byteLength);
  const whole = large === undefined && valueBytes > 0 ? valueBytes >> 2 : 0;
  for (let index = 0; index < whole; index++) add(value[index]!);
  const restBytes = large === undefined && valueBytes > 0 ? valueBytes & 3 : 0;
  if (restBytes > 0) add(value[whole]! & (2 ** (8 * restBytes) - 1)); // Behind them is padding, which may be anything.
  for (let index = 0; index < lineage.length; index++) add(lineage[index]!);
  end();
  return 4 * (whole + 1 + lineage.length);
}

/** Two lanes of MurmurHash3's 32-bit mixing, with constants of their own. */
function begin(seed: number): void {
  digest.high = seed ^ 0x9e37_79b9;
  digest.low = seed ^ 0x7f4a_7c15;
}

function add(word: number): void {
  const high = Math.imul(digest.high ^ word, 0x85eb_ca6b);
  const low = Math.imul(digest.low ^ word, 0x27d4_eb2f);
  digest.high = (high << 13) | (high >>> 19);
  digest.low = (low << 17) | (low >>> 15);
}

function end(): void {
  digest.high = finished(digest.high);
  digest.low = finished(digest.low);
}

function finished(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
