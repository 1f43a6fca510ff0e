// What a client's thread shares with its cluster: rings to and from every replica, the tally board, the doorbell, the
// words that all threads see. A client that waits for promises has them, and so has the one inside of the chair.
import { monotonicMs } from '../base/clock.ts';
import { CLIENT_HOLDER, replicaHolder } from '../base/large-value.ts';
import { systemRandom } from '../base/random.ts';
import type { ClientCore, ClientCoreDoors } from '../replica/client-core.ts';
import { ParcelLane } from '../replica/large-lane.ts';
import type { Doorbell } from '../ring/doorbell.ts';
import { EpochTable } from '../ring/epoch-table.ts';
import { sharedMemory } from '../ring/memory.ts';
import { RingConsumer, RingProducer } from '../ring/spsc-ring.ts';
import { TallyBoard } from '../ring/tally-board.ts';
import { ClusterBoard, EPOCH_TABLE_WORD, ERASED_WORD, TAG_WORD } from './board.ts';
import { Channel } from './channel.ts';
import { clientLargeChannel, clientOwner } from './connection.ts';
import type { Connection } from './connection.ts';
import { SharedErasedFloor } from './erased-floor.ts';
import { SharedTagCounter } from './tag-counter.ts';

type Settling = 'settle' | 'settleChange' | 'settleSession' | 'settleScan' | 'settleProposal';

/** The memory of one connection. One thread uses it. */
export class ClientLanes {
  readonly board: ClusterBoard;
  readonly bell: Doorbell;
  /** What a core touches of the world, but for whom it tells of what has ended. */
  readonly doors: Omit<ClientCoreDoors, Settling> & { readonly epochs: EpochTable; readonly tags: SharedTagCounter };
  /** Times that a parked replica was woken. */
  replicaWakeUps = 0;
  readonly #replicaBells: readonly Doorbell[];
  readonly #requests: readonly RingProducer[];
  readonly #replies: readonly RingConsumer[];
  readonly #large: readonly ParcelLane[];
  /** Its lane at every replica; lanes below are those of other replicas. */
  readonly #lane: number;

  constructor(connection: Connection) {
    const { board, client, lanes, name, readRepair, ringBytes, serial, tally } = connection;
    const memory = sharedMemory(board);
    this.board = new ClusterBoard(memory);
    this.bell = this.board.clientBell(client);
    this.#lane = lanes.length + client;
    this.#replicaBells = lanes.map((_, replica) => this.board.replicaBell(replica));
    const owner = clientOwner(serial);
    const epochs = new EpochTable(memory, EPOCH_TABLE_WORD);
    this.#requests = lanes.map((lane) => new RingProducer(sharedMemory(lane.requests), owner));
    this.#replies = lanes.map((lane) => new RingConsumer(sharedMemory(lane.replies), owner));
    this.#large = lanes.map(
      (_, replica) =>
        new ParcelLane({
          channel: new Channel(clientLargeChannel(name, serial, replica)),
          nextReference: () => this.board.nextReference(),
          self: CLIENT_HOLDER,
          peer: () => replicaHolder(replica, epochs.epochOf(replica)),
        }),
    );
    this.doors = {
      links: this.#requests,
      large: this.#large,
      board: new TallyBoard(sharedMemory(tally)),
      epochs,
      tags: new SharedTagCounter(board, TAG_WORD),
      erased: new SharedErasedFloor(board, ERASED_WORD),
      random: systemRandom(),
      ringBytes,
      repairsReads: readRepair,
      firstReader: client % lanes.length,
      life: this.board,
      owner: serial,
      sharedMs: monotonicMs,
    };
  }

  /** Sends what there is room for. @returns whether the queue was held back by a ring that has room now. */
  send(core: ClientCore, nowMs: number): boolean {
    let replicas = core.flush(nowMs);
    for (let replica = 0; replicas !== 0; replica++, replicas >>>= 1) {
      if ((replicas & 1) === 0) continue;
      this.#requests[replica]!.publish();
      if (this.#replicaBells[replica]!.ring(this.#lane)) this.replicaWakeUps++;
    }
    let hasRoom = false;
    let blocked = core.coordinator.takeBlocked();
    for (let replica = 0; blocked !== 0; replica++, blocked >>>= 1) {
      if ((blocked & 1) !== 0 && !this.#requests[replica]!.wantRoom()) hasRoom = true;
    }
    return hasRoom;
  }

  /** Takes in all frames that have arrived, for `core.coordinator.collect` to make something of. */
  takeIn(core: ClientCore): void {
    this.bell.take();
    core.look();
    for (let replica = 0; replica < this.#replies.length; replica++) {
      const ring = this.#replies[replica]!;
      let start = ring.next();
      if (start < 0) continue;
      for (; start >= 0; start = ring.next()) core.coordinator.receive(replica, ring, start);
      ring.free();
    }
  }

  /** Lets go of all of it; nobody may use it any more. */
  close(): void {
    this.bell.wake();
    for (const lane of this.#large) lane.close();
    for (const ring of this.#requests) ring.detach();
    for (const ring of this.#replies) ring.detach();
  }
}
