// A stand-in for a cluster: one Map, on this thread, with replicas that only pretend to die. What it breaks is chosen.
import { setImmediate as turn } from 'node:timers/promises';
import { QuorateError } from '../../../src/base/errors.ts';
import type { ClusterEvents, ReconfigureOptions } from '../../../src/cluster/options.ts';
import type { Fault } from '../../../src/cli/demo/nemesis.ts';
import { runPeerClient } from '../../../src/cli/demo/peer.ts';
import type { DemoCluster, DemoStage } from '../../../src/cli/demo/run-demo.ts';

export interface FakeFaults {
  /** Every so many acknowledged writes one is not done. */
  readonly dropsEvery?: number;
  /** Acknowledged writes are not done any more after so many operations. */
  readonly dropsAfter?: number;
  /** Every so many reads one returns the value before the last. */
  readonly staleEvery?: number;
  /** Every so many writes one ends as unknown; half of these happen. */
  readonly unknownEvery?: number;
  /** Every so many reads one is damaged. */
  readonly damagedEvery?: number;
  /** Every so many increments one is done twice. */
  readonly doublesEvery?: number;
  /** Every so many increments one is acknowledged and not done. */
  readonly skipsEvery?: number;
  /** Every so many changes one is made of the value before the last: what that had replaced is lost. */
  readonly forksEvery?: number;
  /** Every so many reads of a deleted key one returns what was deleted. */
  readonly revivesEvery?: number;
  /** Every so many changes one is done and then said to be refused, by a function that was run again. */
  readonly repeatsEvery?: number;
  /** A replica that hangs dies only once all replicas are asked for something: its death takes unread frames. */
  readonly hangsUntilAsked?: boolean;
  /** Kills are refused until so many operations were asked. */
  readonly refusesKillsUntil?: number;
  /** Every change of members is taken back. */
  readonly undoesChanges?: boolean;
  /** Every so many changes of members every key has the value before its last. */
  readonly forgetsEvery?: number;
  /** Reads of all replicas find one of them away, so many times. */
  readonly readsInVain?: number;
  /** Every operation rejects with this after so many. */
  readonly failsAfter?: { readonly operations: number; readonly error: Error };
}

const NO_METRICS = {
  gets: 0,
  puts: 0,
  deletes: 0,
  fastReads: 0,
  slowReads: 0,
  fastWrites: 0,
  slowWrites: 0,
  changes: 0,
  fastChanges: 0,
  slowChanges: 0,
  unknown: 0,
  unavailable: 0,
  repairedKeys: 0,
  readRepairs: 0,
  omissions: 0,
  omissionsRepaired: 0,
  omissionsDropped: 0,
  wakeUps: 0,
  replicaWakeUps: 0,
  hints: 0,
  hintsLost: 0,
  framesSent: 0,
  framesResent: 0,
  hedges: 0,
  answersDropped: 0,
  cachedReads: 0,
};

const PLACES = 7;
/** How far its clock is moved by one operation, in milliseconds: a busy machine gets as much done as any other. */
const OPERATION_MS = 0.02;

