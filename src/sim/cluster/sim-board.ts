// The tally board of one simulated coordinator: what the ring layer's board does, without shared memory. The tests
// hold it against that board, vote by vote.
import { GRANTED } from '../../replica/environment.ts';
import type { Vote, VoteBoard, VoteBox } from '../../replica/environment.ts';

/** Votes of one coordinator's questions. */
export class SimBoard implements VoteBoard, VoteBox {
  readonly slots: number;
  readonly #voters: number;
  readonly #generations: Int32Array;
  readonly #needed: Int32Array;
  readonly #asked: Int32Array;
  readonly #restarts: Int32Array;
  /** By slot and voter: the generation that was voted in, and the vote with its epoch. */
  readonly #votedIn: Int32Array;
  readonly #votes: Int32Array;
  readonly #decided: Int32Array;

  constructor(slots: number, voters: number) {
    this.slots = slots;
    this.#voters = voters;
    this.#generations = new Int32Array(slots);
    this.#needed = new Int32Array(slots);
    this.#asked = new Int32Array(slots);
    this.#restarts = new Int32Array(slots);
    this.#votedIn = new Int32Array(slots * voters);
    this.#votes = new Int32Array(slots * voters);
    this.#decided = new Int32Array(slots >>> 5);
  }

  open(slot: number, needed: number, asked: number, restarts: number): number {
    this.#needed[slot] = needed;
    this.#asked[slot] = asked;
    this.#restarts[slot] = restarts;
    this.close(slot);
    return this.#generations[slot]!;
  }

  close(slot: number): void {
    const next = (this.#generations[slot]! + 1) | 0;
    this.#generations[slot] = next === 0 ? 1 : next;
  }

  ask(slot: number, voters: number): void {
    this.#asked[slot]! |= voters;
  }

  restartsAtOpen(slot: number): number {
    return this.#restarts[slot]!;
  }

  vote(slot: number, generation: number, voter: number, vote: Vote, epoch: number): boolean {
    if (this.#generations[slot] !== generation) return false;
    const mine = slot * this.#voters + voter;
    this.#votes[mine] = (epoch << 2) | vote;
    this.#votedIn[mine] = generation;
    if (!this.#isDecided(slot, generation)) return false;
    const group = slot >>> 5;
    const bit = 1 << (slot & 31);
    const isNew = (this.#decided[group]! & bit) === 0;
    this.#decided[group]! |= bit;
    return isNew;
  }

  takeDecided(group: number): number {
    const decided = this.#decided[group]!;
    this.#decided[group] = 0;
    return decided;
  }

  votersOf(slot: number, vote: Vote): number {
    let mask = 0;
    for (let voter = 0; voter < this.#voters; voter++) {
      if ((this.voteOf(slot, voter) & 3) === vote) mask |= 1 << voter;
    }
    return mask;
  }

  voteOf(slot: number, voter: number): number {
    const mine = slot * this.#voters + voter;
    return this.#votedIn[mine] === this.#generations[slot] ? this.#votes[mine]! : 0;
  }

  #isDecided(slot: number, generation: number): boolean {
    let granted = 0;
    let refused = 0;
    let asked = 0;
    for (let voter = 0; voter < this.#voters; voter++) {
      asked += (this.#asked[slot]! >>> voter) & 1;
      const mine = slot * this.#voters + voter;
      if (this.#votedIn[mine] !== generation) continue;
      if ((this.#votes[mine]! & 3) === GRANTED) granted++;
      else refused++;
    }
    return granted >= this.#needed[slot]! || asked - refused < this.#needed[slot]!;
  }
}
