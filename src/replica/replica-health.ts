// Which replicas answer in time. One that was late twice, or silent for long, is a suspect: nobody waits for it, and
// reads ask others. After a while it is on trial: one read now and then asks it beside those that it needs, so that
// finding out whether it is back keeps nobody waiting.
//
// It decides nothing but whom to ask and wait for: no vote counts more or less for it.

/** A suspect is on trial after so long, and then asked so often. */
const SUSPICION_MS = 250;
/** Between being late and being late again, at least: a collection of garbage is no reason for suspicion. */
const LATE_MS_MIN = 1;

/** One coordinator's view of who answers. Masks have a bit per replica. */
export class ReplicaHealth {
  /** Replicas that did not answer in time lately. */
  #suspects = 0;
  /** Those that were suspects, and have not answered since. */
  #onTrial = 0;
  /** Of these, who is to be asked by the next read. */
  #probes = 0;
  /** Replicas that were late once since they answered in time, and since when. */
  #late = 0;
  readonly #lateSinceMs: Float64Array;
  #reviewedMs = 0;

  constructor(replicas: number) {
    this.#lateSinceMs = new Float64Array(replicas);
  }

  /** Replicas that are not waited for. */
  get shunned(): number {
    return this.#suspects | this.#onTrial;
  }

  /** Replicas that are on trial. */
  get onTrial(): number {
    return this.#onTrial & ~this.#suspects;
  }

  /** The replica has answered in time. */
  hear(replica: number): void {
    if ((this.#suspects | this.#onTrial | this.#late) === 0) return;
    const others = ~(1 << replica);
    this.#suspects &= others;
    this.#onTrial &= others;
    this.#late &= others;
  }

  /** The replica has answered what nobody waits for any more: it lives, which is what a trial asks. */
  hearLate(replica: number): void {
    this.#onTrial &= ~(1 << replica);
  }

  /** These replicas have not answered for long. */
  suspect(replicas: number): void {
    this.#suspects |= replicas;
  }

  /** These replicas are late for a read that waits `delayMs`: suspects, where they were for one before. */
  noteLate(replicas: number, delayMs: number, nowMs: number): void {
    for (let replica = 0; replicas >>> replica !== 0; replica++) {
      const bit = 1 << replica;
      if ((replicas & bit) === 0) continue;
      if ((this.#late & bit) === 0) this.#lateSinceMs[replica] = nowMs;
      else if (nowMs - this.#lateSinceMs[replica]! >= Math.max(delayMs, LATE_MS_MIN)) this.#suspects |= bit;
    }
    this.#late |= replicas;
  }

  /** A replica among a mask that the next read asks besides, as a mask of one or none. */
  takeProbe(among: number): number {
    const probes = this.#probes & among;
    const probe = probes & -probes;
    this.#probes &= ~probe;
    return probe & this.#onTrial;
  }

  /** Lets time pass. */
  review(nowMs: number): void {
    if (nowMs - this.#reviewedMs <= SUSPICION_MS) return;
    this.#reviewedMs = nowMs;
    this.#onTrial |= this.#suspects;
    this.#suspects = 0;
    this.#probes = this.#onTrial;
  }
}
