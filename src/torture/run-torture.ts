// A torture run: a cluster of real threads under load from real threads, a nemesis that kills both, and a checker that
// reads what came of it while it goes on.
import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { injectFaultIfMember } from '../cluster/chaos.ts';
import { clusterSizes } from '../cluster/cluster-sizes.ts';
import { FAIL_POINT_EXIT } from '../cluster/fail-point.ts';
import type { Fault } from '../cluster/fault.ts';
import { openCluster, openSabotaged } from '../cluster/open-cluster.ts';
import type { Cluster } from '../cluster/open-cluster.ts';
import type { ExitReason } from '../cluster/options.ts';
import { TortureClient } from './client.ts';
import { ClientThread } from './client-thread.ts';
import { Collector } from './collector.ts';
import { HistoryChecks } from './history-checks.ts';
import { SharedLedger } from './ledger.ts';
import type { LedgerShape } from './ledger.ts';
import { MemberChanger } from './member-changer.ts';
import { placesFor } from './member-choice.ts';
import { Nemesis } from './nemesis.ts';
import type { NemesisStage } from './nemesis.ts';
import type { TortureHooks, TortureOptions, TortureProgress, TortureReport } from './options.ts';
import { startPressure } from './pressure.ts';
import { stopProcess } from './stop-process.ts';

/** A key of the first kind lives for a second or less, one of the second for ten or more. */
const KEYS = { busy: 6, busyOperations: 256, resting: 256, restingOperations: 16 } as const;
/** Calls in flight of each client, beside batches. */
const LANES = 4;
const MAIN = 0;
const TICK_MS = 10;
const PROGRESS_MS = 1000;
/** Wait before a client's thread that ended is replaced, in milliseconds. */
const RESTART_MS = 20;
/**
 * Milliseconds after which something will never happen: a call of a live thread returns, so long after its deadline;
 * any call at all is answered; a client's thread is let in.
 */
const STUCK_MS = 30_000;
/** Longest wait for clients to finish, and for the news of a lost state, in milliseconds. */
const PATIENCE_MS = 60_000;
/** Wait for the cluster to lose its state before all are killed again, in milliseconds, and how often. */
const LOSS_MS = 1000;
const LOSS_ATTEMPTS_MAX = 30;
/** The last tick of the ledger's clock is 2^32 - 1. */
const TICKS_MAX = 4_200_000_000;

/**
 * Runs it. Main thread only; it settles when every history is checked and every thread has ended.
 *
 * @throws what keeps the cluster from being opened.
 */
export async function runTorture(options: TortureOptions, hooks: TortureHooks): Promise<TortureReport> {
  const { sabotage } = options;
  // Restarts come thick and fast here, and memory must run out before anybody's patience does.
  const threadsMax = placesFor(clusterSizes(options.cluster).threads);
  const often = { replicaHeapMb: 96, restartsMax: 1_000_000, hungMs: 500, standbys: 2 };
  const settings = { ...often, threadsMax, ...options.cluster };
  const cluster = sabotage === undefined ? await openCluster(settings) : await openSabotaged(settings, sabotage);
  const run = new TortureRun(options, hooks, cluster);
  try {
    return await run.perform();
  } finally {
    await run.end();
    await cluster.close();
  }
}

class TortureRun {
  readonly #options: TortureOptions;
  readonly #hooks: TortureHooks;
  readonly #cluster: Cluster;
  readonly #shape: LedgerShape;
  readonly #ledger: SharedLedger;
  readonly #collector: Collector;
  readonly #checks = new HistoryChecks();
  readonly #changer: MemberChanger;
  readonly #threads: (ClientThread | undefined)[];
  readonly #deaths = new Map<string, number>();
  /** What each replica was told last, and how many died where they were told. */
  readonly #told: (Fault | undefined)[] = [];
  readonly #reached = new Map<string, number>();
  readonly #failures: string[] = [];
  readonly #over = new AbortController();
  #nemesis: Nemesis | undefined;
  #owners = 0;
  #clientKills = 0;
  #mainOwner: number | undefined;
  #isLosing = false;
  #beganMs = nowMs();
  #shownMs = 0;

