// The supervisor of a simulated cluster: the production keeper, restart policy, hang watch and roll of memories, on
// simulated threads and virtual time.
import type { Random } from '../../base/random.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import { renewed } from '../../quorum/configuration.ts';
import type { Configuration, Membership } from '../../quorum/configuration.ts';
import { votersIn } from '../../quorum/quorum-system.ts';
import { CLUSTER_OPEN } from '../../replica/environment.ts';
import { LiveQuorums } from '../../replica/live-quorums.ts';
import type { ChangeOfMembersDoors } from '../../replica/membership-change.ts';
import { MemoryRoll } from '../../replica/memory-roll.ts';
import type { ExitReason } from '../../supervision/exit-reason.ts';
import { isHung, measure } from '../../supervision/hang-watch.ts';
import type { HangMeasurement } from '../../supervision/hang-watch.ts';
import type { KeptThread, ThreadListeners } from '../../supervision/keeper-doors.ts';
import { ThreadKeeper } from '../../supervision/thread-keeper.ts';
import type { Rules } from '../../protocol/rules.ts';
import { between, happens } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import { ChangeDriver } from './change-driver.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import type { ReplicaNode } from './replica-node.ts';
import type { SimConfigurations } from './sim-configurations.ts';
import type { SimEpochs, SimLife } from './sim-epochs.ts';

/** As openCluster has them where nothing is configured. */
const HUNG_MS = 500;
const WATCH_MS = 100;
const WINDOW_MS = 10_000;
const BACKOFF_MS_MAX = 1_000;
/** From the end of a thread to the moment at which its supervisor sees it, in microseconds. */
const EXIT_US_MIN = 200;
const EXIT_US_MAX = 5_000;
/** From a new configuration to the moment at which a thread looks, mostly and at times, in microseconds. */
const LOOK_US_MAX = 300;
const LATE_LOOK_US_MAX = 30_000;
const LATE_LOOK_RATE = 0.1;
/** How often a reset that waits for a change of members looks whether that has ended, in microseconds. */
const RESET_AGAIN_US = 1_000;
/** No file: simulated threads have no program. */
const NO_PROGRAM = new URL('sim:replica');

/** What a supervisor is made with. */
export interface SupervisorOptions {
  /** Its number among the nodes. */
  readonly node: number;
  readonly engine: Engine;
  readonly epochs: SimEpochs;
  readonly life: SimLife;
  readonly configurations: SimConfigurations;
  readonly rules: Rules;
  /** By place. */
  readonly replicas: readonly ReplicaNode[];
  /** Threads that compare the replicas. */
  readonly coordinators: readonly CoordinatorNode[];
  readonly standbys: number;
  readonly restartsMax: number;
  /** The tag that was taken last. */
  readonly lastTag: () => Ballot;
  /** How long a thread takes to load, in microseconds. */
  readonly loadUs: number;
  /** The thread of a replica has exited. */
  readonly onDown: (replica: number) => void;
  /** The state is lost: nobody is served before it is reset. */
  readonly onStateLost: () => void;
  /** An empty state has begun in its place. */
  readonly onReset: () => void;
}

/** What promotes a simulated thread. */
interface Promotion {
  readonly replica: number;
  readonly epoch: number;
  readonly beginsEmpty: boolean;
  /** Whether messages from before are dropped: after a reset they belong to the lost state. */
  readonly dropsUnread: boolean;
}

/** A thread that may become a replica. */
interface SimThread extends KeptThread {
  readonly listeners: ThreadListeners;
  replica: number | undefined;
  reason: ExitReason | undefined;
  settle: ((reason: ExitReason) => void) | undefined;
}

