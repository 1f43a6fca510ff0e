// A client inside of a replica's thread, which sleeps on its doorbell and has no event loop: it connects over the door
// like any other, but looks for the answer itself, and does everything else in turns too.
import { InvariantError } from '../base/assert.ts';
import { systemSeed } from '../base/random.ts';
import { ClientCore } from '../replica/client-core.ts';
import { LiveQuorums } from '../replica/live-quorums.ts';
import { sharedMemory } from '../ring/memory.ts';
import { ClusterBoard } from './board.ts';
import { Channel } from './channel.ts';
import { ClientLanes } from './client-lanes.ts';
import type { Claim } from './client-life.ts';
import { doorChannel } from './connection.ts';
import type { DoorMessage, Inside } from './connection.ts';
import { rulesUnder } from './sabotage.ts';

/** The supervisor answers within a turn of its event loop; a claim that it did not see is given back. */
const CONNECT_MS = 10_000;
/** How often it looks for that answer, and whether a place is free where none was. */
const LOOK_MS = 5;
const NO_PLACE_MS = 1000;
/** How often deadlines and silence are looked at while operations are pending, and frames that have come. */
const TICK_MS = 5;
const POLL_MS = 1;
/** How often it replaces the signs of life that the supervisor has taken. */
const LIFE_MS = 500;

/** What has been asked at the door. */
interface Asked {
  readonly door: Channel<DoorMessage>;
  readonly ticket: string;
  readonly untilMs: number;
}

/** One client; the thread of its replica uses it. */
export class InnerClient {
  /** `undefined` until it is connected. */
  core: ClientCore | undefined;
  readonly #name: string;
  readonly #inside: Inside;
  readonly #board: ClusterBoard;
  #held: Claim | undefined;
  #asked: Asked | undefined;
  #lanes: ClientLanes | undefined;
  #tickAtMs = 0;
  #lifeAtMs = 0;

  constructor(name: string, board: SharedArrayBuffer, inside: Inside) {
    this.#name = name;
    this.#inside = inside;
    this.#board = new ClusterBoard(sharedMemory(board));
  }

  /** What it touches of the world; `undefined` until it is connected. */
  get doors(): ClientLanes['doors'] | undefined {
    return this.#lanes?.doors;
  }

  /** Takes in what has come. @returns in how many milliseconds it wants to be called again; infinite when idle. */
  turn(nowMs: number): number {
    const { core } = this;
    const lanes = this.#lanes;
    if (core === undefined || lanes === undefined) return this.#connect(nowMs);
    this.#showLife(nowMs);
    core.heedLife();
    lanes.takeIn(core);
    core.coordinator.collect(nowMs);
    if (core.pending === 0) return Number.POSITIVE_INFINITY;
    if (nowMs >= this.#tickAtMs) {
      this.#tickAtMs = nowMs + TICK_MS;
      core.tick(nowMs);
    }
    return POLL_MS;
  }

  /** Sends what was submitted. @returns in how many milliseconds it wants a turn; infinite when idle. */
  send(nowMs: number): number {
    if (this.core === undefined) return Number.POSITIVE_INFINITY;
    this.#lanes?.send(this.core, nowMs);
    return this.core.pending === 0 ? Number.POSITIVE_INFINITY : POLL_MS;
  }

  #connect(nowMs: number): number {
    const asked = this.#asked ?? this.#ask(nowMs);
    if (asked === undefined) return NO_PLACE_MS;
    for (let message = asked.door.take(); message !== undefined; message = asked.door.take()) {
      if (message.kind !== 'connected' || message.ticket !== asked.ticket) continue; // What others say at the door.
      const { connection } = message;
      asked.door.close();
      this.#asked = undefined;
      this.#lanes = new ClientLanes(connection);
      const ends = { settle: unasked, settleChange: unasked, settleSession: unasked };
      const doors = { ...this.#lanes.doors, ...ends, settleScan: unasked, settleProposal: unasked };
      const rules = rulesUnder(connection.sabotage);
      this.core = new ClientCore(doors, new LiveQuorums(this.#board.configurations, rules), rules);
      return 0;
    }
    if (nowMs > asked.untilMs) this.#giveUp(asked);
    return LOOK_MS;
  }

  #ask(nowMs: number): Asked | undefined {
    this.#held = this.#board.clients.claimChairs();
    if (this.#held === undefined) return undefined;
    const ticket = `${systemSeed()}:${systemSeed()}`;
    const door = new Channel<DoorMessage>(doorChannel(this.#name));
    const { place, claim } = this.#held;
    door.post({ kind: 'connect', ticket, client: place, claim, inside: this.#inside });
    this.#asked = { door, ticket, untilMs: nowMs + CONNECT_MS };
    return this.#asked;
  }

  #giveUp({ door }: Asked): void {
    door.close();
    this.#asked = undefined;
    if (this.#held !== undefined) this.#board.clients.release(this.#held);
    this.#held = undefined;
  }

  #showLife(nowMs: number): void {
    if (nowMs < this.#lifeAtMs || this.#held === undefined) return;
    this.#lifeAtMs = nowMs + LIFE_MS;
    this.#board.clients.showLife(this.#held);
  }
}

function unasked(): never {
  throw new InvariantError('Who asks inside is told by its inner call');
}
