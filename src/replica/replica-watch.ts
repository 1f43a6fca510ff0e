// What a coordinator notices about its replicas: who is up, who answers, whose ring is full. It decides whom a read
// asks, whose answer is waited for, and whether a laggard holds everybody up.
import type { Epochs, Link } from './environment.ts';
import { ReaderChoice } from './reader-choice.ts';
import type { Health } from './reader-choice.ts';
import { ReplicaHealth } from './replica-health.ts';

/** A replica whose ring has been full for so long is passed over: it catches up from others, or by repair. */
const LAGGARD_MS = 25;

/** One coordinator's view of the replicas. Masks have a bit per replica. */
export class ReplicaWatch {
  readonly health: ReplicaHealth;
  readonly #links: readonly Link[];
  readonly #epochs: Epochs;
  /** Whom reads below the quorum ask, and all others. */
  readonly #weakReaders: ReaderChoice;
  readonly #quorumReaders: ReaderChoice;
  /** Since when each link is full, -1 where it is not. */
  readonly #fullSinceMs: Float64Array;
  /** Links whose lack of room holds the queue back. */
  #blocked = 0;

  constructor(links: readonly Link[], epochs: Epochs, firstReader = 0) {
    this.#links = links;
    this.#epochs = epochs;
    this.health = new ReplicaHealth(links.length);
    const doors = { links, epochs, healthOf: (replica: number): Health => this.#healthOf(replica) };
    this.#weakReaders = new ReaderChoice(doors, false, firstReader);
    this.#quorumReaders = new ReaderChoice(doors, true, firstReader);
    this.#fullSinceMs = new Float64Array(links.length).fill(-1);
  }

  /** A batch begins: readers are chosen from what is known now. */
  refresh(): void {
    this.#weakReaders.refresh();
    this.#quorumReaders.refresh();
  }

  /** Who chooses whom the next read asks; `isWeak`: it is content with the newest of what they have. */
  readers(isWeak: boolean): ReaderChoice {
    return isWeak ? this.#weakReaders : this.#quorumReaders;
  }

  /** Those among `replicas` that have their memory, whether they answer in time or not. */
  up(replicas: number): number {
    let up = replicas;
    for (let replica = 0; replica < this.#links.length; replica++) {
      if (!this.#epochs.isOperational(replica)) up &= ~(1 << replica);
    }
    return up;
  }

  /** Whose answers are waited for among `asked`: those that are up and answer in time. */
  awaited(asked: number): number {
    return this.up(asked & ~this.health.shunned);
  }

  /** Whether a frame of `frameBytes` fits every ring that keeps up; notes those that it does not fit. */
  hasRoomFor(frameBytes: number, nowMs: number): boolean {
    let hasRoom = true;
    for (let replica = 0; replica < this.#links.length; replica++) {
      if (this.#links[replica]!.hasRoomFor(frameBytes)) {
        this.#fullSinceMs[replica] = -1;
        continue;
      }
      const since = this.#fullSinceMs[replica]!;
      if (since < 0) this.#fullSinceMs[replica] = nowMs;
      else if (nowMs - since > LAGGARD_MS) continue;
      if (!this.#epochs.isOperational(replica)) continue;
      this.#blocked |= 1 << replica;
      hasRoom = false;
    }
    return hasRoom;
  }

  /** Links that held the queue back since the last call. */
  takeBlocked(): number {
    const blocked = this.#blocked;
    this.#blocked = 0;
    return blocked;
  }

  /** Gives silent replicas another chance now and then, and suspects those whose rings are full. */
  review(nowMs: number): void {
    this.health.review(nowMs);
    for (let replica = 0; replica < this.#links.length; replica++) {
      if (!this.#links[replica]!.hasRoomFor(1)) this.health.suspect(1 << replica);
    }
  }

  #healthOf(replica: number): Health {
    const bit = 1 << replica;
    const { shunned, onTrial } = this.health;
    if ((shunned & bit) === 0) return this.#epochs.isOperational(replica) ? 0 : 2;
    return (onTrial & bit) !== 0 && this.#epochs.isOperational(replica) ? 1 : 2;
  }
}
