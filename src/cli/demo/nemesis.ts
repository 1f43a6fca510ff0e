// Kills replicas while the cluster works: again and again, at random instants, in three ways.
import { nowMs } from '../../base/clock.ts';
import { below, unitOf, type Random } from '../../base/random.ts';

/** How a replica is made to die: its thread ended, caught in an endless loop, or its heap filled up. */
export const FAULTS = ['terminate', 'hang', 'oom'] as const;
export type Fault = (typeof FAULTS)[number];

/** What the nemesis sees of a replica. */
export interface Target {
  readonly replica: number;
  /** Incarnation; a later one is larger. */
  readonly epoch: number;
  readonly state: string;
  readonly unreadBytes: number;
}

/** Options of {@link Nemesis}. */
export interface NemesisOptions {
  /** Average; 0 for none. */
  readonly killsPerSecond: number;
  readonly random: Random;
  /** The replicas as they are now. */
  readonly inspect: () => readonly Target[];
  /** Kills one; `false` when the quorums would not survive it now. */
  readonly inject: (replica: number, fault: Fault) => Promise<boolean>;
  /** Waits so many milliseconds; rejects when `signal` fires. Injected for tests. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** One kill, and what became of it. */
export interface Kill {
  readonly replica: number;
  readonly epoch: number;
  readonly fault: Fault;
  readonly atMs: number;
  /** It had frames that it had not read. */
  readonly hadUnread: boolean;
  /** Its thread has ended. */
  isDead: boolean;
  /** From the kill until the replica voted again; `undefined` until then. */
  recoveryMs: number | undefined;
  /** The replica is no member any more, and will not come back. */
  hasLeft: boolean;
}

/** Milliseconds until the next try when no replica may be killed now. */
const AGAIN_MS = 20;
/** Average gaps that kills may be late and still be made up for. */
const BEHIND_GAPS_MAX = 10;
/** Of so many kills in a row, all but the last wait for a replica with unread frames. */
const PREFER_UNREAD = 4;
/** Looks for a replica with unread frames before any will do, about a millisecond apart. */
const UNREAD_TRIES = 40;

/** Kills random replicas until it is told to stop. One thread, the cluster's main. */
export class Nemesis {
  readonly kills: Kill[] = [];
  /** For how long a kill was due that the quorums would not have survived, in milliseconds. */
  putOffMs = 0;
  readonly #options: NemesisOptions;
  #faults: Fault[] = [];

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  /** Kills until `signal` fires, then returns. */
  async run(signal: AbortSignal): Promise<void> {
    const { killsPerSecond, random, delay } = this.#options;
    if (killsPerSecond === 0) return;
    const gapMs = 1000 / killsPerSecond;
    let dueMs = nowMs() + unitOf(random) * gapMs;
    try {
      for (;;) {
        await delay(Math.max(0, dueMs - nowMs()), signal);
        if (!(await this.#kill(signal))) await this.#killLater(signal);
        // Uniform around the average; counted from when it was due, so that a late kill makes the next ones no later.
        dueMs = Math.max(dueMs, nowMs() - BEHIND_GAPS_MAX * gapMs) + gapMs * (0.2 + 1.6 * unitOf(random));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** An incarnation's thread has ended. @returns whether that was our doing. */
  died(replica: number, epoch: number): boolean {
    for (const kill of this.kills) if (kill.replica === replica && kill.epoch <= epoch) kill.isDead = true;
    return this.kills.some((kill) => kill.replica === replica && kill.epoch === epoch);
  }

  /** An incarnation votes: the kills of all before it are over. News may be late, or come with that of the next one. */
  recovered(replica: number, epoch: number): void {
    for (const kill of this.open) {
      if (kill.replica !== replica || kill.epoch >= epoch) continue;
      kill.isDead = true;
      kill.recoveryMs = nowMs() - kill.atMs;
    }
  }

  /** These are the members now: who is none has left, dead or alive. */
  heedMembers(members: readonly number[]): void {
    for (const kill of this.open) if (!members.includes(kill.replica)) kill.hasLeft = true;
  }

  /** Kills whose replica is to vote again, and does not yet. */
  get open(): readonly Kill[] {
    return this.kills.filter((kill) => kill.recoveryMs === undefined && !kill.hasLeft);
  }

  /** Kills whose replica has died. */
  get dead(): readonly Kill[] {
    return this.kills.filter((kill) => kill.isDead);
  }

  async #killLater(signal: AbortSignal): Promise<void> {
    const { random, delay } = this.#options;
    const sinceMs = nowMs();
    try {
      do await delay(AGAIN_MS * (0.5 + unitOf(random)), signal);
      while (!(await this.#kill(signal)));
    } finally {
      this.putOffMs += nowMs() - sinceMs;
    }
  }

  async #kill(signal: AbortSignal): Promise<boolean> {
    const target = await this.#choose(signal);
    if (target === undefined) return false;
    const fault = this.#nextFault();
    this.recovered(target.replica, target.epoch); // It was seen voting, whether we have been told or not.
    const kill = {
      replica: target.replica,
      epoch: target.epoch,
      fault,
      atMs: nowMs(),
      hadUnread: target.unreadBytes > 0,
      isDead: false,
      recoveryMs: undefined,
      hasLeft: false,
    };
    this.kills.push(kill); // Before the fault, since its death may be reported before the call returns.
    if (await this.#options.inject(target.replica, fault)) return true;
    this.kills.splice(this.kills.indexOf(kill), 1);
    this.#faults.push(fault);
    return false;
  }

  /** A random replica that votes, most often one that has something left to read. */
  async #choose(signal: AbortSignal): Promise<Target | undefined> {
    const { random, inspect, delay } = this.#options;
    const triesMax = (this.kills.length + 1) % PREFER_UNREAD === 0 ? 1 : UNREAD_TRIES;
    for (let tries = 1; ; tries++) {
      const alive = inspect().filter(({ state }) => state === 'operational');
      const behind = alive.filter(({ unreadBytes }) => unreadBytes > 0);
      const targets = tries < triesMax ? behind : alive;
      if (targets.length > 0) return targets[below(random, targets.length)];
      if (tries >= triesMax) return undefined;
      await delay(unitOf(random), signal);
    }
  }

  /** Each way in turn, in a new order every round. */
  #nextFault(): Fault {
    if (this.#faults.length === 0) {
      const left: Fault[] = [...FAULTS];
      while (left.length > 0) this.#faults.push(...left.splice(below(this.#options.random, left.length), 1));
    }
    return this.#faults.pop()!;
  }
}
