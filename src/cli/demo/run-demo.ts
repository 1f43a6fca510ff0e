// The main job: a cluster under load from two threads, replicas killed and members changed all the while, and a judge
// that watches.
import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../../base/clock.ts';
import { seededRandom } from '../../base/random.ts';
import { clusterSizes } from '../../cluster/cluster-sizes.ts';
import type { ClusterClient, ClusterEvents, ClusterHandle, ClusterOptions } from '../../cluster/options.ts';
import { MemberChanger, type ChangedCluster } from '../../torture/member-changer.ts';
import { DemoClient, type DemoStore } from './client.ts';
import { Judge } from './judge.ts';
import { type Observation } from './observation.ts';
import { Nemesis, type Fault } from './nemesis.ts';
import { requestsOf, wakeUpsOf, type Peer, type PeerReport, type PeerWiring } from './peer.ts';
import type { DemoOptions } from './plan.ts';
import { COUNTED, PHASES, SharedRecord, type Phase } from './record.ts';
import { reportOf, type DemoReport } from './report.ts';
import { keyName, loadRequests, TraceRequests, type RequestSource } from './requests.ts';
import { verifyAll } from './verify.ts';

/** What the demo uses of a cluster. */
export interface DemoCluster
  extends DemoStore, Pick<ClusterClient, 'metrics' | 'inspect' | 'close'>, Pick<ChangedCluster, 'reconfigure'> {
  handle(): ClusterHandle;
  on<Name extends 'down' | 'operational'>(name: Name, listener: (...event: ClusterEvents[Name]) => void): unknown;
}

/** An open cluster and what can be done to it: the real one, or a stand-in of the tests. */
export interface DemoStage {
  readonly cluster: DemoCluster;
  /** Kills a replica; `false` when the quorums would not survive it now. */
  injectFault(replica: number, fault: Fault): Promise<boolean>;
  /** Starts the second client. */
  startPeer(wiring: PeerWiring): Peer;
}

/** How far the demo is. */
export interface DemoProgress {
  readonly step: 'open' | 'load' | 'run' | 'settle' | 'verify';
  readonly phase: Phase;
  readonly elapsedMs: number;
  readonly operations: number;
  readonly kills: number;
  readonly memberChanges: number;
  readonly stale: number;
}

/** What the demo tells and asks its caller. */
export interface DemoHooks {
  /** Milliseconds of a monotonic clock: how long the load lasts. Default that of the process. */
  readonly clock?: () => number;
  /** Ends the load early; what was done until then is still judged. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DemoProgress) => void;
}

const MAIN = 0;
const WORKER = 1;
const CLIENTS = 2;
/** How often the judge hears of the worker, phases change and memory is looked at, in milliseconds. */
const TICK_MS = 5;
const PROGRESS_MS = 1000;
/** Longest load where kills are missing, in times that were asked for. */
const TIMES_MAX = 12;
/** Longest wait for killed replicas to come back at the end, in milliseconds: for hangs alone. */
const SETTLE_MS_MAX = 60_000;
/** Keys that nobody writes, and how long a read of one may take: all their homes are asked for them at the end. */
const ASKED_KEYS = 64;
const ASK_MS = 100;
const MADE_UP_PHASES = [PHASES.YCSB_A, PHASES.YCSB_B, PHASES.YCSB_F, PHASES.MIX];

/**
 * Runs the demo and judges it. Main thread only.
 *
 * @throws what ended the run early, such as `ERR_QUORATE_STATE_LOST`; the cluster is closed then, too.
 */
export async function runDemo(
  options: DemoOptions,
  open: (options: ClusterOptions) => Promise<DemoStage>,
  hooks: DemoHooks,
): Promise<DemoReport> {
  const stage = await open(options.cluster);
  const run = new DemoRun(options, stage, hooks);
  const peer = stage.startPeer(run.wiring());
  try {
    return await run.perform(peer);
  } finally {
    await peer.terminate();
    await stage.cluster.close();
  }
}

class DemoRun {
  readonly #options: DemoOptions;
  readonly #stage: DemoStage;
  readonly #cluster: DemoCluster;
  readonly #hooks: DemoHooks;
  readonly #record = new SharedRecord({ clients: CLIENTS });
  readonly #judge = new Judge({ clients: CLIENTS });
  readonly #client: DemoClient;
  #keysSeen = 0;
  #step: DemoProgress['step'] = 'open';
  readonly #clock: () => number;
  #beganMs: number;
  #reportedMs = 0;
  #rssPeak = 0;
  #nemesis: Nemesis | undefined;
  readonly #changer: MemberChanger;
  #unexpectedDeaths = 0;
  #asked = 0;

