// Votes in shared memory. A coordinator opens a slot, replicas vote into it, and the vote that decides it says so:
// only that voter wakes the coordinator.
//
// Trade-offs: each voter has two words of its own in every slot (one writer a word, so no vote is lost to a race and a
// repeated vote changes nothing), which costs reading one word pair a voter to count. A slot's generation grows with
// each use, so that a late vote is not counted for the next operation in the slot.
import { assert } from '../base/assert.ts';
import { integerOption } from '../base/errors.ts';
import { REPLICAS_MAX } from '../base/limits.ts';
import { LINE_WORDS, TALLY } from './layout.ts';
import { sharedMemory } from './memory.ts';
import type { AtomicOperations, SharedMemory } from './memory.ts';

const { GENERATION, NEEDED, SENT, RESTARTS, VOTES } = TALLY.RECORD;

/** What a voter says of a slot. */
export const GRANTED = 1;
export const REFUSED = 2;
/** A refusal whose reason is the voter's memory bound. */
export const NO_MEMORY = 3;
export type Vote = typeof GRANTED | typeof REFUSED | typeof NO_MEMORY;

const VOTE_BITS = 2;
const VOTE_MASK = 3;

/**
 * Allocates a board of `slots` (a multiple of 32, to 65536) for `voters` (1 to 15).
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a size is not allowed.
 */
export function createTallyBoard(slots: number, voters: number): SharedMemory {
  integerOption('tally slots / 32', slots / 32, { min: 1, max: 2048 });
  integerOption('voters', voters, { min: 1, max: REPLICAS_MAX });
  const stride = Math.ceil((VOTES + 2 * voters) / LINE_WORDS) * LINE_WORDS;
  const records = recordsStart(slots);
  const memory = sharedMemory(new SharedArrayBuffer(4 * (records + slots * stride)));
  memory.words[TALLY.SLOTS] = slots;
  memory.words[TALLY.VOTERS] = voters;
  memory.words[TALLY.STRIDE] = stride;
  return memory;
}

function recordsStart(slots: number): number {
  return TALLY.DECIDED + Math.ceil(slots / 32 / LINE_WORDS) * LINE_WORDS;
}

/** How votes are asked for in one slot. */
export interface Question {
  /** Votes that grant it. */
  readonly needed: number;
  /** Voters that were asked, as a mask; voters outside of it are not counted on. */
  readonly asked: number;
  /** The cluster's restart counter, loaded before the question is sent. */
  readonly restarts: number;
}

/** Both ends of a board: the coordinator opens and counts, voters vote. */
export class TallyBoard {
  /** Slots on the board. */
  readonly slots: number;
  readonly voters: number;
  readonly #words: Int32Array;
  readonly #atomics: AtomicOperations;
  readonly #stride: number;
  readonly #records: number;

  constructor({ words, atomics }: SharedMemory) {
    this.#words = words;
    this.#atomics = atomics;
    this.slots = words[TALLY.SLOTS]!;
    this.voters = words[TALLY.VOTERS]!;
    this.#stride = words[TALLY.STRIDE]!;
    this.#records = recordsStart(this.slots);
    assert(this.slots > 0 && this.voters > 0, 'The memory holds a tally board');
  }

