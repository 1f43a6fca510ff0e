// What the chair does for its cluster: it collects deletions, compares the replicas now and then, and tells voters of
// decisions that their proposers did not live to tell. All of it asks as any client does, so nothing depends on there
// being only one chair; a second one would do the same work twice.
import { QuorateError } from '../base/errors.ts';
import type { Rules } from '../protocol/rules.ts';
import type { ClientCore } from './client-core.ts';
import { Collector } from './collector.ts';
import type { CollectorOptions } from './collector.ts';
import type { Repairer } from './repairer.ts';
import { TopicSweep } from './topic-sweep.ts';

/** How the house is kept: plain data. */
export interface Housekeeping {
  /** How old deletions are that are collected, in milliseconds; 0 for never. */
  readonly collectAfterMs: number;
  /** Rest between two repairs, in milliseconds; 0 for none at all. */
  readonly repairEveryMs: number;
}

/** The client in the thread of a chair. */
export interface HouseClient {
  /** `undefined` until it is connected; and so are its doors. */
  readonly core: ClientCore | undefined;
  readonly doors: HouseDoors | undefined;
  /** Takes in what has come. @returns in how many milliseconds it wants to be called again; infinite when idle. */
  turn(nowMs: number): number;
  /** Sends what was submitted. @returns in how many milliseconds it wants a turn; infinite when idle. */
  send(nowMs: number): number;
}

/** What housekeeping touches of the world besides its core. */
export type HouseDoors = Pick<CollectorOptions, 'tags' | 'erased' | 'epochs'>;

/** What a housekeeper is made with. */
export interface HousekeeperOptions extends Housekeeping {
  readonly client: HouseClient;
  readonly rules: Rules;
  /** The voters of the chair's replica, by topic; none where there are no topics. */
  readonly voters: ReadonlyMap<string, { readonly applied: number }> | undefined;
  /** So many more deletions were collected. */
  readonly onCollected: (count: number) => void;
}

/** Longest time that one repair may take, and the rest between two of its leaves: others have work too. */
const REPAIR_MS = 60_000;
const REPAIR_PACE_MS = 2;

/** The work of one chair. */
export class Housekeeper {
  readonly #options: HousekeeperOptions;
  #collector: Collector | undefined;
  #collected = 0;
  #repairer: Repairer | undefined;
  #repairAtMs = 0;
  #topicSweep: TopicSweep | undefined;

  constructor(options: HousekeeperOptions) {
    this.#options = options;
  }

  /** Does a bounded piece of work. @returns in how many milliseconds it wants to be called again. */
  turn(nowMs: number): number {
    const { client, collectAfterMs, repairEveryMs, voters } = this.#options;
    if (collectAfterMs === 0 && repairEveryMs === 0 && voters === undefined) return Number.POSITIVE_INFINITY;
    const waitMs = client.turn(nowMs);
    const { core, doors } = client;
    if (core === undefined || doors === undefined) return waitMs;
    if (!core.heedLife()) return IDLE_MS;
    const choresMs = Math.min(this.#collect(core, doors, nowMs), this.#repair(core, nowMs), this.#sweep(core, nowMs));
    return Math.min(client.send(nowMs), choresMs);
  }

  #collect(core: ClientCore, doors: HouseDoors, nowMs: number): number {
    const { collectAfterMs: afterMs, rules, onCollected } = this.#options;
    if (afterMs === 0) return Number.POSITIVE_INFINITY;
    const { tags, erased, epochs } = doors;
    this.#collector ??= new Collector({ core, tags, erased, epochs, rules, afterMs });
    const waitMs = this.#collector.turn(nowMs);
    const { collected } = this.#collector.counters;
    if (collected > this.#collected) onCollected(collected - this.#collected);
    this.#collected = collected;
    return waitMs;
  }

  #sweep(core: ClientCore, nowMs: number): number {
    const { voters } = this.#options;
    if (voters === undefined) return Number.POSITIVE_INFINITY;
    this.#topicSweep ??= new TopicSweep({ core, voters });
    return this.#topicSweep.turn(nowMs);
  }

  #repair(core: ClientCore, nowMs: number): number {
    const { repairEveryMs } = this.#options;
    if (repairEveryMs === 0) return Number.POSITIVE_INFINITY;
    if (this.#repairAtMs === 0) this.#repairAtMs = nowMs + repairEveryMs;
    if (this.#repairer !== undefined) return Math.max(1, this.#repairer.turn(nowMs) - nowMs);
    if (nowMs < this.#repairAtMs) return this.#repairAtMs - nowMs;
    const end = (): void => {
      this.#repairer = undefined;
      this.#repairAtMs = 0;
    };
    try {
      const repairer = core.repairer({ deadlineMs: nowMs + REPAIR_MS, paceMs: REPAIR_PACE_MS, end });
      this.#repairer = repairer;
      repairer.start();
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      end(); // Nobody is served now, or too much waits already: the next one comes.
    }
    return repairEveryMs;
  }
}

/** How often it looks whether the cluster serves its clients again. */
const IDLE_MS = 20;