/** A stage whose store is one Map; `closed` says that everything was let go. */
export class FakeStage implements DemoStage {
  readonly cluster: DemoCluster;
  isClosed = false;
  readonly #faults: FakeFaults;
  readonly #values = new Map<string, unknown>();
  readonly #before = new Map<string, unknown>();
  readonly #states: ('operational' | 'down')[];
  readonly #epochs: number[];
  #members: number[];
  /** Changes of members that came about. */
  memberChanges = 0;
  #hung: number | undefined;
  #vainReads = 0;
  #operations = 0;
  #reads = 0;
  #writes = 0;
  #changes = 0;
  #increments = 0;
  #revivals = 0;
  #version = 0;
  readonly #listeners: {
    down: ((...e: ClusterEvents['down']) => void)[];
    operational: ((...e: ClusterEvents['operational']) => void)[];
  } = {
    down: [],
    operational: [],
  };

  constructor(replicas: number, faults: FakeFaults = {}) {
    this.#faults = faults;
    this.#states = Array.from({ length: PLACES }, () => 'operational' as const);
    this.#epochs = Array.from({ length: PLACES }, () => 1);
    this.#members = Array.from({ length: replicas }, (_, replica) => replica);
    this.cluster = this.#makeCluster();
  }

  /** The clock of this stage, in milliseconds: it counts operations. */
  get nowMs(): number {
    return this.#operations * OPERATION_MS;
  }

  async injectFault(replica: number, fault: Fault): Promise<boolean> {
    if (!this.#members.includes(replica)) throw new RangeError(`Replica ${replica} is no member`);
    if (this.#states.includes('down') || this.#hung !== undefined) return false;
    if (this.#operations < (this.#faults.refusesKillsUntil ?? 0)) return false;
    if (fault === 'hang' && this.#faults.hangsUntilAsked === true) this.#hung = replica;
    else await this.#kill(replica);
    return true;
  }

  startPeer(wiring: Parameters<typeof runPeerClient>[1]): ReturnType<DemoStage['startPeer']> {
    const done = runPeerClient(this.cluster, wiring);
    done.catch(() => {});
    return { ready: Promise.resolve(), done, terminate: () => Promise.resolve() };
  }

  async #reconfigure({ add = 0, remove = [] }: ReconfigureOptions): Promise<void> {
    await turn();
    if (this.#faults.undoesChanges === true) throw new QuorateError('ERR_QUORATE_TIMEOUT', 'Taken back');
    const free = Array.from({ length: PLACES }, (_, place) => place).filter((each) => !this.#members.includes(each));
    const stay = this.#members.filter((each) => !remove.includes(each));
    this.#members = [...stay, ...free.slice(0, add)].toSorted((one, other) => one - other);
    for (const replica of remove) {
      if (this.#hung === replica) this.#hung = undefined; // Its thread has ended.
      const epoch = this.#epochs[replica]!++;
      for (const listener of this.#listeners.down) listener({ replica, epoch, reason: { kind: 'stopped' } });
    }
    this.memberChanges += 1;
    if (!isNth(this.memberChanges, this.#faults.forgetsEvery)) return;
    for (const [key, value] of this.#before) this.#values.set(key, value);
  }

  async #kill(replica: number): Promise<void> {
    this.#states[replica] = 'down';
    const epoch = this.#epochs[replica]!++;
    await turn();
    for (const listener of this.#listeners.down) listener({ replica, epoch, reason: { kind: 'hung' } });
    await turn();
    this.#states[replica] = 'operational';
    for (const listener of this.#listeners.operational) listener({ replica, epoch: epoch + 1, recoveryMs: 1 });
  }

  /** All replicas are asked. @returns whether all of them answer. */
  async #askAll(): Promise<boolean> {
    const hung = this.#hung;
    this.#hung = undefined;
    if (hung !== undefined) await this.#kill(hung);
    return ++this.#vainReads > (this.#faults.readsInVain ?? 0);
  }

  #set(key: string, value: unknown): void {
    if (this.#values.get(key) !== undefined) this.#before.set(key, this.#values.get(key));
    this.#values.set(key, value);
  }

  #isGone(key: string): boolean {
    return this.#values.has(key) && this.#values.get(key) === undefined;
  }

  #makeCluster(): DemoCluster {
    const step = async (): Promise<void> => {
      await turn();
      const { failsAfter } = this.#faults;
      this.#operations += 1;
      if (failsAfter !== undefined && this.#operations > failsAfter.operations) throw failsAfter.error;
    };
    const write = async (
      key: string,
      value: unknown,
    ): Promise<{ outcome: 'ok'; version: string } | { outcome: 'unknown'; operationId: string }> => {
      await step();
      this.#writes += 1;
      const isUnknown = isNth(this.#writes, this.#faults.unknownEvery);
      const isDropped =
        isNth(this.#writes, this.#faults.dropsEvery) || this.#operations > (this.#faults.dropsAfter ?? Infinity);
      const happens = isUnknown ? this.#writes % 2 === 0 : !isDropped;
      if (happens) this.#set(key, value);
      await turn();
      return isUnknown ? { outcome: 'unknown', operationId: '1' } : { outcome: 'ok', version: String(++this.#version) };
    };
    return {
      get: async (key, options) => {
        await step();
        if (options?.level === 'all' && !(await this.#askAll())) return { outcome: 'unavailable', needed: 5, got: 4 };
        this.#reads += 1;
        const values =
          isNth(this.#reads, this.#faults.staleEvery) && this.#before.has(key) ? this.#before : this.#values;
        const isRevived = this.#isGone(key) && isNth(++this.#revivals, this.#faults.revivesEvery);
        const value = (isRevived ? this.#before : values).get(key);
        await turn();
        if (value === undefined) return { outcome: 'absent' };
        const isDamaged = isNth(this.#reads, this.#faults.damagedEvery) && value instanceof Uint8Array;
        return { outcome: 'ok', value: isDamaged ? value.map((byte) => byte ^ 1) : value, version: '1' };
      },
      put: write,
      delete: (key) => write(key, undefined),
      update: async (key, fn) => {
        await step();
        const isForked = isNth(++this.#changes, this.#faults.forksEvery) && this.#before.get(key) !== undefined;
        if (isNth(this.#changes, this.#faults.repeatsEvery)) this.#set(key, fn(this.#values.get(key)));
        const value = fn((isForked ? this.#before : this.#values).get(key));
        this.#set(key, value);
        await turn();
        return { outcome: 'ok', value, version: String(++this.#version) };
      },
      compareAndSet: async (key, expected, next) => {
        await step();
        const value = this.#values.get(key);
        if (value !== expected) return { outcome: 'conflict', value, version: '1' };
        this.#set(key, next);
        await turn();
        return { outcome: 'ok', version: String(++this.#version) };
      },
      increment: async (key) => {
        await step();
        this.#increments += 1;
        const value = Number(this.#values.get(key) ?? 0) + 1;
        const isDoubled = isNth(this.#increments, this.#faults.doublesEvery);
        if (!isNth(this.#increments, this.#faults.skipsEvery)) this.#set(key, isDoubled ? value + 1 : value);
        await turn();
        return { outcome: 'ok', value, version: String(++this.#version) };
      },
      reconfigure: (options) => this.#reconfigure(options),
      metrics: () => NO_METRICS,
      inspect: () => ({
        replicas: this.#members.map((replica) => ({
          replica,
          state: this.#states[replica]!,
          epoch: this.#epochs[replica]!,
          restarts: 0,
          lastExit: undefined,
          threadId: 1,
          unreadBytes: replica % 2,
          handled: 0,
          keys: 0,
          bytes: 0,
        })),
        replicationFactor: this.#members.length,
        read: 3,
        write: 3,
        prepare: 3,
        hasQuorums: true,
        recoverFrom: 3,
        configuration: { number: 0, isChanging: false, members: this.#members },
        places: PLACES,
        stateLost: false,
        chair: undefined,
        collected: 0,
        clients: 2,
        pending: 0,
      }),
      close: () => {
        this.isClosed = true;
        return Promise.resolve();
      },
      handle: () => ({ kind: 'quorate:cluster-handle', name: 'fake', board: new SharedArrayBuffer(8) }),
      on: (name, listener) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two lists differ by their events only
        (this.#listeners[name] as unknown[]).push(listener);
      },
    };
  }
}

function isNth(count: number, every: number | undefined): boolean {
  return every !== undefined && count % every === 0;
}
