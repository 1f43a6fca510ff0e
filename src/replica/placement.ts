// Which threads hold a key, its homes: N of the T members, chosen by the key's hash alone, so that every client and
// every replica comes to the same. Keys are placed by ranges of their hash, which are the leaves of the digests by
// which replicas are compared: all keys of a leaf have the same homes, and 4096 ranges spread evenly over 15 threads.
//
// Each range ranks the threads by a hash of both, and the N that rank highest are its homes. So a thread more, or one
// fewer, moves only the ranges that it gets, or had. Source: Thaler and Ravishankar, "Using Name-Based Mappings to
// Increase Hit Rates" (1998), section 3.
import { lowestBits, popcount } from '../base/bits.ts';
import { DIGEST_LEAVES, REPLICAS_MAX } from '../base/limits.ts';
import type { Rules } from '../protocol/rules.ts';
import { RULES } from '../protocol/rules.ts';

const RANGE_BITS = Math.log2(DIGEST_LEAVES);

/** The placement among one group of members. Homes are masks of threads. */
export class Placement {
  /** All members. */
  readonly all: number;
  /** Whether every thread holds every key: T = N. */
  readonly isWhole: boolean;
  /** Threads that a key is not held by, T - N. */
  readonly spare: number;
  readonly #threads: number;
  /** Homes by range; empty where every thread holds every key. */
  readonly #homes: Readonly<Uint16Array>;

  /** `members` is a mask, and `replicas` how many of them hold each key. */
  constructor({ members, replicas }: { readonly members: number; readonly replicas: number }, rules: Rules = RULES) {
    this.all = members;
    this.#threads = popcount(members);
    this.spare = this.#threads - replicas;
    this.isWhole = this.spare === 0;
    // A test may have one thread hold two copies.
    const distinct = rules.placesApart ? replicas : replicas - 1;
    this.#homes = this.isWhole ? NO_HOMES : homesAmong(members, distinct);
  }

  /** The placement among all of the first `threads` threads. */
  static ofAll(
    { threads, replicas }: { readonly threads: number; readonly replicas: number },
    rules: Rules = RULES,
  ): Placement {
    return new Placement({ members: lowestBits(threads), replicas }, rules);
  }

  /** The N threads that hold the keys of this hash. */
  homesOf(hash: number): number {
    return this.isWhole ? this.all : this.#homes[hash & (DIGEST_LEAVES - 1)]!;
  }

  /** The thread at which looking for whom to read from begins: else the lowest homes would serve all reads. */
  firstOf(hash: number): number {
    return this.isWhole ? 0 : (hash >>> RANGE_BITS) % this.#threads;
  }
}

/** By members and copies: what was computed last. A thread has few of them, a simulation many that are alike. */
const known = new Map<number, Readonly<Uint16Array>>();
const KNOWN_MAX = 64;
const NO_HOMES = new Uint16Array(0);

function homesAmong(members: number, count: number): Readonly<Uint16Array> {
  const name = members * (REPLICAS_MAX + 1) + count;
  const before = known.get(name);
  if (before !== undefined) return before;
  const homes = Uint16Array.from({ length: DIGEST_LEAVES }, (_, range) => highest(range, members, count));
  if (known.size === KNOWN_MAX) known.clear();
  known.set(name, homes);
  return homes;
}

/** The `count` members whose hash with the range is highest, as a mask. */
function highest(range: number, members: number, count: number): number {
  let chosen = 0;
  for (let left = count; left > 0; left--) {
    let best = -1;
    let bestRank = -1;
    for (let thread = 0; members >>> thread !== 0; thread++) {
      if ((((members & ~chosen) >>> thread) & 1) === 0) continue;
      const rank = mixed(range, thread);
      if (rank <= bestRank) continue;
      best = thread;
      bestRank = rank;
    }
    chosen |= 1 << best;
  }
  return chosen;
}

/** A hash of both, from 0 to 2^32 - 1. Source: the finalizer of MurmurHash3, 32 bits, by Austin Appleby. */
function mixed(range: number, thread: number): number {
  let hash = Math.imul(range + 1, 0x9e37_79b1) ^ Math.imul(thread + 1, 0x85eb_ca77);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
