// Random runs of watches: writers, losses, deaths, slow readers, watches that go on from others. When all is healed,
// the last state of every key has to have come.
import { below } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { ClientCore } from '../../src/replica/client-core.ts';
import { positionOf } from '../../src/replica/watch-request.ts';
import type { Watcher } from '../../src/replica/watcher.ts';
import type { WatchEvent, WatchOptions } from '../../src/store/watch.ts';
import type { CoreCluster } from './core-cluster.ts';
import { AFTER_MS, worldOver } from './erasures.ts';
import { scanClusterOf, writeAt } from './scan-schedules.ts';
import type { ScanSchedule } from './scan-schedules.ts';

const KEYS = ['a', 'b', 'c'];
const WATCHER = 2;
const STEPS = 120;
const STEPS_MAX = 8000;
/** Longer than a read that looks for what is gone. */
const QUIET_STEPS = 120;

/** A watch of a client, whose reader takes events when it is told to. */
export class WatchedRun {
  readonly watcher: Watcher;
  readonly events: WatchEvent[] = [];
  readonly #cluster: CoreCluster;
  readonly #client: number;
  readonly #core: ClientCore;

  constructor(cluster: CoreCluster, client: number, options: WatchOptions = {}) {
    this.#cluster = cluster;
    this.#client = client;
    this.#core = cluster.core(client);
    this.watcher = this.#core.watcher('', options, undefined, { ready: () => {}, proceed: () => {} });
  }

