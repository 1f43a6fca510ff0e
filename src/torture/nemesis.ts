// What goes wrong, and when: seeded choices over everything that may be done to the threads of one process.
import { assert, unreachable } from '../base/assert.ts';
import { below, unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { FAIL_POINTS } from '../cluster/fail-point.ts';
import type { Fault } from '../cluster/fault.ts';
import { ORDERS } from './client.ts';
import type { Pressure } from './pressure.ts';

/** What the nemesis can do. Each settles when it is done, or when nothing could be done. */
export interface NemesisStage {
  /** Those that are members now. */
  members(): readonly number[];
  /** Places of clients; the first is the main thread, which is not killed. */
  readonly clients: number;
  /** Makes a replica die; `false` when that would leave too few. */
  injectFault(replica: number, fault: Fault): Promise<boolean>;
  /** Kills a client's thread; `false` when none is at work there. */
  killClient(client: number): Promise<boolean>;
  /** See ORDERS. */
  order(client: number, order: number): void;
  press(kind: Pressure, ms: number): Promise<void>;
  stopProcess(ms: number): Promise<void>;
  /** Changes the members, or their quorums. */
  changeMembers(): Promise<void>;
  /** Kills more replicas than the quorums survive, and starts again from nothing. */
  loseState(): Promise<void>;
}

/** Options of {@link Nemesis}. */
export interface NemesisOptions {
  readonly stage: NemesisStage;
  readonly random: Random;
  /** Average time between two harms, in milliseconds. */
  readonly gapMs: number;
  /** Whether the process may be stopped: not where a shell would take that for a suspended job. */
  readonly mayStop: boolean;
  /** What is done; one or more, all by default. */
  readonly harms?: readonly Harm[] | undefined;
  /** Waits; rejects when `signal` fires. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** How often each harm is done, in proportion. */
const SHARES = {
  terminate: 20,
  'fail point': 50,
  hang: 6,
  oom: 6,
  'kill client': 12,
  'kill client halfway': 12,
  'block client': 12,
  flood: 6,
  'flood large': 6,
  burn: 6,
  garbage: 4,
  external: 4,
  stop: 6,
  'change members': 8,
  'lose state': 1,
} as const;

/** What can be done. */
export type Harm = keyof typeof SHARES;

/** All of it. */
export const HARMS: readonly Harm[] = Object.keys(SHARES).filter((name): name is Harm => name in SHARES);

const BLOCK_MS_MAX = 400;
const PRESSURE_MS_MAX = 800;
const STOP_MS = { MIN: 20, MAX: 700 } as const;

/** Does harm until it is told to stop. The thread that opened the cluster. */
export class Nemesis {
  /** How often each harm was done, by name; fail points under their own. */
  readonly done: Map<string, number> = new Map();
  readonly #options: NemesisOptions;
  /** Threads that press, the process that stops us, changes of members: one of each at a time. */
  readonly #background = new Map<string, Promise<void>>();

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  /** Replicas that were made to die one by one. */
  get kills(): number {
    let kills = 0;
    for (const [name, count] of this.done) if (isKill(name)) kills += count;
    return kills;
  }

  /** Does harm until `signal` fires; settles when nothing of it is under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { random, gapMs, delay } = this.#options;
    try {
      for (;;) {
        await delay(gapMs * 2 * unitOf(random), signal);
        await this.#do(this.#choose());
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await Promise.allSettled(this.#background.values());
    }
  }

  #choose(): Harm {
    const { random, harms = HARMS } = this.#options;
    let left = below(random, sumOf(harms));
    const chosen = harms.find((name) => (left -= SHARES[name]) < 0);
    assert(chosen !== undefined, 'The shares of all harms are their sum');
    return chosen;
  }

  async #do(harm: Harm): Promise<void> {
    const { stage, random, mayStop } = this.#options;
    const client = below(random, stage.clients);
    switch (harm) {
      case 'terminate':
      case 'hang':
      case 'oom':
        return this.#kill(harm);
      case 'fail point':
        return this.#kill(FAIL_POINTS[below(random, FAIL_POINTS.length)]!);
      case 'kill client':
        if (await stage.killClient(client)) this.#count(harm);
        return;
      case 'kill client halfway':
        return this.#order(harm, Math.max(1, client), ORDERS.DIE_HALFWAY);
      case 'block client':
        return this.#order(harm, client, 1 + below(random, BLOCK_MS_MAX));
      case 'flood':
        return this.#order(harm, client, ORDERS.FLOOD);
      case 'flood large':
        return this.#order(harm, client, ORDERS.FLOOD_LARGE);
      case 'stop': {
        const ms = STOP_MS.MIN + below(random, STOP_MS.MAX - STOP_MS.MIN);
        if (mayStop) this.#start(harm, () => stage.stopProcess(ms));
        return;
      }
      case 'change members':
        return this.#start(harm, () => stage.changeMembers());
      case 'lose state':
        await stage.loseState();
        return this.#count(harm);
      case 'burn':
      case 'garbage':
      case 'external': {
        const ms = 1 + below(random, PRESSURE_MS_MAX);
        return this.#start(harm, () => stage.press(harm, ms));
      }
      default:
        return unreachable(harm);
    }
  }

  /** A helper dies while somebody needs its help: so another is made to need it. */
  async #kill(fault: Fault): Promise<void> {
    const { stage, random } = this.#options;
    const members = stage.members();
    const chosen = below(random, members.length);
    const replica = members[chosen]!;
    if (!(await stage.injectFault(replica, fault))) return;
    this.#count(fault);
    if (fault !== 'helping') return;
    const next = (chosen + 1 + below(random, Math.max(1, members.length - 1))) % members.length;
    if (await stage.injectFault(members[next]!, 'terminate')) this.#count('terminate');
  }

  #order(harm: Harm, client: number, order: number): void {
    this.#options.stage.order(client, order);
    this.#count(harm);
  }

  #start(harm: Harm, act: () => Promise<void>): void {
    if (this.#background.has(harm)) return;
    this.#count(harm);
    this.#background.set(
      harm,
      act().finally(() => this.#background.delete(harm)),
    );
  }

  #count(name: string): void {
    this.done.set(name, (this.done.get(name) ?? 0) + 1);
  }
}

const KILLS: ReadonlySet<string> = new Set(['terminate', 'hang', 'oom', ...FAIL_POINTS]);

function isKill(name: string): boolean {
  return KILLS.has(name);
}

function sumOf(harms: readonly Harm[]): number {
  return harms.reduce((sum, name) => sum + SHARES[name], 0);
}
