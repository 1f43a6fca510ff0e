// The loop of a replica's thread: takes frames from its rings in batches, hands them to the replica, publishes what it
// says, and parks when nothing is left. It blocks its event loop; a command word says when its port holds messages.
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { nowMs } from '../base/clock.ts';
import { CLIENT_HOLDER, replicaHolder } from '../base/large-value.ts';
import type { Holder } from '../base/large-value.ts';
import { ParcelLane } from '../replica/large-lane.ts';
import { LiveQuorums } from '../replica/live-quorums.ts';
import { Replica, ClientLane } from '../replica/replica.ts';
import type { Peer } from '../replica/recovery.ts';
import type { Doorbell } from '../ring/doorbell.ts';
import { encodeThrown } from '../actor/remote-error.ts';
import { GOSSIP_MS } from '../replica/topic-desk.ts';
import type { TopicModules, Topics } from '../replica/topic-rules.ts';
import type { TopicDefinition } from '../store/topic.ts';
import { loadTopics } from './topic-modules.ts';
import type { ImportModule, UnfitMessage } from './topic-modules.ts';
import { EpochTable, OPERATIONAL } from '../ring/epoch-table.ts';
import { sharedMemory } from '../ring/memory.ts';
import { RingConsumer, RingProducer, skipToTail } from '../ring/spsc-ring.ts';
import { TallyBoard } from '../ring/tally-board.ts';
import { ClusterBoard, COUNTER, EPOCH_TABLE_WORD, ERASED_WORD } from './board.ts';
import { Channel } from './channel.ts';
import { clientLargeChannel, peerLargeChannel, replicaOwner } from './connection.ts';
import { SharedErasedFloor } from './erased-floor.ts';
import { AT_FAIL_POINT, failPointOf, setTrap, stopHere } from './fail-point.ts';
import type { FailPoint } from './fail-point.ts';
import { FaultCommitter } from './fault.ts';
import type { Chair } from '../replica/chair-seat.ts';
import { House } from '../replica/house.ts';
import { Housekeeper } from '../replica/housekeeper.ts';
import type { Housekeeping } from '../replica/housekeeper.ts';
import { InnerClient } from './inner-client.ts';
import { rulesUnder } from './sabotage.ts';
import type { Sabotage } from './sabotage.ts';

/** A client's lane as a replica attaches it. */
export interface ClientWiring {
  readonly client: number;
  readonly serial: number;
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
  readonly tally: SharedArrayBuffer;
}

/** The rings between two replicas, from the side of one. */
export interface PeerWiring {
  readonly incoming: SharedArrayBuffer;
  readonly outgoing: SharedArrayBuffer;
}

/** What promotes a blank thread to a replica. */
export interface ReplicaWiring {
  readonly name: string;
  readonly replica: number;
  readonly epoch: number;
  readonly board: SharedArrayBuffer;
  readonly topics: Topics;
  readonly modules: TopicModules;
  /** The rule that this cluster breaks on purpose, if any. */
  readonly sabotage: Sabotage | undefined;
  readonly bytesMax: number;
  readonly housekeeping: Housekeeping;
  /** A first start begins empty and operational; any later one recovers. */
  readonly isFirst: boolean;
  /** Whether frames from before are to be dropped: after a reset they belong to the lost state. */
  readonly dropsUnread: boolean;
  /** Where to die on purpose. */
  readonly failPoint: FailPoint | undefined;
  readonly clients: readonly ClientWiring[];
  /** By replica; its own place is unused. */
  readonly peers: readonly (PeerWiring | undefined)[];
}

/** Messages to a running replica, announced by a command. */
export type ReplicaMessage =
  | { readonly kind: 'attach'; readonly wiring: ClientWiring }
  | { readonly kind: 'detach'; readonly client: number };

/** What a replica tells its supervisor once it has taken the chair. */
export interface ChairTaken {
  readonly kind: 'chair';
  readonly term: number;
}

/** A command of the doorbell's control word: the port holds messages. */
export const COMMAND_MESSAGES = 1;

/** Frames of one lane that are handled before another lane has its turn. */
const BATCH_FRAMES = 256;
/** Frames between two looks at the fault word. */
const FAULT_FRAMES = 16;
/** Longest sleep: a bound on every wait. */
const PARK_MS = 5000;
/** How often a replica that loads modules shows that it lives. */
const LOADING_TICK_MS = 20;
/** How often a recovering replica looks for missing answers. */
const RECOVERY_TICK_MS = 5;