  get position(): string | undefined {
    return positionOf(this.watcher.places, { prefix: '' }, this.#core.watched);
  }

  tick(): void {
    this.watcher.tick(this.#cluster.nowMs);
    this.#cluster.flush(this.#client);
  }

  take(): void {
    const event = this.watcher.take();
    if (event !== undefined) this.events.push(event);
  }

  /** The same where nothing of others arrives. */
  settleAlone(): void {
    for (let step = 0; step < QUIET_STEPS; step++) {
      this.tick();
      this.#cluster.settleOf(this.#client);
      this.#cluster.pass(13);
      this.take();
    }
  }

  /** Everything arrives and is taken, until nothing new has come for a while. */
  settle(): void {
    for (let step = 0, quiet = 0; quiet < QUIET_STEPS; step++) {
      if (step > STEPS_MAX) throw new Error('Nothing new comes in the end');
      const { length } = this.events;
      if (this.#cluster.underWay > 0) this.#cluster.deliver(0);
      else {
        this.#cluster.pass(13);
        quiet++;
      }
      this.tick();
      this.take();
      if (this.events.length > length) quiet = 0;
    }
  }
}

/** Schedules in which a watch without one of its rules leaves out the last state of a key. */
export const WATCH_SCHEDULES: readonly ScanSchedule[] = [
  {
    rule: 'notesStored',
    bug: 'A replica does not note what it stores for those who watch',
    play: (cluster) => {
      const run = new WatchedRun(cluster, WATCHER);
      run.settle();
      cluster.run(0, (core) => core.put('a', 'v', undefined));
      run.settle();
      return missing(cluster, run.events);
    },
  },
  {
    rule: 'readsWhatWasTold',
    bug: 'A watch takes the first read for the last state, though a replica has told of a newer one',
    play: (cluster) => {
      writeAt(cluster, [2], 'a', 'v');
      const run = new WatchedRun(cluster, WATCHER);
      run.settle();
      const read = cluster.call(1, (core) => core.get('a', undefined)); // It decides what one replica alone has.
      cluster.settle([0]);
      run.settle();
      return read.result === undefined ? 'Nobody has decided it' : missing(cluster, run.events);
    },
  },
  {
    rule: 'listsAfterGaps',
    bug: 'A watch goes on with a replica that has restarted as if nothing had been stored there meanwhile',
    play: (cluster) => {
      const run = new WatchedRun(cluster, WATCHER);
      run.settle();
      writeAt(cluster, [0, 1], 'a', 'v');
      for (const replica of [0, 1]) cluster.restart(replica);
      run.settle();
      return missing(cluster, run.events);
    },
  },
  {
    rule: 'doubtsLists',
    bug: 'A watch takes a list for all that there was, while nobody is left who has told of what was erased before it',
    play: (cluster) => {
      const run = new WatchedRun(cluster, 0);
      return loseErased(cluster, run, () => run);
    },
  },
  {
    rule: 'doubtsLists',
    bug: 'A watch that goes on from another one does the same',
    play: (cluster) => {
      const run = new WatchedRun(cluster, 0);
      return loseErased(cluster, run, () => {
        const { position } = run;
        run.watcher.stop(new Error('a break'));
        return new WatchedRun(cluster, 0, { from: position! });
      });
    },
  },
];

/**
 * A key is deleted and erased, and all replicas have restarted since; one is slow to say so. A watch may say that it
 * has a gap.
 */
function loseErased(cluster: CoreCluster, first: WatchedRun, goOn: () => WatchedRun): string | undefined {
  const { collect } = worldOver(cluster);
  cluster.run(1, (core) => core.put('a', 'v', undefined));
  first.settle();
  const run = goOn();
  cluster.run(1, (core) => core.delete('a', undefined));
  collect(30 * AFTER_MS);
  for (const replica of [0, 1, 2]) cluster.restart(replica);
  for (let step = 0; step < 20; step++) {
    run.tick();
    cluster.settle([0]);
  }
  run.settle();
  return run.watcher.failure === undefined ? missing(cluster, [...first.events, ...run.events]) : undefined;
}

/** A random run. @returns what is wrong with what was yielded; `undefined` where nothing is. */
export function watchProblem(random: Random, rules: Partial<Rules> = {}, threads = 3): string | undefined {
  const cluster = scanClusterOf(rules, threads);
  let run = new WatchedRun(cluster, WATCHER);
  const all: WatchEvent[] = [];
  let writes = 0;
  for (let step = 0; step < STEPS; step++) {
    const chance = below(random, 24);
    if (chance < 3 && writes < 20) write(cluster, random, writes++);
    else if (chance === 3) cluster.pass(13);
    else if (chance === 4 && below(random, 4) === 0) cluster.restart(below(random, threads));
    else if (chance === 5 && below(random, 3) === 0 && run.position !== undefined) {
      all.push(...run.events);
      const from = run.position;
      run.watcher.stop(new Error('a break'));
      run = new WatchedRun(cluster, WATCHER, { from });
    } else if (chance < 8 && cluster.underWay > 0) cluster.lose(below(random, cluster.underWay));
    else if (cluster.underWay > 0) cluster.deliver(below(random, cluster.underWay));
    run.tick();
    if (below(random, 3) === 0) run.take();
  }
  run.settle();
  if (run.watcher.failure !== undefined) return undefined; // It ended with an error, and said so.
  const grown = wrongOrder(run.events);
  return grown ?? missing(cluster, [...all, ...run.events]);
}

function write(cluster: CoreCluster, random: Random, number: number): void {
  const key = KEYS[below(random, KEYS.length)]!;
  const value = below(random, 3) === 0 ? undefined : `v${number}`;
  cluster.call(below(random, 2), (core) =>
    below(random, 2) === 0 ? core.update(key, () => value, { timeoutMs: 60 }) : core.put(key, value, { timeoutMs: 60 }),
  );
}

function wrongOrder(events: readonly WatchEvent[]): string | undefined {
  const last = new Map<string, string>();
  for (const { key, version } of events) {
    const before = last.get(key);
    if (before !== undefined && before >= version) return `${key} has version ${version} after ${before}`;
    last.set(key, version);
  }
  return undefined;
}

/** Compares the newest event of each key with what the key holds now. */
function missing(cluster: CoreCluster, events: readonly WatchEvent[]): string | undefined {
  for (const key of KEYS) {
    const held = JSON.stringify(cluster.run(0, (core) => core.get(key, undefined)));
    const mine = events.filter((event) => event.key === key);
    const last = mine.toSorted((left, right) => (left.version < right.version ? -1 : 1)).at(-1);
    const isTold = last?.kind === 'put' ? held.includes(`"value":"${String(last.value)}"`) : held.includes('absent');
    if (!isTold) return `${key} holds ${held}, and last came ${JSON.stringify(last)}`;
  }
  return undefined;
}
