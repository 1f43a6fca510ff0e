// The thread of a simulated client: the core of a production client, its board, its inbox and its ticks.
import { CLIENT_HOLDER, replicaHolder } from '../../base/large-value.ts';
import type { Holder } from '../../base/large-value.ts';
import type { Rules } from '../../protocol/rules.ts';
import { ClientCore } from '../../replica/client-core.ts';
import { Collector } from '../../replica/collector.ts';
import type { Coordinator } from '../../replica/coordinator.ts';
import { CLUSTER_OPEN } from '../../replica/environment.ts';
import type { ClusterLife, ErasedFloor, LastTag, TagCounter } from '../../replica/environment.ts';
import { LiveQuorums } from '../../replica/live-quorums.ts';
import type { Configurations } from '../../replica/live-quorums.ts';
import type { Operation } from '../../replica/operation.ts';
import type { Proposal } from '../../replica/proposal.ts';
import type { Failure } from '../../replica/results.ts';
import type { PendingChange } from '../../replica/round.ts';
import type { ScanCall } from '../../replica/scan.ts';
import type { SessionCall } from '../../replica/session-calls.ts';
import type { RepairReport } from '../../store/repair.ts';
import type { Engine } from '../engine/engine.ts';
import { SimLink } from './frames.ts';
import type { Message } from './message.ts';
import { NODES_MAX } from './network.ts';
import type { Receiver, SimNetwork } from './network.ts';
import { SimBoard } from './sim-board.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimEpochs } from './sim-epochs.ts';
import { SimAvailable } from './sim-available.ts';
import { SimBuckets } from './sim-buckets.ts';
import type { HintEnd } from './sim-available.ts';
import { SimLargeLane } from './sim-large-lane.ts';

/** As in production: how often deadlines and silence are looked at, in microseconds. */
const TICK_US = 5_000;
const SLOTS = 32;
/** How soon a thread that stood still collects again, and how often one that runs looks at what there is to collect. */
const PAUSED_MS = 5;
const COLLECT_MS_MAX = 20;

/** What a client's thread is made with. */
export interface CoordinatorNodeOptions {
  /** Its number among the nodes. */
  readonly node: number;
  readonly engine: Engine;
  readonly network: SimNetwork;
  readonly epochs: SimEpochs;
  readonly tags: TagCounter & LastTag;
  readonly erased: ErasedFloor;
  readonly configurations: Configurations;
  /** Places for replicas. */
  readonly places: number;
  readonly rules: Rules;
  readonly clock: SimClock;
  /** A number for a large value on its way. */
  readonly nextReference: () => number;
  readonly life: ClusterLife;
  /** Capacity of each ring. */
  readonly ringBytes: number;
  readonly repairsReads: boolean;
  readonly settle: (operation: Operation) => void;
  readonly settleChange: (change: PendingChange) => void;
  readonly settleSession: (call: SessionCall) => void;
  readonly settleScan?: (call: ScanCall) => void;
  readonly settleProposal?: (proposal: Proposal) => void;
  /** What has become of a hint of its. */
  readonly onHintEnd?: (operationId: string, end: HintEnd) => void;
  /** Bytes that it caches. */
  readonly cacheBytesMax: number;
  /** How old deletions are that it collects, in milliseconds; none where it is `undefined`. */
  readonly collectAfterMs: number | undefined;
  /** Whether it goes on collecting. */
  readonly mayCollect: () => boolean;
}

/** One client's thread. */
export class CoordinatorNode implements Receiver {
  readonly core: ClientCore;
  /** The core's. */
  readonly coordinator: Coordinator;
  readonly clock: SimClock;
  /** Its calls at level `available`. */
  readonly available: SimAvailable;
  /** Its buckets that keep siblings or merge. */
  readonly buckets: SimBuckets;
  isGone = false;
  readonly #options: CoordinatorNodeOptions;
  readonly #board: SimBoard;
  /** By replica. */
  readonly #large: readonly SimLargeLane[];
  readonly #inbox: Message[] = [];
  #isPaused = false;
  #isTicking = false;

