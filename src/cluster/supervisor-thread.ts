// The supervisor's thread: parent of the replicas, owner of the board's epochs and states, maker of rings. It heals
// while the main thread is blocked. What it decides is in supervision/ and quorum/; this is the wiring.
import type { MessagePort } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { maskOf } from '../base/bits.ts';
import { nowMs } from '../base/clock.ts';
import { QuorateError, isQuorateError } from '../base/errors.ts';
import { CLIENT_PLACES, WINDOW_SLOTS } from '../base/limits.ts';
import { systemRandom } from '../base/random.ts';
import { DOWN, EpochTable, OPERATIONAL, RECOVERING, STARTING } from '../ring/epoch-table.ts';
import { sharedMemory } from '../ring/memory.ts';
import type { SharedMemory } from '../ring/memory.ts';
import { createRing, evictOwner, unreadBytes } from '../ring/spsc-ring.ts';
import { createTallyBoard } from '../ring/tally-board.ts';
import { mutableBallot } from '../protocol/ballot.ts';
import { renewed } from '../quorum/configuration.ts';
import type { Configuration, Membership } from '../quorum/configuration.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { CLUSTER_CLOSED, CLUSTER_OPEN, CLUSTER_STATE_LOST } from '../replica/environment.ts';
import { LiveQuorums, fixedConfiguration } from '../replica/live-quorums.ts';
import { MembershipChange } from '../replica/membership-change.ts';
import type { ChangeOfMembersDoors, ChangeStep } from '../replica/membership-change.ts';
import { MemoryRoll } from '../replica/memory-roll.ts';
import type { ExitReason } from '../supervision/exit-reason.ts';
import { isHung, measure } from '../supervision/hang-watch.ts';
import type { HangMeasurement } from '../supervision/hang-watch.ts';
import { ThreadKeeper } from '../supervision/thread-keeper.ts';
import { COUNTER, ClusterBoard, EPOCH_TABLE_WORD, TAG_WORD } from './board.ts';
import { Channel } from './channel.ts';
import { CHAIRS_PLACE, ClientWatch } from './client-life.ts';
import { doorChannel, replicaOwner } from './connection.ts';
import type { Buckets } from '../replica/bucket.ts';
import type { TopicModules, Topics } from '../replica/topic-rules.ts';
import { decodeThrown } from '../actor/remote-error.ts';
import { SharedTagCounter } from './tag-counter.ts';
import { isUnfit } from './topic-modules.ts';
import type { Connection, DoorMessage, LaneMemory } from './connection.ts';
import { AT_FAIL_POINT, FAIL_POINT_EXIT, NEXT_LIFE, codeOf } from './fail-point.ts';
import type { FailPoint } from './fail-point.ts';
import { FAULT_CODES, isSurvived } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Housekeeping } from '../replica/housekeeper.ts';
import { rulesUnder } from './sabotage.ts';
import type { Sabotage } from './sabotage.ts';
import { COMMAND_MESSAGES } from './replica-thread.ts';
import type { ChairTaken, ClientWiring, PeerWiring, ReplicaMessage, ReplicaWiring } from './replica-thread.ts';

/** What the main thread starts a supervisor with; plain and cloneable. */
export interface SupervisorWiring {
  readonly name: string;
  readonly board: SharedArrayBuffer;
  /** Of the members at the start, which take the first places. */
  readonly quorums: RegisterQuorums;
  /** Places for replicas. */
  readonly places: number;
  /** The rule that this cluster breaks on purpose, if any. */
  readonly sabotage: Sabotage | undefined;
  readonly buckets: Buckets;
  readonly readRepair: boolean;
  readonly cacheBytesMax: number;
  readonly topics: Topics;
  readonly modules: TopicModules;
  readonly ringBytes: number;
  readonly replicaHeapMb: number;
  readonly replicaBytesMax: number;
  readonly hungMs: number;
  readonly standbys: number;
  readonly restartsMax: number;
  readonly restartWindowMs: number;
  readonly housekeeping: Housekeeping;
  /** Where replicas' program lies. */
  readonly replicaEntry: string;
}