  constructor(options: DemoOptions, stage: DemoStage, hooks: DemoHooks) {
    const { concurrency, valueBytesMax } = options.plan;
    this.#options = options;
    this.#stage = stage;
    this.#cluster = stage.cluster;
    this.#hooks = hooks;
    this.#clock = hooks.clock ?? nowMs;
    this.#beganMs = this.#clock();
    const observe = (seen: Readonly<Observation>): void => this.#take(seen);
    const record = this.#record;
    this.#client = new DemoClient({ store: stage.cluster, record, client: MAIN, concurrency, valueBytesMax, observe });
    this.#changer = new MemberChanger({
      cluster: stage.cluster,
      base: clusterSizes(options.cluster),
      random: seededRandom(options.plan.seed ^ 0x6d65_6d62),
      delay: waitFor,
      onMembers: (members) => this.#nemesis?.heedMembers(members),
    });
  }

  wiring(): PeerWiring {
    const { plan } = this.#options;
    return { handle: this.#cluster.handle(), record: this.#record.buffer, client: WORKER, plan };
  }

  async perform(peer: Peer): Promise<DemoReport> {
    const { plan, killsPerSecond } = this.#options;
    const nemesis = this.#makeNemesis(killsPerSecond);
    await peer.ready;
    this.#enter('load');
    if (plan.trace === undefined) await this.#client.run(loadRequests(plan.keys, plan.valueBytes), false);
    this.#enter('run');
    const source = requestsOf(plan, MAIN, this.#record);
    const before = wakeUpsOf(this.#cluster);
    const peerReport = await this.#measure(source, nemesis, peer);
    const seconds = (this.#clock() - this.#beganMs) / 1000;
    const wakeUps = wakeUpsOf(this.#cluster) - before + peerReport.wakeUps;
    const rss = process.memoryUsage.rss();
    this.#enter('settle');
    const missing = [...this.#missingKills(nemesis, seconds), ...this.#missingChanges(seconds)];
    const failures = [...missing, ...(await this.#settle(nemesis))];
    this.#judge.finish();
    this.#enter('verify');
    failures.push(...(await this.#verify(source)));
    return reportOf({
      options: this.#options,
      record: this.#record,
      clients: CLIENTS,
      judge: this.#judge,
      kills: nemesis.kills,
      putOffMs: nemesis.putOffMs,
      memberChanges: this.#changer.count,
      unexpectedDeaths: this.#unexpectedDeaths,
      seconds,
      wakeUps,
      rss,
      rssPeak: Math.max(rss, this.#rssPeak),
      failures,
      firstFailure: this.#client.firstFailure ?? peerReport.firstFailure,
    });
  }

  #makeNemesis(killsPerSecond: number): Nemesis {
    const nemesis = new Nemesis({
      killsPerSecond,
      random: seededRandom(this.#options.plan.seed ^ 0x6e65_6d65),
      inspect: () => this.#cluster.inspect().replicas,
      inject: (replica, fault) => this.#stage.injectFault(replica, fault),
      delay: waitFor,
    });
    this.#nemesis = nemesis;
    this.#cluster.on('down', ({ replica, epoch, reason }) => {
      const isOurs = nemesis.died(replica, epoch) || reason.kind === 'stopped'; // Who leaves is stopped.
      if (!isOurs) this.#unexpectedDeaths += 1;
    });
    this.#cluster.on('operational', ({ replica, epoch }) => nemesis.recovered(replica, epoch));
    return nemesis;
  }

  /** The measured part: both clients ask, the nemesis kills, the judge listens. */
  async #measure(source: RequestSource, nemesis: Nemesis, peer: Peer): Promise<PeerReport> {
    const stop = new AbortController();
    this.#beganMs = this.#clock();
    this.#tick();
    const ticker = setInterval(() => this.#tick(), TICK_MS);
    const killing = nemesis.run(stop.signal);
    const changing = this.#changer.run(this.#options.memberChangesPerSecond, stop.signal);
    const harming = Promise.all([killing, changing]);
    const asking = this.#ask(source);
    try {
      // Whoever fails first ends the run; the others see the phase.
      const [report] = await Promise.all([peer.done, asking, this.#untilAborted(asking, harming)]);
      return report;
    } finally {
      this.#record.phase = PHASES.STOP;
      stop.abort();
      clearInterval(ticker);
      await Promise.allSettled([asking, killing]);
      this.#drain();
      await this.#untilChanged(changing);
    }
  }

  async #ask(source: RequestSource): Promise<void> {
    try {
      await this.#client.run(source, true);
    } finally {
      await this.#client.finish();
    }
  }

  /** Rejects when kills or changes cannot go on; else settles when the main client is done. */
  async #untilAborted(asking: Promise<void>, harming: Promise<unknown>): Promise<void> {
    await Promise.race([asking, harming.then(() => asking)]);
  }

  /** Waits for the change of members that is under way: it has a deadline of its own. */
  async #untilChanged(changing: Promise<void>): Promise<void> {
    const over = new AbortController();
    const ended = changing.catch(() => {}).finally(() => over.abort()); // Its failure has ended the run already.
    while (!over.signal.aborted) await Promise.race([ended, this.#askAll()]);
  }

  #tick(): void {
    this.#drain();
    const elapsedMs = this.#clock() - this.#beganMs;
    this.#record.phase = this.#phaseAt(elapsedMs);
    if (elapsedMs - this.#reportedMs < PROGRESS_MS) return;
    this.#reportedMs = elapsedMs;
    this.#rssPeak = Math.max(this.#rssPeak, process.memoryUsage.rss());
    this.#report();
  }

  #phaseAt(elapsedMs: number): Phase {
    const { seconds, plan } = this.#options;
    if (this.#hooks.signal.aborted || this.#record.phase === PHASES.STOP) return PHASES.STOP;
    const times = seconds === undefined ? 0 : elapsedMs / (seconds * 1000);
    if (times >= TIMES_MAX || (times >= 1 && !this.#lacksKills && !this.#lacksChanges)) return PHASES.STOP;
    if (plan.trace !== undefined || seconds === undefined) return PHASES.TRACE;
    return MADE_UP_PHASES[Math.floor(times * MADE_UP_PHASES.length)] ?? PHASES.MIX;
  }

  get #lacksKills(): boolean {
    return (this.#nemesis?.dead.length ?? 0) < this.#options.killsMin;
  }

  get #lacksChanges(): boolean {
    return this.#changer.count.done < this.#options.memberChangesMin;
  }

  #missingChanges(seconds: number): string[] {
    if (!this.#lacksChanges || this.#hooks.signal.aborted) return [];
    const { memberChangesMin } = this.#options;
    const { done } = this.#changer.count;
    return [`Members could be changed only ${done} of ${memberChangesMin} times in ${seconds.toFixed(1)} s`];
  }

  #missingKills({ dead }: Nemesis, seconds: number): string[] {
    if (!this.#lacksKills || this.#hooks.signal.aborted) return [];
    const { killsMin } = this.#options;
    return [`Only ${dead.length} of ${killsMin} replicas could be killed in ${seconds.toFixed(1)} s`];
  }

  #drain(): void {
    this.#record.journal(WORKER).drain((seen) => this.#take(seen));
  }

  #take(seen: Readonly<Observation>): void {
    if (seen.key >= this.#keysSeen) this.#keysSeen = seen.key + 1;
    this.#judge.observe(seen);
  }

  /** Waits until every killed replica votes again. */
  async #settle(nemesis: Nemesis): Promise<string[]> {
    const untilMs = nowMs() + SETTLE_MS_MAX;
    while ((nemesis.open.length > 0 || !this.#doAllVote) && nowMs() < untilMs) await this.#askAll();
    const failures = nemesis.open.map(({ replica, fault, isDead }) =>
      isDead ? `Replica ${replica} did not come back after ${fault}` : `Replica ${replica} did not die of ${fault}`,
    );
    const { replicas } = this.#cluster.inspect();
    for (const { replica, state } of replicas) {
      if (state !== 'operational') failures.push(`Replica ${replica} is ${state} at the end`);
    }
    return failures;
  }

  get #doAllVote(): boolean {
    return this.#cluster.inspect().replicas.every(({ state }) => state === 'operational');
  }

  /** A replica that hangs is found out by what it leaves unread: once the load has ended, it is asked for nothing. */
  async #askAll(): Promise<void> {
    const key = `settle/${this.#asked++ % ASKED_KEYS}`;
    const asked = this.#cluster.get(key, { level: 'all', timeoutMs: ASK_MS });
    await Promise.all([asked.catch(() => {}), delay(TICK_MS)]);
  }

  async #untilAllVote(): Promise<void> {
    const untilMs = nowMs() + SETTLE_MS_MAX;
    while (!this.#doAllVote && nowMs() < untilMs) await delay(TICK_MS);
  }

  /** Reads every key at level `all`. */
  async #verify(source: RequestSource): Promise<string[]> {
    const { keys } = this.#options.plan;
    const isTrace = source instanceof TraceRequests;
    const names = isTrace
      ? await source.names(this.#keysSeen)
      : Array.from({ length: this.#keysSeen }, (_, key) => keyName(key, keys));
    const unread = await verifyAll({
      names,
      read: (key, name) => this.#client.readAll(key, name, !isTrace && key >= keys),
      take: (seen) => this.#judge.final(seen),
      untilAllVote: () => this.#untilAllVote(),
    });
    return unread === 0 ? [] : [`${unread} keys could not be read at level all`];
  }

  #enter(step: DemoProgress['step']): void {
    this.#step = step;
    this.#report();
  }

  #report(): void {
    const record = this.#record;
    this.#hooks.onProgress({
      step: this.#step,
      phase: record.phase,
      elapsedMs: this.#clock() - this.#beganMs,
      operations: record.counted(MAIN, COUNTED.OPERATIONS) + record.counted(WORKER, COUNTED.OPERATIONS),
      kills: this.#nemesis?.kills.length ?? 0,
      memberChanges: this.#changer.count.done,
      stale: this.#judge.stale,
    });
  }
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal });
}
