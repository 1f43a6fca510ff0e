// The thread of a simulated replica: it takes frames in the order of the production loop (peers first, requests once it
// has caught up), spends time on each, and may be slow, paused or dead. The replica itself is production code.
import { CLIENT_HOLDER, replicaHolder } from '../../base/large-value.ts';
import type { Holder } from '../../base/large-value.ts';
import type { ErasedFloor, Vote, VoteBox } from '../../replica/environment.ts';
import { LiveQuorums } from '../../replica/live-quorums.ts';
import type { Configurations } from '../../replica/live-quorums.ts';
import type { Peer } from '../../replica/recovery.ts';
import { ClientLane, Replica } from '../../replica/replica.ts';
import type { House } from '../../replica/house.ts';
import { GOSSIP_MS } from '../../replica/topic-desk.ts';
import type { TopicDesk, TopicPlan } from '../../replica/topic-desk.ts';
import type { Rules } from '../../protocol/rules.ts';
import type { Engine } from '../engine/engine.ts';
import { SimLink } from './frames.ts';
import type { Message } from './message.ts';
import { NODES_MAX } from './network.ts';
import type { Ballotage, Receiver, SimNetwork } from './network.ts';
import type { FailPoint } from './plan.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimEpochs } from './sim-epochs.ts';
import type { Resident } from './sim-house.ts';
import { SimLargeLane } from './sim-large-lane.ts';

/** How often a recovering replica looks for missing answers, in microseconds: as in production. */
const RECOVERY_TICK_US = 5_000;
/** Work on one frame, in microseconds. */
const SERVICE_US = 2;

/** What a replica's thread is made with. */
export interface ReplicaNodeOptions {
  readonly index: number;
  readonly engine: Engine;
  readonly network: SimNetwork;
  readonly epochs: SimEpochs;
  readonly erased: ErasedFloor;
  readonly configurations: Configurations;
  /** Places for replicas: nodes from there on are coordinators. */
  readonly places: number;
  readonly rules: Rules;
  readonly bytesMax: number;
  readonly coordinators: number;
  readonly losesToDead: boolean;
  readonly clock: SimClock;
  /** A number for a large value on its way. */
  readonly nextReference: () => number;
  /** What its voters judge, incarnation by incarnation; missing where there are no topics. */
  readonly topics?: ((replica: number, epoch: number, beginsEmpty: boolean) => TopicPlan) | undefined;
  /** The house as an incarnation sees it; missing where nobody keeps one. */
  readonly house?: ((resident: Resident) => House) | undefined;
  /** It answers from now on. */
  readonly onOperational: (replica: number) => void;
  /** A guided crash has struck: its thread ends. */
  readonly onDoomed: (replica: number) => void;
}

/** A guided crash that waits for its moment. */
export interface ArmedCrash {
  readonly point: FailPoint;
  left: number;
  readonly loses: 'answer' | 'vote' | 'nothing';
  /** Whether the quorums survive it now; if not, it strikes at the next such event. */
  mayStrike(): boolean;
}

/** How it reaches one node. */
interface Way {
  readonly link: SimLink;
  /** The present incarnation's. */
  large: SimLargeLane | undefined;
}

/** One replica's thread, through all its incarnations. */
export class ReplicaNode implements Receiver {
  readonly clock: SimClock;
  /** The incarnation that runs; `undefined` while there is none. */
  replica: Replica | undefined;
  /** Work takes so many times longer. */
  slowFactor = 1;
  armed: ArmedCrash[] = [];
  /** Turns of its loop, which the supervisor watches. */
  turns = 0;
  /** Number of the configuration that it has said it goes by. */
  seen = 0;
  readonly #options: ReplicaNodeOptions;
  /** By node: the ways to peers and to clients. */
  readonly #ways: readonly Way[];
  /** By coordinator: what the present incarnation answers through. */
  #lanes: readonly ClientLane[] = [];
  readonly #fromPeers: Message[] = [];
  readonly #requests: Message[] = [];
  #vote: Ballotage | undefined;
  #isPaused = false;
  #isAnnounced = false;
  /** Whether its loop looks which configuration is in force at its next turn. */
  #mustLook = false;
  #busyUntilUs = 0;
  #hasTurn = false;
  #hasTick = false;
  #hasGossip = false;
  #house: House | undefined;
  #hasHouse = false;
  /** Number of the last message that a reset has dropped. */
  #dropsUpTo = 0;