/** The supervisor's `workerData`. */
export interface SupervisorStart {
  readonly wiring: SupervisorWiring;
  readonly control: MessagePort;
  readonly events: MessagePort;
}

/** What the supervisor tells the main thread of, in order. */
export type SupervisorEvent =
  | { readonly kind: 'down'; readonly replica: number; readonly epoch: number; readonly reason: ExitReason }
  | {
      readonly kind: 'operational';
      readonly replica: number;
      readonly epoch: number;
      readonly recoveryMs: number;
      readonly threadId: number | undefined;
    }
  | { readonly kind: 'state-lost'; readonly down: readonly number[] }
  | ChangeEvent
  | { readonly kind: 'chair'; readonly replica: number; readonly term: number }
  | { readonly kind: 'reset' };

/** A change of members has come so far. */
export interface ChangeEvent {
  readonly kind: 'change';
  readonly step: ChangeStep;
  /** Number of the configuration in force. */
  readonly number: number;
}

/** What the main thread may call, over the control plane. */
export interface SupervisorControl {
  start(): Promise<void>;
  stop(): Promise<void>;
  reset(): Promise<void>;
  injectFault(replica: number, fault: Fault, isForced: boolean): Promise<boolean>;
  threadIds(): Promise<(number | undefined)[]>;
  /** Begins a change of members; events tell how far it has come. @returns whether none was under way. */
  beginChange(target: Membership): Promise<boolean>;
  /** See `MembershipChange.compared`. */
  compared(replicas: number, number: number): Promise<void>;
  /** Takes the change under way back, where that can be. */
  undoChange(): Promise<void>;
}

interface ClientSlot {
  readonly serial: number;
  /** What holds its place in the client table. */
  readonly claim: number;
  readonly lanes: readonly LaneMemory[];
  readonly tally: SharedArrayBuffer;
  /** The request rings, by replica: views that every tick looks through. */
  readonly requests: readonly SharedMemory[];
}

/** Looks at the replicas within one hang limit, and the bounds of their period: an idle cluster must cost nothing. */
const LOOKS_PER_HANG = 5;
const TICK_MS_MIN = 5;
const TICK_MS_MAX = 100;
/** Longest wait for a replica to come by its fail point, in milliseconds; then it is terminated wherever it is. */
const FAIL_POINT_MS = 1000;
/** While all replicas sleep, a look every so many ticks: a replica that hangs then is found that much later. */
const IDLE_TICKS = 5;

/** The supervisor of one cluster. */
export class Supervisor implements SupervisorControl {
  readonly #wiring: SupervisorWiring;
  readonly #board: ClusterBoard;
  readonly #epochs: EpochTable;
  readonly #keeper: ThreadKeeper;
  readonly #events: MessagePort;
  readonly #door: Channel<DoorMessage>;
  readonly #clients: (ClientSlot | undefined)[] = Array.from({ length: CLIENT_PLACES });
  readonly #clientWatch: ClientWatch;
  /** Rings between replicas: `#peerRings[from][to]`. */
  readonly #peerRings: readonly (readonly SharedMemory[])[];
  readonly #hangs: (HangMeasurement | undefined)[];
  readonly #memories: MemoryRoll;
  readonly #downSinceMs: number[];
  /** Replicas that were told to commit a fault and have not died of it yet. */
  readonly #doomed = new Set<number>();
  /** Where the next incarnation of a replica is to die. */
  readonly #nextPoints: (FailPoint | undefined)[];
  readonly #dropsUnread: boolean[];
  #serial = 0;
  #ticker: ReturnType<typeof setTimeout> | undefined;
  #resetting: Promise<void> | undefined;
  readonly #quorums: LiveQuorums;
  #change: MembershipChange | undefined;
  /** Why a replica cannot serve, now or ever. */
  #unfit: unknown = undefined;

