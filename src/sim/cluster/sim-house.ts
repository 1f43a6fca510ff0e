// The chair of a simulated cluster: production's seat and housekeeping, in the thread of the replica that sits there.
// Its client has a number of its own among the nodes, which one chair after the other uses: what was sent to or from
// the client of a dead one is gone, since rings and tally board of a client end with it.
import { ChairSeat } from '../../replica/chair-seat.ts';
import type { Chair } from '../../replica/chair-seat.ts';
import { House } from '../../replica/house.ts';
import type { Keeper } from '../../replica/house.ts';
import { Housekeeper } from '../../replica/housekeeper.ts';
import type { HouseClient, HouseDoors } from '../../replica/housekeeper.ts';
import type { Rules } from '../../protocol/rules.ts';
import { between } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import type { Message } from './message.ts';
import type { Receiver, SimNetwork } from './network.ts';
import type { LookedAt } from './sim-ballots.ts';

/** How long a chair waits until its client is connected, at most, in milliseconds. */
const CONNECT_MS_MAX = 10;

/** What a house is made with. */
export interface SimHouseOptions {
  /** The number of the chair's client among the nodes. */
  readonly node: number;
  readonly engine: Engine;
  readonly network: SimNetwork;
  readonly rules: Rules;
  readonly doors: HouseDoors;
  /** A client in the thread of a replica. */
  readonly connect: (replica: number) => CoordinatorNode;
  /** Whether a replica's thread runs in that incarnation. */
  readonly isRunning: (replica: number, epoch: number) => boolean;
  /** Something has come for the client in that replica's thread. */
  readonly wake: (replica: number) => void;
}

/** One incarnation of a replica, and its voters. */
export interface Resident {
  readonly replica: number;
  readonly epoch: number;
  readonly voters: ReadonlyMap<string, LookedAt> | undefined;
}

/** The house of one cluster. */
export class SimHouse implements Receiver {
  /** What was wrong as it happened. */
  wrong: string | undefined;
  readonly #options: SimHouseOptions;
  readonly #seat: ChairSeat;
  #word = 0;
  #last: { readonly chair: Chair; readonly epoch: number; readonly client: CoordinatorNode } | undefined;

  constructor(options: SimHouseOptions) {
    this.#options = options;
    this.#seat = new ChairSeat({
      load: () => this.#word,
      exchange: (before, after) => {
        if (this.#word !== before) return false;
        this.#word = after;
        return true;
      },
    });
  }

  /** Who sits there. */
  get chair(): Chair | undefined {
    return this.#seat.chair;
  }

  /** The house as an incarnation of a replica sees it. */
  of(resident: Resident): House {
    const { replica } = resident;
    return new House({ seat: this.#seat, replica, take: (chair) => this.#take(chair, resident) });
  }

  /** The thread of a replica has exited; the supervisor. */
  vacate(replica: number): void {
    if (this.#seat.chair?.replica !== replica) return;
    this.#last?.client.leave();
    this.#seat.vacate(replica);
  }

  deliver(message: Message): void {
    const last = this.#last;
    if (last === undefined || last.client.isGone) return this.#options.network.lose(message);
    last.client.deliver(message);
    this.#options.wake(last.chair.replica);
  }

  #take(chair: Chair, { replica, epoch, voters }: Resident): Keeper {
    const { node, engine, network, rules, doors, connect, isRunning } = this.#options;
    const last = this.#last;
    if (last !== undefined) {
      engine.sometimes('another chair takes over', true);
      if (isRunning(last.chair.replica, last.epoch)) this.wrong ??= `${textOf(chair)} beside ${textOf(last.chair)}`;
      if (chair.term <= last.chair.term) this.wrong ??= `${textOf(chair)} after ${textOf(last.chair)}`;
      last.client.leave();
    }
    network.forget(node);
    const client = connect(replica);
    client.pause(); // It runs in the turns of its replica only.
    this.#last = { chair, epoch, client };
    const atMs = engine.nowMs + between(engine.random(node, `connects ${chair.term}`), 0, CONNECT_MS_MAX);
    const inside = new InsideClient(client, doors, () => atMs - engine.nowMs);
    const keeper = new Housekeeper({
      client: inside,
      collectAfterMs: 0,
      repairEveryMs: 0,
      rules,
      voters,
      onCollected: () => undefined,
    });
    const turn = (nowMs: number): number => {
      if (!this.#seat.isHeld(chair)) this.wrong ??= `${textOf(chair)} keeps the house when its term is over`;
      return keeper.turn(nowMs);
    };
    return { turn };
  }
}

/** A client whose thread is its replica's: it does everything in that one's turns. */
class InsideClient implements HouseClient {
  readonly #client: CoordinatorNode;
  readonly #doors: HouseDoors;
  readonly #untilConnectedMs: () => number;

  constructor(client: CoordinatorNode, doors: HouseDoors, untilConnectedMs: () => number) {
    this.#client = client;
    this.#doors = doors;
    this.#untilConnectedMs = untilConnectedMs;
  }

  get core(): CoordinatorNode['core'] | undefined {
    return this.#untilConnectedMs() > 0 ? undefined : this.#client.core;
  }

  get doors(): HouseDoors | undefined {
    return this.#untilConnectedMs() > 0 ? undefined : this.#doors;
  }

  turn(): number {
    const leftMs = this.#untilConnectedMs();
    if (leftMs > 0) return leftMs;
    this.#client.resume();
    this.#client.pause();
    return this.#waitMs;
  }

  send(nowMs: number): number {
    this.#client.core.flush(nowMs);
    return this.#waitMs;
  }

  get #waitMs(): number {
    return this.#client.core.pending === 0 ? Number.POSITIVE_INFINITY : TICK_MS;
  }
}

/** How often deadlines and silence are looked at while something is pending. */
const TICK_MS = 5;

function textOf({ replica, term }: Chair): string {
  return `Replica ${replica} is the chair of term ${term}`;
}