  constructor(options: ReplicaNodeOptions) {
    this.#options = options;
    this.clock = options.clock;
    const { index, network, places, coordinators } = options;
    this.#ways = Array.from({ length: places + coordinators }, (_, node) => ({
      link: new SimLink(index * NODES_MAX + node, network),
      large: undefined,
    }));
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether frames wait that its loop would take now. */
  get hasUnread(): boolean {
    return this.#fromPeers.length + this.#requests.length > 0;
  }

  /** A new incarnation runs. */
  start(epoch: number, beginsEmpty: boolean, dropsUnread: boolean): void {
    if (dropsUnread) this.#dropUnread();
    const { index, epochs, erased, configurations, rules, bytesMax, engine } = this.#options;
    const peers = this.#connect(epoch);
    this.replica = new Replica({
      index,
      epoch,
      bytesMax,
      recovery: beginsEmpty ? undefined : { epochs },
      peers,
      rules,
      quorums: new LiveQuorums(configurations, rules),
      erased,
      topics: this.#options.topics?.(index, epoch, beginsEmpty),
    });
    this.#house = this.#options.house?.({ replica: index, epoch, voters: this.replica.topics?.voters });
    this.#isPaused = this.#isAnnounced = false;
    this.#mustLook = true;
    this.seen = 0;
    this.#busyUntilUs = engine.nowUs;
    this.turns = 0;
    this.#turn();
  }

  /** What was sent before this moment never arrives: in a ring it would be there already. */
  #dropUnread(): void {
    this.#dropsUpTo = this.#options.network.sent;
    this.#loseUnread();
  }

  #loseUnread(): void {
    for (const queue of [this.#fromPeers, this.#requests]) {
      for (const message of queue.splice(0)) this.#options.network.lose(message);
    }
  }

  /** Lanes of its own for a new incarnation, as a new thread has them. @returns the peers. */
  #connect(epoch: number): readonly (Peer | undefined)[] {
    const { index, epochs, places, nextReference } = this.#options;
    const self = replicaHolder(index, epoch);
    const doors = this.#ways.map((way, node) => {
      const { link } = way;
      const peer = (): Holder => (node < places ? replicaHolder(node, epochs.epochOf(node)) : CLIENT_HOLDER);
      way.large = new SimLargeLane({ link, self, peer, nextReference });
      return { link, large: way.large };
    });
    const votes: VoteBox = {
      vote: (slot, generation, _voter, vote, of): boolean => this.#cast(slot, generation, vote, of),
    };
    this.#lanes = doors.slice(places).map((door) => new ClientLane({ ...door, votes }));
    return doors.slice(0, places).map((door, peer) => (peer === index ? undefined : door));
  }

  /** The thread ends and its memory is gone. Frames that it has not read stay, as in rings. */
  die(): void {
    this.replica = undefined;
    this.#isPaused = false;
    if (this.#options.losesToDead) this.#loseUnread();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#turn();
  }

  /** It is woken because a configuration has come into force. */
  wake(): void {
    this.#mustLook = true;
    this.#turn();
  }

  deliver(message: Message): void {
    const isOld = message.number <= this.#dropsUpTo;
    if (isOld || (this.replica === undefined && this.#options.losesToDead)) return this.#options.network.lose(message);
    (message.from < this.#options.places ? this.#fromPeers : this.#requests).push(message);
    this.#turn();
  }

  /** Takes what is there, if it runs and has time. */
  #turn(): void {
    const { engine } = this.#options;
    if (this.replica === undefined || this.#isPaused) return;
    if (engine.nowUs < this.#busyUntilUs) return this.#turnLater(this.#busyUntilUs - engine.nowUs);
    const { replica } = this;
    if (this.#mustLook) this.#look(replica);
    if (!this.#isAnnounced) this.#announce(replica);
    let served = this.#servePeers(replica);
    if (!this.#isAnnounced && replica.isOperational && this.replica === replica) this.#announce(replica);
    if (this.replica === replica && replica.takesRequests) served += this.#serveRequests(replica);
    if (this.replica === replica && this.#isAnnounced && replica.topics !== undefined) this.#gossip(replica);
    this.turns++;
    this.#busyUntilUs = engine.nowUs + served * SERVICE_US * this.slowFactor;
    if (!this.#isAnnounced) this.#tickLater();
    else if (this.replica === replica && this.#house !== undefined) this.#keepHouse(this.#house, served);
  }

  /** The chair's work, after a turn in which so many frames were served. */
  #keepHouse(house: House, served: number): void {
    const { engine, index } = this.#options;
    const waitMs = house.turn(served, () => this.clock.readMs(engine.nowUs));
    if (this.#hasHouse || waitMs === Number.POSITIVE_INFINITY) return;
    this.#hasHouse = true;
    engine.schedule(Math.max(1, Math.ceil(1000 * waitMs)), index, () => {
      this.#hasHouse = false;
      this.#turn();
    });
  }

  /** Something has come for the client in its thread, or the seat of the chair is free. */
  wakeHouse(): void {
    if (this.#isAnnounced) this.#turn();
  }

  /** Its voters ask others: after each turn, and now and then where there is nothing to do, as in production. */
  #gossip(replica: Replica): void {
    const { engine, index } = this.#options;
    replica.tick(this.clock.readMs(engine.nowUs));
    if (this.#hasGossip) return;
    this.#hasGossip = true;
    engine.schedule(1000 * GOSSIP_MS, index, () => {
      this.#hasGossip = false;
      this.#turn();
    });
  }

  /** Its voters, while it serves. */
  get desk(): TopicDesk | undefined {
    return this.#isAnnounced ? this.replica?.topics : undefined;
  }

  /** Goes by the configuration in force, and says so, once it holds nothing that is others' there. */
  #look(replica: Replica): void {
    replica.heedConfiguration();
    this.seen = replica.configuration;
    this.#mustLook = this.seen !== this.#options.configurations.number();
    if (this.#mustLook) this.#turnLater(1);
  }

  #turnLater(afterUs: number): void {
    if (this.#hasTurn) return;
    this.#hasTurn = true;
    this.#options.engine.schedule(afterUs, this.#options.index, () => {
      this.#hasTurn = false;
      this.#turn();
    });
  }

  #tickLater(): void {
    if (this.#hasTick || this.replica === undefined) return;
    this.#hasTick = true;
    this.#options.engine.schedule(RECOVERY_TICK_US, this.#options.index, () => {
      this.#hasTick = false;
      if (!this.#isAnnounced) this.#turn();
    });
  }

  /** Asks others for what was forgotten, and says when that is done. */
  #announce(replica: Replica): void {
    const { index, engine, epochs, onOperational } = this.#options;
    replica.tick(this.clock.readMs(engine.nowUs));
    if (!replica.isOperational) return;
    this.#isAnnounced = true;
    epochs.setState(index, 'operational');
    onOperational(index);
    this.#strike('operational');
  }

  #servePeers(replica: Replica): number {
    const { network } = this.#options;
    const queue = this.#fromPeers;
    let served = 0;
    while (this.replica === replica) {
      const message = queue.shift();
      if (message === undefined) break;
      served++;
      this.#see(message);
      replica.receiveFromPeer(message.from, message.frame!, 0);
      network.release(message);
      if (message.kind === 'recover') this.#strike('answer');
    }
    return served;
  }

  #serveRequests(replica: Replica): number {
    const queue = this.#requests;
    const { network } = this.#options;
    let served = 0;
    while (this.replica === replica) {
      const message = queue.shift();
      if (message === undefined) break;
      served++;
      if (network.isForgotten(message)) network.lose(message);
      else this.#serve(replica, message);
    }
    return served;
  }

  #serve(replica: Replica, message: Message): void {
    const { index, network, places } = this.#options;
    const lane = this.#lanes[message.from - places]!;
    this.#see(message);
    this.#vote = undefined;
    network.beginAnswer();
    replica.receive(lane, message.frame!, 0);
    lane.castVotes(index, replica.epoch);
    const frame = network.takeAnswer();
    const { from, kind } = message;
    network.release(message);
    const crash = this.#due(kind);
    if (crash?.loses === 'answer') {
      if (frame !== undefined) network.pool.release(frame);
    } else {
      network.answer(index, from, frame, crash?.loses === 'vote' ? undefined : this.#vote);
    }
    if (crash !== undefined) this.#options.onDoomed(index);
  }

  #cast(slot: number, generation: number, vote: Vote, epoch: number): boolean {
    this.#vote = { vote, slot, generation, epoch };
    return false; // Whether it decides is seen where it arrives.
  }

  #strike(point: FailPoint): void {
    if (this.#due(point) !== undefined) this.#options.onDoomed(this.#options.index);
  }

  /** The guided crash that this event completes. */
  #due(point: string): ArmedCrash | undefined {
    for (const crash of this.armed) {
      if (crash.point !== point || --crash.left > 0 || !crash.mayStrike()) continue;
      this.armed = this.armed.filter((each) => each !== crash);
      return crash;
    }
    return undefined;
  }

  /** It takes a message in hand. */
  #see(message: Message): void {
    const { trace, nowUs } = this.#options.engine;
    const { from, to, number, kind, frame } = message;
    if (frame !== undefined) this.#ways[from]?.large?.arrive(frame);
    if (trace.isKept) trace.add({ atUs: nowUs, kind: 'receive', from, to, message: number, text: kind });
  }
}