interface Lane {
  readonly client: number;
  readonly requests: RingConsumer;
  readonly replies: RingProducer;
  readonly lane: ClientLane;
  readonly bell: Doorbell;
  readonly large: ParcelLane;
}

interface PeerLane {
  readonly incoming: RingConsumer;
  readonly outgoing: RingProducer;
  readonly bell: Doorbell;
}

/**
 * Runs a replica until its thread ends. `port` is the thread's own, with no listener left; `importModule` loads the
 * rules of topics.
 */
export async function runReplica(wiring: ReplicaWiring, port: MessagePort, importModule: ImportModule): Promise<never> {
  const thread = new ReplicaThread(wiring, port, await topicsOf(wiring, port, importModule));
  for (;;) {
    const commands = thread.bell.takeCommands();
    if ((commands & COMMAND_MESSAGES) !== 0) {
      for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port)) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the supervisor posts here
        thread.handle(received.message as ReplicaMessage);
      }
    }
    thread.turn();
  }
}

/** The topics of a replica that is to serve; the supervisor sees it live meanwhile, and hears where that is in vain. */
async function topicsOf(
  { board, replica, topics, modules }: ReplicaWiring,
  port: MessagePort,
  importModule: ImportModule,
): Promise<Definitions> {
  if (Object.keys(topics).length === 0) return undefined;
  const bell = new ClusterBoard(sharedMemory(board)).replicaBell(replica);
  const alive = setInterval(() => bell.countTurn(0), LOADING_TICK_MS);
  try {
    return await loadTopics(topics, modules, importModule);
  } catch (error) {
    const unfit: UnfitMessage = { kind: 'unfit', error: encodeThrown(error) };
    port.postMessage(unfit);
    throw error;
  } finally {
    clearInterval(alive);
  }
}

type Definitions = ReadonlyMap<string, TopicDefinition> | undefined;

class ReplicaThread {
  readonly bell: Doorbell;
  readonly #wiring: ReplicaWiring;
  readonly #port: MessagePort;
  readonly #board: ClusterBoard;
  readonly #epochs: EpochTable;
  readonly #owner: number;
  readonly #replica: Replica;
  readonly #peers: readonly (PeerLane | undefined)[];
  /** By lane number; lanes below the number of replicas are peers. */
  readonly #clients: (Lane | undefined)[] = [];
  /** Lanes that may hold frames. */
  #ready = 0;
  #isAnnounced = false;
  /** Number of the configuration that it has said it goes by. */
  #configuration = 0;
  readonly #faults = new FaultCommitter();
  readonly #house: House;