  constructor(options: TortureOptions, hooks: TortureHooks, cluster: Cluster) {
    const { clients, seed } = options;
    this.#options = options;
    this.#hooks = hooks;
    this.#cluster = cluster;
    this.#shape = { ...KEYS, clients };
    this.#ledger = new SharedLedger(this.#shape);
    this.#collector = new Collector(this.#ledger);
    this.#threads = Array.from({ length: clients });
    const base = clusterSizes(options.cluster);
    this.#changer = new MemberChanger({ cluster, base, random: seededRandom(seed ^ 0x6d65_6d62), delay: wait });
    cluster.on('down', ({ replica, reason }) => this.#noteDeath(replica, reason));
    cluster.on('stateLost', () => {
      if (!this.#isLosing) this.#failed('The state was lost, and nobody meant it to be');
    });
  }

  async perform(): Promise<TortureReport> {
    const { seed, gapMs, mayStop, harms } = this.#options;
    const random = seededRandom(seed ^ 0x6e65_6d65);
    const nemesis = new Nemesis({ stage: this.#stage(random), random, gapMs, mayStop, harms, delay: wait });
    this.#nemesis = nemesis;
    this.#beganMs = nowMs();
    const clients = this.#options.clients;
    const threads = Array.from({ length: clients - 1 }, (_, index) => this.#keepThread(index + 1));
    const main = this.#runMain();
    const killing = nemesis.run(this.#over.signal).catch((error: unknown) => this.#failed(textOf(error)));
    await this.#untilOver();
    const seconds = (nowMs() - this.#beganMs) / 1000;
    this.#over.abort();
    await killing;
    this.#ledger.stop();
    await this.#inTime(main, 'The client of the main thread did not finish');
    await this.#inTime(Promise.all(threads), 'The clients in threads did not finish');
    this.#collect(Infinity);
    for (const key of this.#collector.finish()) this.#checks.submit(key);
    await this.#checks.drained();
    return this.#report(seconds, nemesis);
  }

  /** Ends every thread that is still there. */
  async end(): Promise<void> {
    this.#over.abort();
    this.#ledger.stop();
    await Promise.all(this.#threads.flatMap((thread) => (thread === undefined ? [] : [thread.kill()])));
    await this.#checks.close();
  }

  async #untilOver(): Promise<void> {
    const { seconds } = this.#options;
    const { signal } = this.#hooks;
    const isOver = (): boolean => {
      const isFound = this.#checks.findings.length > 0 || this.#failures.length > 0;
      return signal.aborted || isFound || nowMs() - this.#beganMs >= seconds * 1000;
    };
    while (!isOver()) {
      await delay(TICK_MS);
      this.#collect(this.#checks.room);
      this.#showProgress();
      if (this.#collector.waitedMs() > STUCK_MS) this.#failed(`A call did not return within ${STUCK_MS} ms`);
      const isSilent = this.#collector.silentMs() > STUCK_MS && !this.#isLosing;
      if (isSilent) this.#failed(`No call of any client was answered for ${STUCK_MS} ms`);
      if (this.#ledger.tick() > TICKS_MAX) return; // The clock must not wrap: enough for 12 hours.
    }
  }

  #collect(most: number): void {
    const owners = this.#threads.map((thread) => thread?.owner);
    owners[MAIN] = this.#mainOwner;
    for (const key of this.#collector.collect(owners, most)) this.#checks.submit(key);
  }

  // --- clients

  async #runMain(): Promise<void> {
    const owner = ++this.#owners;
    this.#mainOwner = owner;
    const random = this.#randomOf(owner);
    const own = { client: MAIN, owner, lanes: LANES, maySync: false, dieHalfway: undefined };
    const store = this.#cluster;
    try {
      await new TortureClient({ ...own, store, ledger: this.#ledger, random }).run();
    } catch (error) {
      this.#failed(`The client of the main thread failed: ${textOf(error)}`);
    } finally {
      this.#mainOwner = undefined;
    }
  }

  /** Keeps a client's thread at its place, whoever kills it, until the ledger says stop. */
  async #keepThread(client: number): Promise<void> {
    const { seed } = this.#options;
    let letInMs = nowMs();
    while (!this.#ledger.isStopped) {
      const owner = ++this.#owners;
      const thread = new ClientThread({
        handle: this.#cluster.handle(),
        shape: this.#shape,
        buffer: this.#ledger.buffer,
        client,
        owner,
        seed: seed + owner * 7919,
        lanes: LANES,
      });
      this.#threads[client] = thread;
      const end = await thread.ended;
      this.#threads[client] = undefined;
      if (end.kind === 'killed') this.#clientKills += 1;
      if (end.kind === 'failed') return this.#failed(`A client's thread failed: ${textOf(end.error)}`);
      if (end.kind !== 'refused') letInMs = nowMs();
      if (nowMs() - letInMs > STUCK_MS) return this.#failed(`No client's thread was let in for ${STUCK_MS} ms`);
      await delay(RESTART_MS);
    }
  }

  #randomOf(owner: number): Random {
    return seededRandom(this.#options.seed + owner * 7919);
  }

  // --- what the nemesis can do

  #stage(random: Random): NemesisStage {
    return {
      members: () => this.#members,
      clients: this.#options.clients,
      injectFault: async (replica, fault) => {
        const isDone = await injectFaultIfMember(this.#cluster, replica, fault);
        if (isDone) this.#told[replica] = fault;
        return isDone;
      },
      killClient: async (client) => {
        const thread = this.#threads[client];
        await thread?.kill();
        return thread !== undefined;
      },
      order: (client, order) => this.#ledger.order(client, order),
      press: (kind, ms) => startPressure({ kind, ms }),
      stopProcess: async (ms) => void (await stopProcess(ms)),
      changeMembers: () => this.#changer.change().catch((error: unknown) => this.#failed(textOf(error))),
      loseState: () => this.#loseState(random),
    };
  }

  /** Kills all, starts empty, and goes on with keys that nobody has used. */
  async #loseState(random: Random): Promise<void> {
    this.#isLosing = true;
    const lossTick = this.#ledger.tick();
    const lost = new Promise<void>((resolve) => this.#cluster.once('stateLost', () => resolve()));
    // All at once, and again: where this thread was held up in between, the first may be back before the last dies.
    for (let left = LOSS_ATTEMPTS_MAX; left > 0 && !this.#cluster.inspect().stateLost; left--) {
      await this.#killAll(random);
      await Promise.race([lost, delay(LOSS_MS)]);
    }
    await this.#inTime(lost, 'Nobody noticed that the state was lost');
    await this.#cluster.reset();
    this.#collector.retireAll(lossTick);
    this.#isLosing = false;
  }

  /** Those that decide, and those that are about to. */
  get #members(): readonly number[] {
    return this.#cluster.inspect().replicas.map(({ replica }) => replica);
  }

  async #killAll(random: Random): Promise<void> {
    const members = this.#members;
    const first = random.nextUint32() % members.length;
    const order = [...members.slice(first), ...members.slice(0, first)];
    await Promise.all(
      order.map((replica) => injectFaultIfMember(this.#cluster, replica, 'terminate', { force: true })),
    );
  }

  // --- what came of it

  #noteDeath(replica: number, reason: ExitReason): void {
    count(this.#deaths, reason.kind);
    if (reason.kind === 'exit' && reason.code === FAIL_POINT_EXIT) count(this.#reached, this.#told[replica] ?? 'none');
    if (reason.kind === 'crashed') this.#failed(`Replica ${replica} crashed by itself: ${textOf(reason.error)}`);
  }

  #failed(text: string): void {
    this.#failures.push(text);
  }

  /** Waits for `promise`, but not for ever. */
  async #inTime(promise: Promise<unknown>, complaint: string): Promise<void> {
    const enough = new AbortController();
    const late = delay(PATIENCE_MS, 'late' as const, { signal: enough.signal }).catch(() => 'done' as const);
    const first = await Promise.race([promise, late]);
    enough.abort();
    if (first === 'late') this.#failed(`${complaint} within ${PATIENCE_MS} ms`);
  }

  #progress(): TortureProgress {
    const { histories, violations, unknown, waiting } = this.#checks;
    let operations = 0;
    for (let client = 0; client < this.#options.clients; client++) operations += this.#ledger.begun(client);
    const kills = (this.#nemesis?.kills ?? 0) + this.#clientKills;
    return { operations, kills, histories, violations, unknown, waiting, elapsedMs: nowMs() - this.#beganMs };
  }

  #showProgress(): void {
    const now = nowMs();
    if (now - this.#shownMs < PROGRESS_MS) return;
    this.#shownMs = now;
    this.#hooks.onProgress(this.#progress());
  }

  #report(seconds: number, nemesis: Nemesis): TortureReport {
    const { elapsedMs: _elapsed, waiting: _waiting, ...summary } = this.#progress();
    const { findings, complaint } = this.#checks;
    if (complaint !== undefined && !this.#hooks.signal.aborted) this.#failed(complaint);
    return {
      summary,
      seconds,
      harms: nemesis.done,
      reached: new Map(this.#reached), // Copies: to close the cluster ends its replicas too.
      deaths: new Map(this.#deaths),
      changes: {
        changes: this.#ledger.counted('changes'),
        conflicts: this.#ledger.counted('conflicts'),
        finals: this.#ledger.counted('finals'),
      },
      memberChanges: this.#changer.count,
      findings,
      failures: [...this.#failures],
      isGood: findings.length === 0 && this.#failures.length === 0,
    };
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal });
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