  /**
   * Opens a slot for a new question. Coordinator only.
   *
   * @returns the slot's generation, which the question carries to the voters.
   */
  open(slot: number, needed: number, asked: number, restarts: number): number {
    const record = this.#records + slot * this.#stride;
    this.#words[record + NEEDED] = needed;
    this.#words[record + SENT] = asked;
    this.#words[record + RESTARTS] = restarts;
    const generation = (this.#words[record + GENERATION]! + 1) | 0;
    // Never 0, so that a fresh voter word is no vote. Stored last: voters compare it first.
    return this.#atomics.store(this.#words, record + GENERATION, generation === 0 ? 1 : generation);
  }

  /** Ends a question: later votes for it are void. Coordinator only. */
  close(slot: number): void {
    const generation = this.#records + slot * this.#stride + GENERATION;
    const next = (this.#words[generation]! + 1) | 0;
    this.#atomics.store(this.#words, generation, next === 0 ? 1 : next);
  }

  /** Adds voters that were asked later. Coordinator only. */
  ask(slot: number, voters: number): void {
    this.#atomics.or(this.#words, this.#records + slot * this.#stride + SENT, voters);
  }

  /** The restart counter noted when the slot was opened. */
  restartsAtOpen(slot: number): number {
    return this.#words[this.#records + slot * this.#stride + RESTARTS]!;
  }

  /**
   * Votes. The voter's thread only. Repeating a vote is harmless; a vote for an older generation is void.
   *
   * @param voter the voter's index, from 0; one thread at a time votes under it.
   * @param epoch the voter's incarnation, from 1 to 2^29 - 1, which the coordinator compares.
   * @returns `true` when the question is decided now and nobody said so before: wake the coordinator.
   */
  vote(slot: number, generation: number, voter: number, vote: Vote, epoch: number): boolean {
    const record = this.#records + slot * this.#stride;
    if (this.#atomics.load(this.#words, record + GENERATION) !== generation) return false;
    const mine = record + VOTES + 2 * voter;
    this.#atomics.store(this.#words, mine + 1, (epoch << VOTE_BITS) | vote);
    this.#atomics.store(this.#words, mine, generation); // Makes the vote count, after it is complete.
    if (!this.#isDecided(record, generation)) return false;
    const bit = 1 << (slot & 31);
    return (this.#atomics.or(this.#words, TALLY.DECIDED + (slot >>> 5), bit) & bit) === 0;
  }

  /** Slots 32 * `group` to 32 * `group` + 31 that were decided since the last take, as a mask. Coordinator only. */
  takeDecided(group: number): number {
    const word = TALLY.DECIDED + group;
    return this.#atomics.load(this.#words, word) === 0 ? 0 : this.#atomics.exchange(this.#words, word, 0);
  }

  /** Who has voted `vote` in the slot's present generation, as a mask of voters. */
  votersOf(slot: number, vote: Vote): number {
    const record = this.#records + slot * this.#stride;
    return this.#count(record, this.#words[record + GENERATION]!, vote);
  }

  /**
   * A voter's vote and epoch in the slot's present generation, as one word (`epoch << 2 | vote`), so that both are of
   * the same vote; 0 when it has not voted.
   */
  voteOf(slot: number, voter: number): number {
    const record = this.#records + slot * this.#stride;
    const mine = record + VOTES + 2 * voter;
    if (this.#atomics.load(this.#words, mine) !== this.#words[record + GENERATION]) return 0;
    return this.#atomics.load(this.#words, mine + 1);
  }

  #isDecided(record: number, generation: number): boolean {
    const needed = this.#words[record + NEEDED]!;
    let granted = 0;
    let refused = 0;
    let asked = 0;
    const sent = this.#atomics.load(this.#words, record + SENT);
    for (let voter = 0; voter < this.voters; voter++) {
      asked += (sent >>> voter) & 1;
      const words = record + VOTES + 2 * voter;
      if (this.#atomics.load(this.#words, words) !== generation) continue;
      if ((this.#atomics.load(this.#words, words + 1) & VOTE_MASK) === GRANTED) granted++;
      else refused++;
    }
    return granted >= needed || asked - refused < needed;
  }

  #count(record: number, generation: number, vote: Vote): number {
    let mask = 0;
    for (let voter = 0; voter < this.voters; voter++) {
      const words = record + VOTES + 2 * voter;
      if (this.#atomics.load(this.#words, words) !== generation) continue;
      if ((this.#atomics.load(this.#words, words + 1) & VOTE_MASK) === vote) mask |= 1 << voter;
    }
    return mask;
  }
}
