// Whom a read asks. Replicas that are up and answer come first; for reads at the quorum, then those that restarted
// least, since what a replica took over in recovery is no vote; then those with the least unread; among equals it goes
// round, so that all get their share. All are equally near: they are threads of one process.
//
// What is unread is seen in the ring itself: it grows with every frame that is committed, and shrinks when the replica
// has served a batch, so it also counts the reads whose answers are pending, and writes, which are answered by votes.
import type { Epochs, Link } from './environment.ts';

/**
 * Reads that ask the same replicas, at least, before it is the turn of others; all reads of one batch do. A replica
 * that has just read is awake, and its table in a cache: on two cores, going round every 16 reads took a third of the
 * throughput of reads at `one` with 256 in flight, every 256 reads half of the processor time more; of 4,096 no such
 * thing is seen.
 */
const RUN = 4096;
/** Unread bytes that count as none: about what one batch of 64 reads is. Further ones count by the octave. */
const LIGHT_BITS = 12;
/** What a rank is made of, from the last to the first: the load, the epoch, the health. Of equals the turn decides. */
const EPOCH_UNIT = 32;
const HEALTH_UNIT = EPOCH_UNIT * 2 ** 30;

/** How a replica fares: answers in time, is tried again, is silent or down. */
export type Health = 0 | 1 | 2;

/** What a choice is made from. */
export interface ReaderDoors {
  readonly links: readonly Link[];
  readonly epochs: Epochs;
  healthOf(replica: number): Health;
}

/** One coordinator's choice of readers, for either kind of reads. */
export class ReaderChoice {
  readonly #doors: ReaderDoors;
  readonly #isOfQuorum: boolean;
  readonly #ranks: Float64Array;
  /** The last choice, and what it was made for. */
  #chosen = 0;
  #count = 0;
  #among = 0;
  #first = 0;
  #sets: readonly number[] | undefined = undefined;
  /** Whether ranks may have moved since. */
  #isStale = true;
  /** Whose turn it is among equals, and reads that are left before it passes on. */
  #turn = 0;
  #left = RUN;

  /** @param turn whose turn it is first: that of different clients should differ. */
  constructor(doors: ReaderDoors, isOfQuorum: boolean, turn = 0) {
    this.#doors = doors;
    this.#isOfQuorum = isOfQuorum;
    this.#ranks = new Float64Array(doors.links.length);
    this.#turn = turn % doors.links.length;
  }

  /** The next choice looks at the replicas anew: to be called once a batch. */
  refresh(): void {
    this.#isStale = true;
    if (this.#left > 0) return;
    this.#left = RUN;
    this.#turn = (this.#turn + 1) % this.#ranks.length;
  }

  /**
   * The replicas that the next read asks, as a mask: of `sets`, which are equally good otherwise, one whose members are
   * all healthy, and the least burdened of those; `others` where there is none. The sets have to be the same ones as
   * long as they are the same array.
   */
  nextOf(sets: readonly number[], others: number): number {
    this.#left--;
    if (!this.#isStale && sets === this.#sets && others === this.#among) return this.#chosen;
    if (this.#isStale) this.#rank();
    this.#sets = sets;
    this.#count = -1;
    this.#among = others;
    this.#chosen = this.#chooseOf(sets, others);
    return this.#chosen;
  }

  /**
   * The `count` replicas that the next read asks, as a mask; fewer, where there are not so many.
   *
   * @param among the homes of its key.
   * @param first how far from the turn of all keys that of this one is: homes differ, so their loads would too.
   */
  next(count: number, among: number, first: number): number {
    this.#left--;
    const isSame = count === this.#count && among === this.#among && first === this.#first;
    if (!this.#isStale && isSame) return this.#chosen;
    if (this.#isStale) this.#rank();
    this.#sets = undefined;
    this.#count = count;
    this.#among = among;
    this.#first = first;
    this.#chosen = this.#choose();
    return this.#chosen;
  }

  #rank(): void {
    const ranks = this.#ranks;
    for (let replica = 0; replica < ranks.length; replica++) ranks[replica] = this.#rankOf(replica);
    this.#isStale = false;
  }

  #choose(): number {
    const ranks = this.#ranks;
    let left = this.#among;
    for (let count = this.#count; count > 0 && left !== 0; count--) {
      let best = -1;
      let bestRank = Number.POSITIVE_INFINITY;
      let replica = (this.#turn + this.#first) % ranks.length;
      for (let step = 0; step < ranks.length; step++) {
        if (((left >>> replica) & 1) === 1 && ranks[replica]! < bestRank) {
          best = replica;
          bestRank = ranks[replica]!;
        }
        replica = replica + 1 === ranks.length ? 0 : replica + 1;
      }
      left &= ~(1 << best);
    }
    return this.#among & ~left;
  }

  #chooseOf(sets: readonly number[], others: number): number {
    const begin = Math.floor((this.#turn * sets.length) / this.#ranks.length);
    let chosen = others;
    let best = HEALTH_UNIT;
    for (let step = 0; step < sets.length; step++) {
      const set = sets[(begin + step) % sets.length]!;
      const burden = this.#burdenOf(set);
      if (burden >= best) continue;
      chosen = set;
      best = burden;
    }
    return chosen;
  }

  /** The sum of what its members bear; at least that of one which is not healthy, where there is one among them. */
  #burdenOf(set: number): number {
    let burden = 0;
    for (let left = set; left !== 0; left &= left - 1) burden += this.#ranks[31 - Math.clz32(left & -left)]!;
    return burden;
  }

  #rankOf(replica: number): number {
    const { links, epochs } = this.#doors;
    const load = 32 - Math.clz32((links[replica]!.usedBytes ?? 0) >>> LIGHT_BITS);
    const epoch = this.#isOfQuorum ? epochs.epochOf(replica) : 0;
    return this.#doors.healthOf(replica) * HEALTH_UNIT + epoch * EPOCH_UNIT + load;
  }
}