  constructor(wiring: ReplicaWiring, port: MessagePort, definitions: Definitions) {
    this.#wiring = wiring;
    this.#port = port;
    const { board, replica, epoch } = wiring;
    const memory = sharedMemory(board);
    this.#board = new ClusterBoard(memory);
    this.#epochs = new EpochTable(memory, EPOCH_TABLE_WORD);
    this.#owner = replicaOwner(replica, epoch);
    this.bell = this.#board.replicaBell(replica);
    this.#peers = wiring.peers.map((peer, other) => {
      if (peer === undefined) return undefined;
      const incoming = this.#consumer(peer.incoming, wiring.dropsUnread);
      const outgoing = new RingProducer(sharedMemory(peer.outgoing), this.#owner);
      return { incoming, outgoing, bell: this.#board.replicaBell(other) };
    });
    const doors = this.#peers.map((peer, other): Peer | undefined => {
      if (peer === undefined) return undefined;
      const large = this.#largeLane(peerLargeChannel(wiring.name, replica, other), () =>
        replicaHolder(other, this.#epochs.epochOf(other)),
      );
      return { link: peer.outgoing, large };
    });
    this.#replica = new Replica({
      index: replica,
      epoch,
      bytesMax: wiring.bytesMax,
      recovery: wiring.isFirst ? undefined : { epochs: this.#epochs },
      peers: doors,
      rules: rulesUnder(wiring.sabotage),
      quorums: new LiveQuorums(this.#board.configurations, rulesUnder(wiring.sabotage)),
      topics: definitions && { definitions, epochs: this.#epochs },
      erased: new SharedErasedFloor(wiring.board, ERASED_WORD),
    });
    this.#house = new House({ seat: this.#board.chair, replica, take: (chair) => this.#housekeeper(chair) });
    for (const client of wiring.clients) this.#attach(client, wiring.dropsUnread);
    for (let other = 0; other < this.#peers.length; other++) this.#ready |= 1 << other;
    this.bell.take();
    if (wiring.failPoint !== undefined) this.#dieAt(wiring.failPoint);
  }

  handle(message: ReplicaMessage): void {
    if (message.kind === 'attach') this.#attach(message.wiring, false); // It may have sent something already.
    else this.#detach(message.client);
  }

  /** One turn: every ready lane gets a batch; then sleeps if nothing is left. */
  turn(): void {
    this.#ready |= this.bell.take();
    if (this.#board.configurations.number() !== this.#configuration) this.#heedConfiguration();
    if (!this.#isAnnounced) this.#announce();
    const handled = this.#servePeers() + (this.#replica.takesRequests ? this.#serveClients() : 0);
    if (this.#isAnnounced && this.#replica.topics !== undefined) this.#gossip();
    this.bell.countTurn(handled);
    if (this.#faults.isLeaking) return this.#faults.leak();
    const houseMs = this.#keepHouse(handled);
    if (handled > 0) {
      this.#board.setCounter(this.#wiring.replica, COUNTER.KEYS, this.#replica.table.size);
      this.#board.setCounter(this.#wiring.replica, COUNTER.KIBIBYTES, this.#replica.table.bytes >>> 10);
      return;
    }
    this.#suffer();
    if (this.#board.configurations.number() !== this.#configuration) return; // It has not done with the last one.
    this.bell.park(this.#replica.isOperational ? Math.min(this.#parkMs, houseMs) : RECOVERY_TICK_MS);
  }

  /** Goes by the configuration in force, and says so, once it holds nothing that is others' there. */
  #heedConfiguration(): void {
    this.#replica.heedConfiguration();
    this.#configuration = this.#replica.configuration;
    this.#board.setCounter(this.#wiring.replica, COUNTER.CONFIGURATION, this.#configuration);
  }

  /** The chair's work, once it serves. @returns in how many milliseconds there is more. */
  #keepHouse(handled: number): number {
    return this.#isAnnounced ? this.#house.turn(handled, nowMs) : PARK_MS;
  }

  #housekeeper({ term }: Chair): Housekeeper {
    const { name, board, replica, epoch, housekeeping, sabotage } = this.#wiring;
    const onCollected = (count: number): void => {
      const before = this.#board.counter(replica, COUNTER.COLLECTED);
      this.#board.setCounter(replica, COUNTER.COLLECTED, before + count);
    };
    const taken: ChairTaken = { kind: 'chair', term };
    this.#port.postMessage(taken);
    return new Housekeeper({
      ...housekeeping,
      client: new InnerClient(name, board, { replica, epoch }),
      rules: rulesUnder(sabotage),
      voters: this.#replica.topics?.voters,
      onCollected,
    });
  }

  /** Topics: asks other voters, now and then, and where something is missing at once. */
  #gossip(): void {
    this.#replica.tick(nowMs());
    this.#publishToPeers();
  }

  get #parkMs(): number {
    return this.#replica.topics === undefined ? PARK_MS : GOSSIP_MS;
  }

  /** Asks others for what was forgotten, and says when that is done. */
  #announce(): void {
    this.#replica.tick(nowMs());
    this.#publishToPeers();
    if (!this.#replica.isOperational) return;
    this.#isAnnounced = true;
    const { replica } = this.#wiring;
    this.#board.setCounter(replica, COUNTER.KEYS, this.#replica.table.size);
    this.#epochs.setState(replica, OPERATIONAL);
    this.#port.postMessage('operational');
    this.#ready = -1 >>> 1; // Requests have waited in every lane meanwhile.
  }

  #servePeers(): number {
    let handled = 0;
    for (let other = 0; other < this.#peers.length; other++) {
      const peer = this.#peers[other];
      if (peer === undefined || ((this.#ready >>> other) & 1) === 0) continue;
      let count = 0;
      let start = peer.incoming.next();
      for (; start >= 0 && count < BATCH_FRAMES; count++) {
        this.#replica.receiveFromPeer(other, peer.incoming, start);
        start = count + 1 < BATCH_FRAMES ? peer.incoming.next() : -1;
      }
      if (count > 0 && peer.incoming.free()) peer.bell.ring(this.#wiring.replica);
      if (count < BATCH_FRAMES) this.#ready &= ~(1 << other);
      handled += count;
    }
    if (handled > 0) this.#publishToPeers();
    return handled;
  }

  #publishToPeers(): void {
    for (const peer of this.#peers) if (peer?.outgoing.publish() === true) peer.bell.ring(this.#wiring.replica);
  }

  #serveClients(): number {
    let handled = 0;
    const lanes = this.#clients;
    for (let lane = this.#peers.length; lane < lanes.length; lane++) {
      const client = lanes[lane];
      if (client === undefined || ((this.#ready >>> lane) & 1) === 0) continue;
      handled += this.#serve(client, lane);
    }
    return handled;
  }

  #serve({ requests, replies, lane, bell }: Lane, laneIndex: number): number {
    let count = 0;
    while (count < BATCH_FRAMES) {
      const start = requests.next();
      if (start < 0) break;
      this.#replica.receive(lane, requests, start);
      if (++count % FAULT_FRAMES === 0) this.#suffer();
    }
    if (count < BATCH_FRAMES) this.#ready &= ~(1 << laneIndex);
    if (count === 0) return 0;
    replies.publish();
    const hasDecided = lane.castVotes(this.#replica.index, this.#replica.epoch); // After the answers can be seen.
    if (requests.free() || hasDecided) bell.ring(this.#replica.index);
    return count;
  }

  #suffer(): void {
    const fault = this.#board.counter(this.#wiring.replica, COUNTER.FAULT);
    if (fault === 0) return;
    const code = this.#board.takeCounter(this.#wiring.replica, COUNTER.FAULT);
    const point = failPointOf(code);
    if (point === undefined) this.#faults.commit(code, this.#replica.table);
    else this.#dieAt(point);
  }

  /** Stops where a fault wants it, and waits there to be terminated. */
  #dieAt(point: FailPoint): void {
    const stop = (): void => stopHere(() => this.#port.postMessage(AT_FAIL_POINT));
    if (point === 'spawned') return stop();
    const before = { when: 'before', isDue: () => true, stop } as const;
    for (const client of this.#clients) {
      if (client === undefined) continue;
      if (point === 'claimed') setTrap(client.replies, 'commit', before);
      if (point === 'unpublished') setTrap(client.replies, 'publish', before);
      if (point === 'unvoted') setTrap(client.lane, 'castVotes', before);
      if (point === 'voted') setTrap(client.lane, 'castVotes', { ...before, when: 'after' });
      if (point === 'large') setTrap(client.large, 'take', { ...before, when: 'after' });
    }
    for (const peer of this.#peers) {
      if (peer === undefined) continue;
      if (point === 'helping') setTrap(peer.outgoing, 'commit', before);
      // Before it is operational only: after that the supervisor counts on it.
      if (point === 'recovering') {
        setTrap(peer.incoming, 'free', { ...before, isDue: () => !this.#replica.isOperational });
      }
    }
  }

  #attach(client: ClientWiring, dropsUnread: boolean): void {
    const lane = this.#peers.length + client.client;
    this.#detach(client.client);
    const requests = this.#consumer(client.requests, dropsUnread);
    const replies = new RingProducer(sharedMemory(client.replies), this.#owner);
    const votes = new TallyBoard(sharedMemory(client.tally));
    const channel = clientLargeChannel(this.#wiring.name, client.serial, this.#wiring.replica);
    const large = this.#largeLane(channel, () => CLIENT_HOLDER);
    this.#clients[lane] = {
      client: client.client,
      requests,
      replies,
      lane: new ClientLane({ link: replies, votes, large }),
      bell: this.#board.clientBell(client.client),
      large,
    };
    this.#ready |= 1 << lane;
  }

  #largeLane(name: string, peer: () => Holder): ParcelLane {
    const { replica, epoch } = this.#wiring;
    const nextReference = (): number => this.#board.nextReference();
    return new ParcelLane({ channel: new Channel(name), nextReference, self: replicaHolder(replica, epoch), peer });
  }

  #detach(client: number): void {
    const lane = this.#peers.length + client;
    const present = this.#clients[lane];
    if (present === undefined) return;
    present.large.close();
    this.#clients[lane] = undefined;
    this.#ready &= ~(1 << lane);
  }

  #consumer(buffer: SharedArrayBuffer, dropsUnread: boolean): RingConsumer {
    const memory = sharedMemory(buffer);
    skipToTail(memory, dropsUnread);
    return new RingConsumer(memory, this.#owner);
  }
}
