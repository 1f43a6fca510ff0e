// Which replicas have a memory to lose, and when so many have lost theirs that the state is lost. What a supervisor
// decides with, in production and in simulation. Source: DESIGN section 4, "Recovery", rule 4.
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { Epochs } from './environment.ts';

/** The memories of one cluster's replicas, as their supervisor knows them. */
export class MemoryRoll {
  readonly #quorums: RegisterQuorums;
  readonly #epochs: Pick<Epochs, 'isOperational'>;
  /** Whether the replica has been operational, and has a memory to lose. */
  readonly #hasMemory: boolean[];

  constructor(quorums: RegisterQuorums, epochs: Pick<Epochs, 'isOperational'>) {
    this.#quorums = quorums;
    this.#epochs = epochs;
    this.#hasMemory = Array.from({ length: quorums.replicas }, () => false);
  }

  /** The replica answers: from its first vote on, it has a memory to lose. */
  noteOperational(replica: number): void {
    this.#hasMemory[replica] = true;
  }

  /** Whether the replica's next incarnation begins empty and operational: only the first start does. */
  beginsEmpty(replica: number): boolean {
    return !this.#hasMemory[replica]!;
  }

  /** All begin empty again. */
  forget(): void {
    this.#hasMemory.fill(false);
  }

  /** Replicas that had a memory and do not have it now. */
  withoutMemory(): number[] {
    return this.#hasMemory.flatMap((had, replica) => (had && !this.#epochs.isOperational(replica) ? [replica] : []));
  }

  /** Whether more are without memory than the quorums survive. */
  get isLost(): boolean {
    return this.withoutMemory().length > this.#quorums.downMax;
  }

  /** Whether a live replica may be ended: not when that leaves fewer than recovery needs. `doomed` will end, a mask. */
  mayEnd(replica: number, doomed: number): boolean {
    let others = 0;
    for (let each = 0; each < this.#quorums.replicas; each++) {
      if (each !== replica && this.#epochs.isOperational(each) && ((doomed >>> each) & 1) === 0) others++;
    }
    return others >= this.#quorums.recoverFrom;
  }
}