  constructor(options: CoordinatorNodeOptions) {
    this.#options = options;
    this.clock = options.clock;
    const {
      node,
      engine,
      network,
      epochs,
      tags,
      erased,
      configurations,
      places,
      rules,
      life,
      ringBytes,
      repairsReads,
      nextReference,
    } = options;
    this.#board = new SimBoard(SLOTS, places);
    const links = Array.from({ length: places }, (_, replica) => new SimLink(node * NODES_MAX + replica, network));
    this.#large = links.map((link, replica) => {
      const peer = (): Holder => replicaHolder(replica, epochs.epochOf(replica));
      return new SimLargeLane({ link, self: CLIENT_HOLDER, peer, nextReference });
    });
    this.core = new ClientCore(
      {
        links,
        large: this.#large,
        board: this.#board,
        epochs,
        tags,
        erased,
        random: engine.random(node, 'back-off'),
        ringBytes,
        repairsReads,
        life,
        owner: node,
        sharedMs: () => engine.nowMs,
        settle: options.settle,
        settleChange: options.settleChange,
        settleSession: options.settleSession,
        settleScan: (call) => options.settleScan?.(call),
        settleProposal: (proposal) => options.settleProposal?.(proposal),
        cacheBytesMax: options.cacheBytesMax,
      },
      new LiveQuorums(configurations, rules),
      rules,
    );
    this.coordinator = this.core.coordinator;
    const after = (afterUs: number, run: () => void): void => void engine.schedule(afterUs, node, run);
    const doors = { core: this.core, rules, sharedMs: () => engine.nowMs, after, thread: this };
    this.available = new SimAvailable(doors, (operationId, end) => options.onHintEnd?.(operationId, end));
    this.buckets = new SimBuckets(doors, `c${node}`, rules);
  }

  /** Collects deletions from now on. */
  startCollecting(): void {
    const { collectAfterMs, tags, erased, epochs, rules } = this.#options;
    if (collectAfterMs === undefined) return;
    const { core } = this;
    this.#collect(new Collector({ core, tags, erased, epochs, rules, afterMs: collectAfterMs, restMs: 2 }));
  }

  #collect(collector: Collector): void {
    const { engine, node, mayCollect } = this.#options;
    if (this.isGone || !mayCollect()) return;
    let waitMs = PAUSED_MS;
    if (!this.#isPaused) {
      waitMs = collector.turn(this.#nowMs());
      this.flush();
      engine.sometimes('a deletion is erased', collector.counters.collected > 0);
    }
    engine.schedule(1000 * Math.min(waitMs, COLLECT_MS_MAX), node, () => this.#collect(collector));
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Sends what was submitted. */
  flush(): void {
    if (this.#isPaused) return; // A thread that stands still submits nothing; what it has goes when it runs.
    this.core.flush(this.#nowMs());
    this.#tickLater();
  }

  /** Repairs all keys at all replicas. */
  repair(timeoutMs: number, end: (result: RepairReport | Failure) => void): void {
    this.core.repairer({ deadlineMs: this.#nowMs() + timeoutMs, end }).start();
    this.flush();
  }

  /**
   * Compares all replicas for a change of members. `end` gets those that hold what any holds, as a mask, and the number
   * of the configuration that it is true in.
   */
  compare(timeoutMs: number, end: (replicas: number, number: number) => void): void {
    if (this.isGone || this.#options.life.state !== CLUSTER_OPEN) return end(0, 0);
    const told = (): void => end(repairer.covered, repairer.configuration);
    const repairer = this.core.repairer({ deadlineMs: this.#nowMs() + timeoutMs, roundsMax: 1, end: told });
    repairer.start();
    this.flush();
  }

  /** It is woken because a configuration has come into force. */
  wake(): void {
    if (this.core.pending > 0) this.#turn();
  }

  deliver(message: Message): void {
    if (this.isGone) return this.#options.network.lose(message);
    this.#inbox.push(message);
    this.#turn();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#turn();
    this.#tick();
  }

  /** The thread ends: nothing is settled any more. */
  leave(): void {
    this.isGone = true;
    for (const message of this.#inbox.splice(0)) this.#options.network.lose(message);
  }

  #turn(): void {
    if (this.#isPaused || this.isGone) return;
    const { network, engine } = this.#options;
    this.core.heedLife();
    for (const message of this.#inbox) {
      const { from, to, frame, vote, number, kind } = message;
      if (engine.trace.isKept) {
        engine.trace.add({ atUs: engine.nowUs, kind: 'receive', from, to, message: number, text: kind });
      }
      if (frame !== undefined) {
        this.#large[from]?.arrive(frame);
        this.coordinator.receive(from, frame, 0);
      }
      if (vote !== 0) this.#board.vote(message.slot, message.generation, from, vote, message.epoch);
      network.release(message);
    }
    this.#inbox.length = 0;
    this.core.look(); // A message brings a vote and its answer at once: none can come in between.
    const nowMs = this.#nowMs();
    this.coordinator.collect(nowMs);
    this.core.flush(nowMs);
    this.#tickLater();
  }

  #tickLater(): void {
    if (this.#isTicking || this.isGone || this.core.pending + this.core.omissions.size === 0) return;
    this.#isTicking = true;
    this.#options.engine.schedule(TICK_US, this.#options.node, () => {
      this.#isTicking = false;
      this.#tick();
    });
  }

  #tick(): void {
    if (this.#isPaused || this.isGone) return;
    if (!this.core.heedLife()) return;
    const nowMs = this.#nowMs();
    this.core.tick(nowMs);
    this.core.flush(nowMs);
    this.#tickLater();
  }

  #nowMs(): number {
    return this.clock.readMs(this.#options.engine.nowUs);
  }
}
