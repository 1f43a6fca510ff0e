// The entries of one leaf as several replicas list them, page by page in the order of their hashes, and where they
// differ. What one replica's page does not reach is left for the next page of all.
import { maskOf } from '../base/bits.ts';
import { compareBallots, isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import { LEAF_ANSWER, LEAF_ENTRY } from './digest-inquiries.ts';
import { readKey } from './key-bytes.ts';
import { padded, readBallot } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** What one replica holds of a key. */
interface Held {
  readonly replica: number;
  readonly accepted: Ballot;
  readonly root: Ballot;
  /** Digest of the value, as text; the same for all where values are not compared. */
  readonly value: string;
  readonly isDeleted: boolean;
}

/** A key at which replicas differ. */
export interface Difference {
  /** As replicas know it. */
  readonly key: string;
  /** Replicas that lack the newest entry, as a mask. */
  readonly behind: number;
  /** Where holders of the newest entry hold different bytes under one ballot: masks of those that hold the same. */
  readonly versions: readonly number[];
  /** Ballot of the newest entry. */
  readonly newest: Ballot;
}

/** Pages of one leaf. */
export class LeafPages {
  /** Keys of the pages that were compared. */
  keys = 0;
  /** Hash from which the present page goes; -1 once there is none left. */
  from = 0;
  #cut = -1;
  readonly #held = new Map<string, { readonly hash: number; readonly by: Held[] }>();

  /**
   * Takes in an answer to LEAF_ENTRIES.
   *
   * @returns how many of the page's first hash were listed, where the page goes on within it; 0 where it does not.
   */
  note(replica: number, { words, bytes }: FrameViews): number {
    let at: number = LEAF_ANSWER.WORDS;
    for (let count = words[LEAF_ANSWER.COUNT]!; count > 0; count--) {
      const keyBytes = words[at + LEAF_ENTRY.KEY_BYTES]!;
      const key = readKey({ words, bytes }, 4 * (at + LEAF_ENTRY.WORDS), keyBytes);
      const place = this.#placeOf(key, words[at + LEAF_ENTRY.HASH]!);
      const value = `${words[at + LEAF_ENTRY.VALUE]}:${words[at + LEAF_ENTRY.VALUE + 1]}`;
      const accepted = ballotAt(words, at + LEAF_ENTRY.ACCEPTED);
      const root = ballotAt(words, at + LEAF_ENTRY.ROOT);
      // Listed twice, where a key was added to the page meanwhile.
      if (!place.by.some((each) => each.replica === replica)) {
        const isDeleted = words[at + LEAF_ENTRY.IS_DELETED] === 1;
        place.by.push({ replica, accepted, root, value, isDeleted });
      }
      at += LEAF_ENTRY.WORDS + (padded(keyBytes) >> 2);
    }
    const next = words[LEAF_ANSWER.HASH]!;
    if (next === this.from && words[LEAF_ANSWER.SKIP]! > 0) return words[LEAF_ANSWER.SKIP]!;
    if (next >= 0) this.#cut = this.#cut < 0 ? next : Math.min(this.#cut, next);
    return 0;
  }

  /**
   * Where `replicas`, all of which have answered, differ in the present page; then begins the next one. `erased` is up
   * to where deletions may have been erased (protocol/erased.ts), looked at after the last answer.
   */
  compare(replicas: number, erased: Ballot): Difference[] {
    const differences: Difference[] = [];
    for (const [key, { hash, by }] of this.#held) {
      if (this.#cut >= 0 && hash >= this.#cut) continue;
      this.keys++;
      const difference = isErased(by, erased) ? undefined : differenceOf(key, by, replicas);
      if (difference !== undefined) differences.push(difference);
    }
    this.#held.clear();
    this.from = this.#cut;
    this.#cut = -1;
    return differences;
  }

  /** The page is asked for again. */
  restart(): void {
    this.#held.clear();
    this.#cut = -1;
  }

  #placeOf(key: string, hash: number): { readonly by: Held[] } {
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const place = { hash, by: [] };
    this.#held.set(key, place);
    return place;
  }
}

function differenceOf(key: string, by: readonly Held[], replicas: number): Difference | undefined {
  const newest = mutableBallot();
  for (const { accepted } of by) if (compareBallots(accepted, newest) > 0) Object.assign(newest, accepted);
  const holders = by.filter(({ accepted }) => compareBallots(accepted, newest) === 0);
  const versions = new Map<string, number>();
  for (const { replica, value, root } of holders) {
    const bytes = `${root.high}:${root.low}:${value}`;
    versions.set(bytes, (versions.get(bytes) ?? 0) | (1 << replica));
  }
  const holding = maskOf(holders.map(({ replica }) => replica));
  const behind = replicas & ~holding;
  if (isNone(newest) || (behind === 0 && versions.size === 1)) return undefined;
  return { key, behind, versions: [...versions.values()], newest };
}

/** Whether some have the deletion of a key still, and the others nothing: what is being erased needs no repair. */
function isErased(by: readonly Held[], erased: Ballot): boolean {
  return by.every(({ isDeleted, accepted }) => isDeleted && compareBallots(accepted, erased) <= 0);
}

function ballotAt(words: Int32Array, at: number): MutableBallot {
  const ballot = mutableBallot();
  readBallot(words, at, ballot);
  return ballot;
}