/** Parent of a simulated cluster's replicas. */
export class SupervisorNode {
  readonly roll: MemoryRoll;
  readonly changes: ChangeDriver;
  /** Replicas that are about to exit, as a mask. */
  doomed = 0;
  readonly #options: SupervisorOptions;
  readonly #keeper: ThreadKeeper;
  readonly #quorums: LiveQuorums;
  readonly #random: Random;
  /** When threads look at a new configuration. */
  readonly #looks: Random;
  readonly #threads: (SimThread | undefined)[];
  readonly #hangs: (HangMeasurement | undefined)[];
  #threadIds = 0;
  /** Replicas of which a reset waits for the end, and those whose next incarnation drops what is unread, as masks. */
  #ending = 0;
  #dropping = 0;
  /** Replicas that are no members any more, as a mask. */
  #retired = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { node, engine, epochs, life, configurations, rules, replicas, standbys, restartsMax } = options;
    this.#quorums = new LiveQuorums(configurations, rules);
    this.roll = new MemoryRoll(this.#quorums, epochs, life, replicas.length);
    this.#random = engine.random(node, 'threads');
    this.#looks = engine.random(node, 'looks');
    this.#threads = Array.from({ length: replicas.length });
    this.#hangs = Array.from({ length: replicas.length });
    const random = engine.random(node, 'changes');
    this.changes = new ChangeDriver({
      node,
      engine,
      random,
      life,
      configurations,
      rules,
      doors: this.#doorsOfChange(),
    });
    this.#keeper = new ThreadKeeper({
      slots: replicas.length,
      kept: this.#quorums.threads,
      entry: NO_PROGRAM,
      standbys,
      policy: { restartsMax, windowMs: WINDOW_MS, backoffMsMax: BACKOFF_MS_MAX },
      random: engine.random(node, 'restarts'),
      clock: () => engine.nowMs,
      doors: {
        startThread: (_entry, _options, listeners) => this.#startThread(listeners),
        startTimer: (run, afterMs) => {
          const timer = engine.schedule(1000 * afterMs, node, run);
          return () => void (timer.run = undefined);
        },
      },
      hooks: {
        wiringFor: (replica, epoch) => ({ message: this.#promotionOf(replica, epoch) }),
        onDown: (replica, epoch, reason) => this.#onDown(replica, epoch, reason),
        mayEnd: (replica, reason) => reason.kind !== 'hung' || this.roll.mayEnd(replica, this.doomed),
      },
    });
  }

  /** Starts all replicas, and watches them. */
  start(): void {
    void this.#keeper.start();
    this.#watchLater();
  }

  /** Ends a replica's thread: its memory is gone at once, its exit is seen a little later. */
  crash(replica: number, reason: ExitReason = { kind: 'exit', code: 1 }): void {
    const thread = this.#threads[replica];
    if (thread !== undefined) void thread.end(reason);
  }

  /** Begins a change of members. @returns whether neither another nor a reset was under way. */
  beginChange(target: Membership, forUs: number, by: number): boolean {
    const { coordinators, life } = this.#options;
    if (this.roll.isResetting || life.state !== CLUSTER_OPEN) return false;
    return this.changes.begin(target, forUs, [...coordinators.slice(by), ...coordinators.slice(0, by)]);
  }

