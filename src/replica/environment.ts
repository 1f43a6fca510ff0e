// The doors of replicas and coordinators: everything they touch of the world is handed to them. Production hands them
// rings and shared boards, a test or simulator hands them a network of its own.
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import type { FrameViews } from './wire.ts';

/** One direction to one peer: frames are claimed, written, committed; the owner of the link publishes. */
export interface Link extends FrameViews {
  /** Byte offset of a payload to write, or -1 when there is no room now. */
  claim(payloadBytes: number): number;
  commit(): void;
  /** Whether a payload fits now. */
  hasRoomFor(payloadBytes: number): boolean;
  /** Bytes that the peer has not served yet; absent where the link does not know. */
  readonly usedBytes?: number;
}

/** A large value, which lies once for all who hold it. Holders are counted: hold it before you keep or hand it on. */
export interface LargeValue {
  /** Length of the value. */
  readonly byteLength: number;
  /** Counts one more holder. */
  hold(): void;
  /** Lets go of it; the caller must not look at it again. */
  release(): void;
}

/** The lane for values that no ring carries: they lie once in shared memory and travel by reference. */
export interface LargeLane {
  /** Hands a value to the peer, which then holds it too. @returns its number, which a frame then carries. */
  send(value: LargeValue): number;
  /** The value of a frame's reference, held by the caller; `undefined` when it is gone: a dead letter, never a wait. */
  take(reference: number): LargeValue | undefined;
}

/** The shared words that say who lives. */
export interface Epochs {
  /** The replica's incarnation, from 1; it only grows. */
  epochOf(replica: number): number;
  /** How often any replica restarted: moves after an epoch does. */
  restarts(): number;
  /** Whether the replica has its memory, and answers. */
  isOperational(replica: number): boolean;
}

/** How a cluster fares, as all of its threads see it. */
export const CLUSTER_OPEN = 1;
export const CLUSTER_STATE_LOST = 2;
export const CLUSTER_CLOSED = 3;

/** The shared words that say how the cluster fares. */
export interface ClusterLife {
  /** One of the above. */
  readonly state: number;
  /** How often the cluster was reset: what a client began before belongs to a state that is gone. */
  readonly resets: number;
}

/** The same as their supervisor writes them. */
export interface ClusterLifeWords extends ClusterLife {
  state: number;
  countReset(): void;
}

/** What a replica says to a question: it did what was asked, refuses it, or has no memory left for it. */
export const GRANTED = 1;
export const REFUSED = 2;
export const NO_MEMORY = 3;
export type Vote = typeof GRANTED | typeof REFUSED | typeof NO_MEMORY;

/** A vote and the epoch it was cast under, from one word: looked at together, they belong together. */
export function unpackVote(word: number): { readonly vote: number; readonly epoch: number } {
  return { vote: word & 3, epoch: word >>> 2 };
}

/** Votes as the voter casts them. @see TallyBoard in the ring layer, which is one. */
export interface VoteBox {
  /** @returns whether this vote decided the question: the coordinator is to be woken. */
  vote(slot: number, generation: number, voter: number, vote: Vote, epoch: number): boolean;
}

/** Votes as the coordinator asks for and counts them. @see TallyBoard in the ring layer, which is one. */
export interface VoteBoard {
  readonly slots: number;
  open(slot: number, needed: number, asked: number, restarts: number): number;
  close(slot: number): void;
  ask(slot: number, voters: number): void;
  restartsAtOpen(slot: number): number;
  votersOf(slot: number, vote: Vote): number;
  /** The voter's vote and epoch as one word, see {@link unpackVote}; 0 when it has not voted. */
  voteOf(slot: number, voter: number): number;
  takeDecided(group: number): number;
}

/** The cluster's tag counter. */
export interface TagCounter {
  /** Takes `count` (from 1) consecutive tags; the first goes into `first`. */
  take(count: number, first: MutableBallot): void;
  /** How many tags were taken, by anybody: a number that only grows, but for what a double cannot count. */
  taken(): number;
}

/** The tag that was taken last, for whoever takes none. */
export interface LastTag {
  /** Copies it into `target`. */
  last(target: MutableBallot): void;
}

/** Up to which tag deletions may have been erased (protocol/erased.ts), as all threads see it. */
export interface ErasedFloor {
  /** Copies it into `target`. */
  read(target: MutableBallot): void;
  /** Raises it to at least `floor`: before anything up to there is erased. */
  raise(floor: Ballot): void;
}