  constructor(wiring: SupervisorWiring, events: MessagePort) {
    this.#wiring = wiring;
    this.#events = events;
    const memory = sharedMemory(wiring.board);
    this.#board = new ClusterBoard(memory);
    this.#epochs = new EpochTable(memory, EPOCH_TABLE_WORD);
    this.#clientWatch = new ClientWatch(this.#board.clients);
    const each = Array.from({ length: wiring.places });
    this.#publish(fixedConfiguration(wiring.quorums).read());
    this.#quorums = new LiveQuorums(this.#board.configurations);
    this.#peerRings = each.map(() => each.map(() => createRing(wiring.ringBytes)));
    this.#hangs = each.map(() => undefined);
    this.#memories = new MemoryRoll(this.#quorums, this.#epochs, this.#board, wiring.places);
    this.#downSinceMs = each.map(() => nowMs());
    this.#nextPoints = each.map(() => undefined);
    this.#dropsUnread = each.map(() => false);
    this.#door = new Channel(doorChannel(wiring.name));
    this.#door.listen((message) => this.#onDoor(message));
    this.#keeper = this.#makeKeeper();
  }

  async start(): Promise<void> {
    await this.#keeper.start();
    const tickMs = Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, Math.floor(this.#wiring.hungMs / LOOKS_PER_HANG)));
    this.#tick(tickMs);
    await this.#untilAllOperational();
  }

  async stop(): Promise<void> {
    this.#board.state = CLUSTER_CLOSED;
    clearTimeout(this.#ticker);
    await this.#keeper.stop();
    this.#door.close();
  }

  reset(): Promise<void> {
    this.#resetting ??= this.#reset().finally(() => (this.#resetting = undefined));
    return this.#resetting;
  }

  async injectFault(replica: number, fault: Fault, isForced: boolean): Promise<boolean> {
    const isLive = this.#epochs.isOperational(replica) && !this.#doomed.has(replica);
    let away = 0;
    for (const each of votersIn(this.#members)) {
      if (!this.#epochs.isOperational(each) || this.#doomed.has(each)) away |= 1 << each;
    }
    if (isSurvived(fault)) {
      if (isLive) this.#order(replica, FAULT_CODES[fault]);
      return isLive;
    }
    away |= 1 << replica;
    const isOneTooMany = this.#quorums.electorate.isLost(away) || this.#change?.breaksWithout(away) === true;
    if (!isLive || (isOneTooMany && !isForced)) return false;
    this.#doomed.add(replica);
    if (fault === 'terminate') this.#keeper.endSoon(replica, { kind: 'exit', code: 1 });
    else if (fault === 'hang' || fault === 'oom') this.#order(replica, FAULT_CODES[fault]);
    else this.#endAt(replica, fault);
    return true;
  }

  #endAt(replica: number, point: FailPoint): void {
    const epoch = this.#epochs.epochOf(replica);
    if (NEXT_LIFE.has(point)) {
      this.#nextPoints[replica] = point;
      this.#keeper.endSoon(replica, { kind: 'exit', code: 1 });
      return;
    }
    this.#order(replica, codeOf(point));
    const endAnyhow = (): void => {
      if (this.#epochs.epochOf(replica) === epoch) this.#keeper.endSoon(replica, { kind: 'exit', code: 1 });
    };
    setTimeout(endAnyhow, FAIL_POINT_MS).unref();
  }

  #order(replica: number, code: number): void {
    this.#board.setCounter(replica, COUNTER.FAULT, code);
    this.#board.replicaBell(replica).wake();
  }

  async threadIds(): Promise<(number | undefined)[]> {
    return Array.from({ length: this.#wiring.places }, (_, replica) => this.#keeper.threadOf(replica));
  }

  async beginChange(target: Membership): Promise<boolean> {
    if (this.#change !== undefined || this.#resetting !== undefined) return false;
    const before = this.#board.configurations.read();
    const rules = rulesUnder(this.#wiring.sabotage);
    this.#change = new MembershipChange(before, target, this.#doorsOfChange(), rules);
    void this.#drive(this.#change);
    return true;
  }

  async compared(replicas: number, number: number): Promise<void> {
    this.#change?.compared(replicas, number);
  }

  async undoChange(): Promise<void> {
    this.#change?.undo();
  }

  /** Takes the steps of a change as they become possible, and tells of each. */
  async #drive(change: MembershipChange): Promise<void> {
    for (let told: ChangeStep | undefined; !change.isOver || told !== change.step;) {
      if (this.#board.state !== CLUSTER_OPEN) change.undo();
      if (this.#board.state === CLUSTER_CLOSED) return;
      change.turn();
      if (change.isOver) this.#change = undefined; // Before it is told of: the next one may begin.
      if (told === change.step) await new Promise((resolve) => setTimeout(resolve, 1));
      else this.#tell({ kind: 'change', step: (told = change.step), number: change.configuration.number });
    }
  }

  #bringIntoForce(configuration: Configuration): void {
    this.#publish(configuration);
    this.#quorums.refresh();
    this.#wakeAll();
  }

  #doorsOfChange(): ChangeOfMembersDoors {
    const tags = new SharedTagCounter(this.#wiring.board, TAG_WORD);
    return {
      lastTag: () => {
        const last = mutableBallot();
        tags.last(last);
        return last;
      },
      publish: (configuration) => this.#bringIntoForce(configuration),
      seenBy: (replica) => this.#board.counter(replica, COUNTER.CONFIGURATION),
      isRunning: (replica) => this.#keeper.threadOf(replica) !== undefined,
      isOperational: (replica) => this.#epochs.isOperational(replica) && !this.#doomed.has(replica),
      start: (replica) => {
        this.#memories.admit(replica);
        this.#downSinceMs[replica] = nowMs();
        this.#keeper.open(replica);
      },
      retire: (replica) => void this.#retire(replica),
    };
  }

  /** Ends a thread that is no member any more. One that is deaf to it ends when it does: the change waits for that. */
  async #retire(replica: number): Promise<void> {
    try {
      await this.#keeper.retire(replica);
      this.#memories.forget(replica);
    } catch (error) {
      if (!isQuorateError(error) || error.code !== 'ERR_QUORATE_HUNG') throw error;
    }
  }

  /** The words first, then the counter by which everybody sees that something has moved. */
  #publish(configuration: Configuration): void {
    this.#board.configurations.publish(configuration);
    this.#epochs.noteConfiguration();
  }

  /** Those that decide, and those that are about to, as a mask. */
  get #members(): number {
    return this.#quorums.electorate.all | (this.#change?.newcomers ?? 0);
  }

  async #reset(): Promise<void> {
    this.#memories.beginReset();
    this.#change?.undo();
    // A client whose thread stands still may send something of the lost state once the new one has begun.
    this.#bringIntoForce(renewed(this.#board.configurations.read()));
    this.#dropsUnread.fill(true);
    this.#nextPoints.fill(undefined);
    const members = votersIn(this.#quorums.electorate.all);
    const ends = members.map((replica) => this.#keeper.end(replica, { kind: 'exit', code: 0 }));
    let isEmpty = false;
    try {
      await Promise.all(ends);
      await this.#endChange(); // After that: it waits for replicas that hang, which a lost state does not let us end.
      await this.#untilAllOperational();
      isEmpty = true;
    } finally {
      if (this.#memories.endReset(isEmpty)) this.#tell({ kind: 'reset' });
    }
  }

  /** A reset ends with members that do not change. */
  async #endChange(): Promise<void> {
    while (this.#change !== undefined) {
      this.#change.undo();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #makeKeeper(): ThreadKeeper {
    const { quorums, places, replicaEntry, replicaHeapMb, standbys, restartsMax, restartWindowMs, name } = this.#wiring;
    return new ThreadKeeper({
      slots: places,
      kept: quorums.threads,
      entry: new URL(replicaEntry),
      standbys,
      workerOptions: {
        name: `quorate:${name}:replica`,
        resourceLimits: { maxOldGenerationSizeMb: replicaHeapMb },
        execArgv: [],
        stdin: false,
      },
      policy: { restartsMax, windowMs: restartWindowMs, backoffMsMax: 1000 },
      random: systemRandom(),
      clock: nowMs,
      hooks: {
        wiringFor: (slot, epoch) => ({ message: this.#wiringFor(slot, epoch) }),
        onDown: (slot, epoch, reason) => this.#onDown(slot, epoch, reason),
        mayEnd: (slot, reason) => reason.kind !== 'hung' || this.#memories.mayEnd(slot, maskOf(this.#doomed)),
        onMessage: (slot, _epoch, message) => this.#onMessage(slot, message),
      },
    });
  }

  /** A replica says that it is operational, or stands where it was told to die. */
  #onMessage(replica: number, message: unknown): void {
    if (isUnfit(message)) this.#unfit = decodeThrown(message.error);
    else if (message === AT_FAIL_POINT) this.#keeper.endSoon(replica, { kind: 'exit', code: FAIL_POINT_EXIT });
    else if (isTaken(message)) this.#tell({ kind: 'chair', replica, term: message.term });
    else this.#noteOperational(replica);
  }

  #wiringFor(replica: number, epoch: number): ReplicaWiring {
    const { name, board, sabotage, replicaBytesMax, topics, modules, housekeeping } = this.#wiring;
    this.#board.setCounter(replica, COUNTER.FAULT, 0);
    this.#board.setCounter(replica, COUNTER.CONFIGURATION, 0);
    this.#board.replicaBell(replica).reset();
    const isFirst = this.#memories.beginsEmpty(replica) || sabotage === 'catch-up';
    if (epoch > this.#epochs.epochOf(replica)) this.#epochs.setEpoch(replica, epoch);
    this.#epochs.setState(replica, isFirst ? STARTING : RECOVERING);
    this.#hangs[replica] = undefined;
    const dropsUnread = this.#dropsUnread[replica]!;
    this.#dropsUnread[replica] = false;
    const failPoint = this.#nextPoints[replica];
    this.#nextPoints[replica] = undefined;
    const clients = this.#clients.flatMap((slot, client) =>
      slot === undefined ? [] : [this.#clientWiring(slot, client, replica)],
    );
    const peers = this.#peerRings.map((rings, other): PeerWiring | undefined =>
      other === replica
        ? undefined
        : { incoming: bufferOf(rings[replica]!), outgoing: bufferOf(this.#peerRings[replica]![other]!) },
    );
    return {
      name,
      replica,
      epoch,
      board,
      topics,
      modules,
      bytesMax: replicaBytesMax,
      housekeeping,
      isFirst,
      sabotage,
      dropsUnread,
      failPoint,
      clients,
      peers,
    };
  }

  #clientWiring(slot: ClientSlot, client: number, replica: number): ClientWiring {
    const { requests, replies } = slot.lanes[replica]!;
    return { client, serial: slot.serial, requests, replies, tally: slot.tally };
  }

  /** The old incarnation is gone: its epoch is void and its rings are free before the next one does anything. */
  #onDown(replica: number, epoch: number, reason: ExitReason): void {
    this.#doomed.delete(replica);
    this.#memories.noteDown(replica);
    this.#epochs.setState(replica, DOWN);
    this.#epochs.setEpoch(replica, epoch + 1);
    this.#downSinceMs[replica] = nowMs();
    this.#evict(replica, replicaOwner(replica, epoch));
    if (this.#board.chair.chair?.replica === replica) this.#vacateChair(replica);
    this.#wakeAll(); // It may have died between taking a thread's parked flag down and waking it.
    this.#tell({ kind: 'down', replica, epoch, reason });
    if (reason.kind === 'stopped' || !this.#memories.declareLoss()) return;
    this.#tell({ kind: 'state-lost', down: this.#memories.withoutMemory() });
  }

  /** The chair has died: the next one finds its seat free, and the place of its client. */
  #vacateChair(replica: number): void {
    const claim = this.#board.clients.claimOf(CHAIRS_PLACE);
    if (claim > 0) this.#evictClient(CHAIRS_PLACE, claim);
    this.#board.chair.vacate(replica);
  }

  #wakeAll(): void {
    for (let replica = 0; replica < this.#wiring.places; replica++) this.#board.replicaBell(replica).wake();
    for (let client = 0; client < CLIENT_PLACES; client++) this.#board.clientBell(client).wake();
  }

  #evict(replica: number, owner: number): void {
    for (const client of this.#clients) {
      if (client === undefined) continue;
      evictOwner(client.requests[replica]!, 'consumer', owner);
      evictOwner(sharedMemory(client.lanes[replica]!.replies), 'producer', owner);
    }
    for (let other = 0; other < this.#peerRings.length; other++) {
      evictOwner(this.#peerRings[other]![replica]!, 'consumer', owner);
      evictOwner(this.#peerRings[replica]![other]!, 'producer', owner);
    }
  }

  /** Looks at every replica; less often while all of them sleep. */
  #tick(tickMs: number): void {
    const now = nowMs();
    let isIdle = true;
    for (let replica = 0; replica < this.#wiring.places; replica++) {
      this.#noteOperational(replica);
      if (!this.#watch(replica, now, tickMs)) isIdle = false;
    }
    for (const { place, claim } of this.#clientWatch.gone(now)) this.#evictClient(place, claim);
    this.#ticker = setTimeout(() => this.#tick(tickMs), isIdle ? IDLE_TICKS * tickMs : tickMs);
  }

  #noteOperational(replica: number): void {
    if (this.#downSinceMs[replica] === 0) return;
    if (!this.#epochs.isOperational(replica)) return;
    const recoveryMs = nowMs() - this.#downSinceMs[replica]!;
    this.#downSinceMs[replica] = 0;
    this.#memories.noteOperational(replica);
    const threadId = this.#keeper.threadOf(replica);
    this.#tell({ kind: 'operational', replica, epoch: this.#epochs.epochOf(replica), recoveryMs, threadId });
  }

  /** Ends a replica that hangs. @returns whether it sleeps. */
  #watch(replica: number, now: number, tickMs: number): boolean {
    if (this.#keeper.threadOf(replica) === undefined) return false;
    const bell = this.#board.replicaBell(replica);
    const policy = { hungMs: this.#wiring.hungMs, tickMs };
    const isParked = bell.isParked();
    const hasUnread = !isParked && (this.#hasUnread(replica) || this.#isAwaited(replica));
    const measurement = measure(policy, this.#hangs[replica], { nowMs: now, hasUnread, isParked, turns: bell.turns });
    this.#hangs[replica] = measurement;
    if (!isHung(policy, measurement)) return isParked;
    this.#hangs[replica] = undefined;
    // It counts as gone from here on, not from its exit: on a busy machine others may be convicted before that.
    if (this.#memories.mayEnd(replica, maskOf(this.#doomed))) this.#doomed.add(replica);
    this.#keeper.endSoon(replica, { kind: 'hung' });
    return false;
  }

  /** Whether a change of members waits for it to look at the configuration: nobody else may ask it for anything. */
  #isAwaited(replica: number): boolean {
    return (
      this.#change !== undefined &&
      this.#board.counter(replica, COUNTER.CONFIGURATION) < this.#change.configuration.number
    );
  }

  #hasUnread(replica: number): boolean {
    for (const client of this.#clients) {
      if (client !== undefined && unreadBytes(client.requests[replica]!) > 0) return true;
    }
    return this.#peerRings.some((rings) => unreadBytes(rings[replica]!) > 0);
  }

  #onDoor(message: DoorMessage): void {
    if (message.kind === 'connect') this.#connect(message);
    else if (message.kind === 'disconnect') this.#disconnect(message.client, message.serial);
  }

  #connect({ ticket, client, claim, inside }: Extract<DoorMessage, { kind: 'connect' }>): void {
    if (inside !== undefined && this.#epochs.epochOf(inside.replica) !== inside.epoch) return; // It has died since.
    if (this.#board.clients.claimOf(client) !== claim) return; // It gave up, and the place may be another's.
    const { name, board, places, sabotage, buckets, readRepair, cacheBytesMax, topics, ringBytes } = this.#wiring;
    const serial = ++this.#serial;
    const lane = (): LaneMemory => ({
      requests: bufferOf(createRing(ringBytes)),
      replies: bufferOf(createRing(ringBytes)),
    });
    const lanes = Array.from({ length: places }, lane);
    const tally = bufferOf(createTallyBoard(WINDOW_SLOTS, places));
    this.#board.clientBell(client).reset();
    const requests = lanes.map((each) => sharedMemory(each.requests));
    const slot = { serial, claim, lanes, tally, requests };
    this.#clients[client] = slot;
    for (let replica = 0; replica < places; replica++) {
      this.#post(replica, { kind: 'attach', wiring: this.#clientWiring(slot, client, replica) });
    }
    const of = { name, board, sabotage, buckets, readRepair, cacheBytesMax, topics, ringBytes };
    const connection: Connection = { ...of, client, serial, lanes, tally };
    this.#door.post({ kind: 'connected', ticket, connection });
  }

  #disconnect(client: number, serial: number): void {
    const slot = this.#clients[client];
    if (slot?.serial !== serial) return;
    this.#clients[client] = undefined;
    for (let replica = 0; replica < this.#wiring.places; replica++) {
      this.#post(replica, { kind: 'detach', client });
    }
    this.#board.clients.release({ place: client, claim: slot.claim });
  }

  /** Its thread is gone, so nothing writes to its memory any more; who comes next gets other memory. */
  #evictClient(client: number, claim: number): void {
    const slot = this.#clients[client];
    if (slot?.claim === claim) this.#disconnect(client, slot.serial);
    else this.#board.clients.release({ place: client, claim }); // It died before it was connected.
    this.#wakeAll(); // It may have died between taking a replica's parked flag down and waking it.
  }

  #post(replica: number, message: ReplicaMessage): void {
    if (!this.#keeper.post(replica, message)) return; // Down: the next incarnation is wired with what is current.
    this.#board.replicaBell(replica).command(COMMAND_MESSAGES);
  }

  async #untilAllOperational(): Promise<void> {
    const members = votersIn(this.#members);
    for (;;) {
      for (const replica of members) this.#noteOperational(replica);
      if (members.every((replica) => this.#epochs.stateOf(replica) === OPERATIONAL)) return;
      if (this.#unfit !== undefined) throw this.#unfit;
      if (this.#board.state === CLUSTER_CLOSED) {
        throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot start the replicas: the cluster was closed');
      }
      if (this.#board.state === CLUSTER_STATE_LOST && !this.#memories.isResetting) {
        throw new QuorateError(
          'ERR_QUORATE_START_FAILED',
          'Cannot start the replicas: too many of them died meanwhile',
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #tell(event: SupervisorEvent): void {
    this.#events.postMessage(event);
  }
}

function bufferOf({ words }: SharedMemory): SharedArrayBuffer {
  const { buffer } = words;
  assert(buffer instanceof SharedArrayBuffer, 'Rings lie in shared memory');
  return buffer;
}

/** A replica says that it has taken the chair. */
function isTaken(message: unknown): message is ChairTaken {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'chair';
}