  /** An empty state in place of the present one, in the order of the production supervisor. */
  reset(): void {
    if (this.roll.isResetting) return;
    this.roll.beginReset();
    this.changes.undo();
    this.#options.configurations.publish(renewed(this.#options.configurations.read()));
    this.#dropping = 2 ** this.#threads.length - 1;
    for (const replica of votersIn(this.#quorums.electorate.all)) {
      if (this.#threads[replica] === undefined) continue;
      this.#ending |= 1 << replica;
      this.#keeper.end(replica, { kind: 'exit', code: 0 }).catch(() => undefined); // As where one retires.
    }
  }

  /** The replica answers. */
  noteOperational(replica: number): void {
    this.roll.noteOperational(replica);
    this.#endReset();
  }

  /** A reset has ended when all that ended for it answer, and members change no more. */
  #endReset(): void {
    const { engine, node, epochs, onReset } = this.#options;
    if (!this.roll.isResetting || this.#ending !== 0) return;
    if (this.changes.isChanging) {
      this.changes.undo();
      return void engine.schedule(RESET_AGAIN_US, node, () => this.#endReset());
    }
    const members = votersIn(this.#quorums.electorate.all);
    if (members.every((each) => epochs.isOperational(each)) && this.roll.endReset(true)) onReset();
  }

  #doorsOfChange(): ChangeOfMembersDoors {
    const { epochs, replicas, lastTag } = this.#options;
    return {
      lastTag,
      publish: (configuration) => this.#publish(configuration),
      seenBy: (replica) => replicas[replica]!.seen,
      isRunning: (replica) => this.#keeper.threadOf(replica) !== undefined,
      isOperational: (replica) => epochs.isOperational(replica),
      start: (replica) => {
        this.#retired &= ~(1 << replica);
        this.roll.admit(replica);
        this.#keeper.open(replica);
      },
      retire: (replica) => {
        this.#retired |= 1 << replica;
        if (this.#keeper.threadOf(replica) === undefined) this.roll.forget(replica);
        this.#keeper.retire(replica).catch(() => undefined); // It does exit: who awaits it is told late.
      },
    };
  }

  /** The configuration first, then the counter by which all see that something has moved; each looks a while after. */
  #publish(configuration: Configuration): void {
    const { engine, node, configurations, epochs, replicas, coordinators } = this.#options;
    configurations.publish(configuration);
    epochs.noteConfiguration();
    this.#quorums.refresh();
    engine.note(node, configuration.number);
    for (const thread of [...replicas, ...coordinators]) {
      const isLate = happens(this.#looks, LATE_LOOK_RATE);
      const afterUs = between(this.#looks, 0, isLate ? LATE_LOOK_US_MAX : LOOK_US_MAX);
      engine.schedule(afterUs, node, () => thread.wake());
    }
  }

  #startThread(listeners: ThreadListeners): SimThread {
    const { engine, node, loadUs } = this.#options;
    const thread: SimThread = {
      threadId: ++this.#threadIds,
      listeners,
      replica: undefined,
      reason: undefined,
      settle: undefined,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the keeper posts, what `wiringFor` made
      post: (message) => this.#promote(thread, message as Promotion),
      end: (reason) => this.#end(thread, reason),
    };
    engine.schedule(between(this.#random, loadUs >> 1, loadUs), node, () => {
      if (thread.reason === undefined) listeners.onReady(thread);
    });
    return thread;
  }

  #promote(thread: SimThread, { replica, epoch, beginsEmpty, dropsUnread }: Promotion): void {
    const { engine, replicas } = this.#options;
    thread.replica = replica;
    this.#threads[replica] = thread;
    const text = beginsEmpty ? `epoch ${epoch}, empty` : `epoch ${epoch}, recovers`;
    if (engine.trace.isKept) engine.trace.add({ atUs: engine.nowUs, kind: 'start', from: replica, text });
    replicas[replica]!.start(epoch, beginsEmpty, dropsUnread);
  }

  #end(thread: SimThread, reason: ExitReason): Promise<ExitReason> {
    const { engine, node, replicas } = this.#options;
    return new Promise((resolve) => {
      if (thread.reason !== undefined) return resolve(thread.reason);
      thread.reason = reason;
      const { replica } = thread;
      if (replica !== undefined) {
        this.doomed |= 1 << replica;
        replicas[replica]!.die();
        const text = reason.kind === 'hung' ? 'ended as hung' : 'dies';
        if (engine.trace.isKept) engine.trace.add({ atUs: engine.nowUs, kind: 'crash', from: replica, text });
      }
      engine.schedule(between(this.#random, EXIT_US_MIN, EXIT_US_MAX), node, () => {
        if (replica !== undefined) this.#threads[replica] = undefined;
        thread.listeners.onExit(thread, reason);
        resolve(reason);
      });
    });
  }

  #promotionOf(replica: number, epoch: number): Promotion {
    const { epochs } = this.#options;
    const beginsEmpty = this.roll.beginsEmpty(replica);
    if (epoch > epochs.epochOf(replica)) epochs.setEpoch(replica, epoch);
    epochs.setState(replica, beginsEmpty ? 'starting' : 'recovering');
    this.#hangs[replica] = undefined;
    const dropsUnread = ((this.#dropping >>> replica) & 1) === 1;
    this.#dropping &= ~(1 << replica);
    return { replica, epoch, beginsEmpty, dropsUnread };
  }

  /** The old incarnation is gone: its epoch is void before the next one does anything. */
  #onDown(replica: number, epoch: number, reason: ExitReason): void {
    const { epochs, onDown, onStateLost } = this.#options;
    this.doomed &= ~(1 << replica);
    this.#ending &= ~(1 << replica);
    this.roll.noteDown(replica);
    epochs.setState(replica, 'down');
    epochs.setEpoch(replica, epoch + 1);
    onDown(replica);
    if (((this.#retired >>> replica) & 1) === 1) this.roll.forget(replica);
    if (reason.kind === 'stopped') return;
    if (this.roll.declareLoss()) onStateLost();
  }

  #watchLater(): void {
    const { engine, node } = this.#options;
    engine.schedule(1000 * WATCH_MS, node, () => {
      this.#options.replicas.forEach((_, replica) => this.#watch(replica));
      this.#watchLater();
    });
  }

  #watch(replica: number): void {
    if (this.#threads[replica] === undefined) return;
    const { engine, replicas } = this.#options;
    const { hasUnread: hasFrames, turns } = replicas[replica]!;
    const hasUnread = hasFrames || this.changes.isAwaiting(replica);
    const policy = { hungMs: HUNG_MS, tickMs: WATCH_MS };
    // A thread with nothing to read sleeps; one that was stopped while it slept is not told from it.
    const look = { nowMs: engine.nowMs, hasUnread, isParked: !hasUnread, turns };
    const measurement = measure(policy, this.#hangs[replica], look);
    this.#hangs[replica] = measurement;
    if (!isHung(policy, measurement)) return;
    this.#hangs[replica] = undefined;
    engine.sometimes('a hung replica is ended', true);
    this.#keeper.end(replica, { kind: 'hung' }).catch(() => undefined); // As where one retires.
  }
}
