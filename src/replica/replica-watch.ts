// What a coordinator notices about its replicas: who is up, who answers, whose ring is full. It decides whom a read
// asks, whose answer is waited for, and whether a laggard holds everybody up.
import type { Epochs, Link } from './environment.ts';

/** A replica whose ring has been full for so long is passed over: it catches up from others, or by repair. */
const LAGGARD_MS = 25;
/** A silent replica is given another chance after so long. */
const SUSPICION_MS = 250;
/** Ranks behind every replica that is up: epochs stay far below. */
const DOWN_RANK = 0x4000_0000;

/** One coordinator's view of the replicas. Masks have a bit per replica. */
export class ReplicaWatch {
  readonly #links: readonly Link[];
  readonly #epochs: Epochs;
  /** Replicas that did not answer in time lately: asked last. */
  #suspects = 0;
  #reviewedMs = 0;
  /** Since when each link is full, -1 where it is not. */
  readonly #fullSinceMs: Float64Array;
  /** Links whose lack of room holds the queue back. */
  #blocked = 0;

  constructor(links: readonly Link[], epochs: Epochs) {
    this.#links = links;
    this.#epochs = epochs;
    this.#fullSinceMs = new Float64Array(links.length).fill(-1);
  }

  /** The replica has answered. */
  hear(replica: number): void {
    this.#suspects &= ~(1 << replica);
  }

  /** These replicas have not answered in time. */
  suspect(replicas: number): void {
    this.#suspects |= replicas;
  }

  /** Whom a read asks: live replicas first, then those that restarted least, since they have voted for more entries. */
  readers(count: number): number {
    let chosen = 0;
    for (let left = count; left > 0; left--) {
      let best = -1;
      let bestRank = Number.POSITIVE_INFINITY;
      for (let replica = 0; replica < this.#links.length; replica++) {
        if (((chosen >>> replica) & 1) !== 0) continue;
        const isUp = this.#epochs.isOperational(replica) && ((this.#suspects >>> replica) & 1) === 0;
        const rank = this.#epochs.epochOf(replica) + (isUp ? 0 : DOWN_RANK);
        if (rank >= bestRank) continue;
        best = replica;
        bestRank = rank;
      }
      chosen |= 1 << best;
    }
    return chosen;
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
    return this.up(asked & ~this.#suspects);
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
    if (nowMs - this.#reviewedMs > SUSPICION_MS) {
      this.#suspects = 0;
      this.#reviewedMs = nowMs;
    }
    for (let replica = 0; replica < this.#links.length; replica++) {
      if (!this.#links[replica]!.hasRoomFor(1)) this.suspect(1 << replica);
    }
  }
}
