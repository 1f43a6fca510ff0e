// Which replicas have a memory to lose, when so many have lost theirs that the state is lost, and how an empty one
// begins in its place. What a supervisor decides with, in production and in simulation. Source: DESIGN section 4,
// "Recovery", rule 4.
import { maskOf } from '../base/bits.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { RULES } from '../protocol/rules.ts';
import { CLUSTER_CLOSED, CLUSTER_OPEN, CLUSTER_STATE_LOST } from './environment.ts';
import type { ClusterLifeWords, Epochs } from './environment.ts';
import { LiveQuorums } from './live-quorums.ts';

/** The memories of one cluster's replicas, as their supervisor knows them. */
export class MemoryRoll {
  readonly #quorums: LiveQuorums;
  readonly #epochs: Pick<Epochs, 'isOperational'>;
  /** Whether the replica has been operational, and has a memory to lose. */
  readonly #hasMemory: boolean[];
  /** Newcomers, which recover though they never had a memory, as a mask. */
  #joining = 0;
  readonly #life: ClusterLifeWords;
  #isResetting = false;

  /** `threads`: how many there can be; by default as many as there are. */
  constructor(
    quorums: RegisterQuorums,
    epochs: Pick<Epochs, 'isOperational'>,
    life: ClusterLifeWords,
    threads: number = quorums.threads,
  ) {
    this.#quorums = LiveQuorums.of(quorums);
    this.#epochs = epochs;
    this.#life = life;
    this.#hasMemory = Array.from({ length: threads }, () => false);
  }

  /** The replica answers: from its first vote on, it has a memory to lose. */
  noteOperational(replica: number): void {
    this.#hasMemory[replica] = true;
    this.#joining &= ~(1 << replica);
  }

  /** The replica's thread has ended. It may have voted unseen, and then had a memory to lose; a reset wants it lost. */
  noteDown(replica: number): void {
    if (!this.#isResetting && this.#epochs.isOperational(replica)) this.#hasMemory[replica] = true;
  }

  /**
   * Whether the replica's next incarnation begins empty and operational: only the first start does. During a reset
   * nobody recovers: who answered would have the old state, or nothing yet.
   */
  beginsEmpty(replica: number): boolean {
    return this.#isResetting || (!this.#hasMemory[replica]! && ((this.#joining >>> replica) & 1) === 0);
  }

  /** The replica is about to become a member: its first start recovers what the members have decided. */
  admit(replica: number): void {
    this.#joining |= 1 << replica;
  }

  /** Tells all threads where the state is lost. @returns whether that is so, and nobody had been told. */
  declareLoss(): boolean {
    if (this.#isResetting || this.#life.state !== CLUSTER_OPEN || !this.isLost) return false;
    this.#life.state = CLUSTER_STATE_LOST;
    return true;
  }

  /** Whether the state is being replaced by an empty one. */
  get isResetting(): boolean {
    return this.#isResetting;
  }

  /** Nobody is served from here on, while some hold the old state and some none: then end all replicas. */
  beginReset(): void {
    this.#life.state = CLUSTER_STATE_LOST;
    this.#hasMemory.fill(false);
    this.#joining = 0;
    this.#isResetting = true;
  }

  /** The reset has ended: all are operational, or it has failed. @returns whether the cluster is open again. */
  endReset(isEmpty: boolean): boolean {
    this.#isResetting = false;
    if (!isEmpty || this.#life.state === CLUSTER_CLOSED) return false;
    this.#life.countReset(); // Before anybody is served: see ClientCore.
    this.#life.state = CLUSTER_OPEN;
    return true;
  }

  /** Replicas that had a memory and do not have it now. */
  withoutMemory(): number[] {
    return this.#hasMemory.flatMap((had, replica) => (had && !this.#epochs.isOperational(replica) ? [replica] : []));
  }

  /** The replica is no member any more: it has nothing to lose, and whoever comes in its place begins anew. */
  forget(replica: number): void {
    this.#hasMemory[replica] = false;
    this.#joining &= ~(1 << replica);
  }

  /** Whether more are without memory than the quorums survive. */
  get isLost(): boolean {
    this.#quorums.refresh();
    return this.#quorums.electorate.isLost(maskOf(this.withoutMemory()));
  }

  /** Whether a live replica may be ended: not when that leaves fewer than recovery needs. `doomed` will end, a mask. */
  mayEnd(replica: number, doomed: number): boolean {
    let others = 0;
    for (let each = 0; each < this.#hasMemory.length; each++) {
      if (each !== replica && this.#epochs.isOperational(each) && ((doomed >>> each) & 1) === 0) others |= 1 << each;
    }
    this.#quorums.refresh();
    return this.#quorums.electorate.mayRecover(replica, others, RULES);
  }
}
