import { describe, expect, it } from 'vitest';
import { INLINE_BYTES_MAX } from '../../src/base/limits.ts';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { checkLinearizable, checkStaleness, registerModel } from '../../src/check/index.ts';
import type { Operation } from '../../src/check/index.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import { bucketOf, checkedBuckets } from '../../src/replica/bucket.ts';
import type { ReadResult } from '../../src/store/store.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { CACHE_SCHEDULES, resultOf, write } from './cache-schedules.ts';
import { CoreCluster } from './core-cluster.ts';
import type { CoreCall } from './core-cluster.ts';
import { scanClusterOf } from './scan-schedules.ts';

const FILE = 'test/replica/read-cache.test.ts';
const SEEDS = 100;
const STEPS = 600;
const CALLS_MAX = 120;
const QUORUMS = registerQuorums({ replicas: 3 });
const LONG = { maxStaleMs: 1000 };

/** A read of client 1, and how many frames it has sent. */
function framesOf(
  cluster: CoreCluster,
  options = LONG,
  key = 'k',
): { readonly result: ReadResult; readonly frames: number } {
  const before = cluster.frames;
  const result = resultOf(cluster.run(1, (core) => core.read(key, options)));
  return { result, frames: cluster.frames - before };
}

function cachedCluster(cacheBytesMax: number): CoreCluster {
  return new CoreCluster({ quorums: QUORUMS, clients: 3, cacheBytesMax });
}

describe('A read that says how old a value may be', () => {
  it('asks replicas once, and is then answered at once, with its age, until that is too high', () => {
    const cluster = scanClusterOf();
    write(cluster, 0, { n: 1 });
    expect(framesOf(cluster)).toMatchObject({ result: { outcome: 'ok', value: { n: 1 } }, frames: 2 });
    cluster.nowMs += 1000;
    const { result, frames } = framesOf(cluster);
    expect([result, frames]).toMatchObject([{ outcome: 'ok', value: { n: 1 }, ageMs: 1000 }, 0]);
    expect(result).toHaveProperty('version', expect.stringMatching(/^[\da-f]{16}$/));
    cluster.nowMs += 1;
    expect(framesOf(cluster)).toMatchObject({ frames: 2 });
    expect(cluster.core(1).cachedReads).toBe(1);
    cluster.nowMs += 1000;
    expect(framesOf(cluster).frames).toBe(0); // The read before has filled it again.
  });

  it.each([
    ['that never was', (): void => {}],
    ['that was deleted', (cluster: CoreCluster): void => write(cluster, 0, undefined)],
  ])('is told of a key %s as of others', (_, prepare) => {
    const cluster = scanClusterOf();
    prepare(cluster);
    expect(framesOf(cluster)).toEqual({ result: { outcome: 'absent' }, frames: 2 });
    expect(framesOf(cluster)).toEqual({ result: { outcome: 'absent', ageMs: 0 }, frames: 0 });
  });

  it('never answers one that says nothing of the kind, and nothing is kept for who never says it', () => {
    const cluster = scanClusterOf();
    write(cluster, 0, 'v');
    for (const options of [undefined, {}, { level: 'quorum' } as const, LONG]) {
      const before = cluster.frames;
      cluster.run(1, (core) => core.read('k', options));
      expect(cluster.frames - before, JSON.stringify(options)).toBe(2);
    }
    const before = cluster.frames;
    for (const options of [undefined, { level: 'quorum' } as const]) cluster.run(1, (core) => core.read('k', options));
    expect(cluster.frames - before).toBe(4);
  });

  it('gets a value of its own', () => {
    const cluster = scanClusterOf();
    write(cluster, 0, { list: [1] });
    for (let time = 0; time < 3; time++) {
      const { result } = framesOf(cluster);
      expect(result).toMatchObject({ value: { list: [1] } });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as just seen
      if (result.outcome === 'ok') (result.value as { list: number[] }).list.push(2);
    }
  });

  it('of a value that travels by reference gets the bytes', () => {
    const cluster = scanClusterOf();
    const value = new Uint8Array(3 * INLINE_BYTES_MAX).fill(7);
    write(cluster, 0, value);
    framesOf(cluster);
    const { result, frames } = framesOf(cluster);
    expect(frames).toBe(0);
    expect(result.outcome === 'ok' && value).toEqual(value);
  });

  it('in a bucket asks the quorum, whatever the level of the bucket', () => {
    const cluster = scanClusterOf();
    const bucket = bucketOf(checkedBuckets({ b: { conflicts: 'last-writer' } }, QUORUMS), 'b', 'bucket');
    cluster.run(0, (core) => core.put('k', 'in', undefined, bucket));
    write(cluster, 0, 'out');
    const read = (): unknown => cluster.run(1, (core) => core.read('k', LONG, bucket));
    expect(read()).toMatchObject({ value: 'in' });
    expect(read()).toMatchObject({ value: 'in', ageMs: 0 });
    expect(framesOf(cluster)).toMatchObject({ result: { value: 'out' }, frames: 2 });
  });

  it.each([
    [{ maxStaleMs: -1 }, 'Cannot use maxStaleMs -1: it must be an integer from 0'],
    [{ maxStaleMs: 1.5 }, 'Cannot use maxStaleMs 1.5'],
    [{ maxStaleMs: Number.NaN }, 'Cannot use maxStaleMs NaN'],
    [{ maxStaleMs: 1, level: 'one' as const }, 'Cannot use maxStaleMs with level "one": it must be quorum'],
    [{ maxStaleMs: 1, level: 'available' as const }, 'Cannot use maxStaleMs with level "available"'],
    [{ maxStaleMs: 1, level: { r: 3 } }, 'Cannot use maxStaleMs with level {"r":3}'],
    [{ maxStaleMs: 1, timeoutMs: 0 }, 'Cannot use timeoutMs 0'],
    [{ maxStaleVersions: -1 }, 'Cannot use maxStaleVersions -1: it must be an integer from 0'],
    [{ maxStaleVersions: 0.5 }, 'Cannot use maxStaleVersions 0.5'],
    [{ maxStaleVersions: 1, level: 'one' as const }, 'Cannot use maxStaleVersions with level "one": it must be quorum'],
  ])('is refused with %j, also where the cache has something', (options, message) => {
    const cluster = scanClusterOf();
    framesOf(cluster);
    expect(() => cluster.core(1).read('k', options)).toThrow(message);
    expect(() => cluster.core(1).session('here', { maxStaleMs: -1 })).toThrow('Cannot use maxStaleMs -1');
  });
});

/** A read of client 1 that may be so many versions behind, with its fence, and how many frames all that has taken. */
function behind(cluster: CoreCluster, maxStaleVersions: number, more = {}): { value: unknown; frames: number } {
  const before = cluster.frames;
  const call = cluster.call(1, (core) => core.read('k', { maxStaleVersions, ...more }));
  cluster.settleOf(1);
  const frames = cluster.frames - before;
  const result = resultOf(call.result);
  return { value: result.outcome === 'ok' ? result.value : result.outcome, frames };
}

describe('A read that says how many newer versions there may be', () => {
  it.each([
    ['a value', (cluster: CoreCluster): void => write(cluster, 0, 'first'), 'first'],
    ['no value', (): void => {}, 'absent'],
    ['a deletion', (cluster: CoreCluster): void => write(cluster, 0, undefined), 'absent'],
  ])('is answered with %s at once while no more writes have begun than that, of any key', (_what, prepare, first) => {
    const cluster = scanClusterOf();
    prepare(cluster);
    expect(behind(cluster, 0).frames).toBeGreaterThan(0);
    expect(behind(cluster, 0)).toEqual({ value: first, frames: 0 });
    write(cluster, 0, 'second');
    cluster.run(2, (core) => core.put('other', 1, undefined));
    expect(behind(cluster, 2)).toEqual({ value: first, frames: 0 });
    expect(behind(cluster, 1).value).toBe('second');
    expect(behind(cluster, 0)).toEqual({ value: 'second', frames: 0 });
  });

  it('and how old the value is, asks where either does not hold', () => {
    const cluster = scanClusterOf();
    write(cluster, 0, 'first');
    behind(cluster, 0);
    cluster.nowMs += 100;
    expect(behind(cluster, 5, { maxStaleMs: 100 }).frames).toBe(0);
    expect(behind(cluster, 5, { maxStaleMs: 99 }).frames).toBeGreaterThan(0);
    write(cluster, 0, 'second');
    expect(behind(cluster, 0, { maxStaleMs: 1000 }).value).toBe('second');
  });

  it('asks again where something was written between the read and the fence', () => {
    const cluster = scanClusterOf();
    write(cluster, 0, 'first');
    const read = cluster.call(1, (core) => core.read('k', { maxStaleVersions: 9 }));
    cluster.reach(1, 'read', [0, 1, 2]);
    cluster.hear(1, [0, 1, 2]);
    expect(read.result).toMatchObject({ value: 'first' }); // Its fence is still under way.
    cluster.call(0, (core) => core.put('k', 'second', undefined));
    cluster.settleOf(0);
    cluster.settleOf(1);
    expect(behind(cluster, 9).value).toBe('second');
  });

  it('in random schedules is never further behind than it allows', () => {
    const seed = testSeed();
    for (let run = 0; run < 200; run++) {
      const random = seededRandom(seed + run);
      const cluster = new CoreCluster({ quorums: QUORUMS, clients: 3, cacheBytesMax: 1 << 20 });
      let written = 0;
      /** What has been decided, oldest first: a write that another one has overtaken never is. */
      const decided = new Set<number>();
      const look = (): void => {
        const call = cluster.call(2, (core) => core.get('k', undefined));
        cluster.settleOf(2);
        const result = resultOf(call.result);
        if (result.outcome === 'ok') decided.add(Number(result.value));
      };
      let hits = 0;
      for (let step = 0; step < 80; step++) {
        const chance = below(random, 10);
        if (chance < 3) {
          cluster.call(0, (core) => core.put('k', ++written, undefined));
          if (below(random, 2) === 0) cluster.settleOf(0);
        } else if (chance < 5) {
          cluster.settleOf(below(random, 2));
        } else {
          const allowed = below(random, 4);
          const { value, frames } = behind(cluster, allowed);
          if (frames === 0) hits++;
          const newer = [...decided].filter((each) => each > (value === 'absent' ? 0 : Number(value))).length;
          const what = `${String(value)}, ${newer} versions behind, ${allowed} allowed`;
          expect(newer <= allowed, `${replayCommand(FILE, seed + run)}: ${what}`).toBe(true);
        }
        look();
      }
      if (run === 0) expect(hits).toBeGreaterThan(0);
    }
  });
});

describe('What is cached is dropped', () => {
  it.each<[string, (cluster: CoreCluster) => void]>([
    ['a put', (cluster) => write(cluster, 1, 'new')],
    ['an update', (cluster) => cluster.run(1, (core) => core.update('k', () => 'new', undefined))],
    [
      'a plain read that sees a newer version',
      (cluster) => {
        write(cluster, 0, 'new');
        cluster.run(1, (core) => core.get('k', undefined));
      },
    ],
    [
      'a scan that does',
      (cluster) => {
        write(cluster, 0, 'new');
        cluster.run(1, (core) => core.scan('', undefined));
      },
    ],
    [
      'a put of a session',
      (cluster) => {
        const session = cluster.core(1).session('here', {});
        cluster.run(1, () => session.put('k', 'new', undefined));
      },
    ],
  ])('by %s of the same client', (_, overwrite) => {
    const cluster = scanClusterOf();
    write(cluster, 0, 'old');
    framesOf(cluster);
    overwrite(cluster);
    expect(framesOf(cluster)).toMatchObject({ result: { value: 'new' }, frames: 2 });
  });

  it('where there is no room for it: what was used longest ago first', () => {
    const cluster = cachedCluster(400);
    for (const key of ['a', 'b']) framesOf(cluster, LONG, key);
    expect(framesOf(cluster, LONG, 'a').frames).toBe(0);
    for (const key of ['c', 'd']) framesOf(cluster, LONG, key);
    expect(['a', 'b', 'c', 'd'].map((key) => cluster.core(1).read(key, LONG)).map((made) => 'ageMs' in made)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it.each([
    ['that is too long for the cache', 300, 'x'.repeat(301)],
    ['where the cache is turned off', 0, 'x'],
  ])('and never kept, %s', (_, bytesMax, value) => {
    const cluster = cachedCluster(bytesMax);
    write(cluster, 0, value);
    expect([framesOf(cluster).frames, framesOf(cluster).frames]).toEqual([2, 2]);
  });
});

describe('A session that says how old a value may be', () => {
  it('takes from the cache what is as new as what it has seen, and has then seen that', () => {
    const cluster = scanClusterOf();
    write(cluster, 0, 'v');
    framesOf(cluster);
    const session = cluster.core(1).session('here', LONG);
    const before = cluster.frames;
    expect(cluster.run(1, () => session.read('k', undefined))).toMatchObject({ value: 'v', ageMs: 0 });
    expect(cluster.frames).toBe(before);
    const other = cluster.core(2).session('here', { token: session.token });
    expect(cluster.run(2, () => other.get('k', undefined))).toMatchObject({ value: 'v' });
    cluster.run(1, () => session.read('k', { level: 'one' }));
    expect(cluster.frames).toBeGreaterThan(before);
  });

  it('does not where it has forgotten what may be newer', () => {
    const cluster = scanClusterOf();
    write(cluster, 0, 'old');
    framesOf(cluster);
    const writer = cluster.core(0).session('here', { keysMax: 1 });
    cluster.run(0, () => writer.put('k', 'new', undefined));
    cluster.run(0, () => writer.put('other', 'v', undefined));
    const reader = cluster.core(1).session('here', { token: writer.token, ...LONG });
    expect(cluster.run(1, () => reader.read('k', undefined))).toMatchObject({ value: 'new' });
  });
});

describe('A cache keeps its promise:', () => {
  it.each(CACHE_SCHEDULES)('with all rules, a schedule against "$bug" shows nothing', ({ play }) => {
    expect(play(scanClusterOf())).toBeUndefined();
  });

  it.each(CACHE_SCHEDULES)('without $rule it does not: $bug', ({ rule, play }) => {
    expect(play(scanClusterOf({ [rule]: false }))).toEqual(expect.any(String));
  });

  it('in random schedules no read is older than it allows, nor than what its client knows', () => {
    const first = testSeed();
    let cached = 0;
    for (let seed = first; seed < first + SEEDS; seed++) {
      const run = new Run(seededRandom(seed));
      expect(run.problem(), replayCommand(FILE, seed)).toBeUndefined();
      cached += run.cachedReads;
    }
    expect(cached).toBeGreaterThan(SEEDS);
  });

  it.each(['agesCached', 'agesFromBegin', 'dropsOwnWrites', 'voidsOvertaken'] as const)(
    'random schedules find out a cache without %s',
    (rule) => {
      const seeds = Array.from({ length: 10 * SEEDS }, (_, seed) => seed);
      expect(
        seeds.find((seed) => new Run(seededRandom(seed), { [rule]: false }).problem() !== undefined),
      ).toBeDefined();
    },
  );
});

interface Recorded {
  readonly kind: 'write' | 'read';
  readonly client: number;
  readonly value: string | undefined;
  readonly maxStaleMs: number;
  readonly call: CoreCall;
  readonly start: number;
  end: number | undefined;
}

/** Random calls of one key, several at once in each client, under losses; each step takes a millisecond. */
class Run {
  readonly #random: Random;
  readonly #cluster: CoreCluster;
  readonly #calls: Recorded[] = [];
  /** Of all reads that may be stale. */
  readonly #maxStaleMs: number;

  constructor(random: Random, rules: Partial<Rules> = {}) {
    this.#random = random;
    this.#cluster = new CoreCluster({ quorums: QUORUMS, clients: 2, rules: { ...RULES, ...rules } });
    this.#maxStaleMs = 20 + below(random, 200);
    for (let step = 0; step < STEPS; step++) this.#step();
    for (let tries = 0; this.#calls.some(({ end }) => end === undefined) && tries < 5000; tries++) this.#go();
  }

  get cachedReads(): number {
    return this.#cluster.core(0).cachedReads + this.#cluster.core(1).cachedReads;
  }

  /** What is wrong with what was read; `undefined` where nothing is. */
  problem(): string | undefined {
    const history = this.#calls.flatMap(historyOf);
    // Exactly: a read may have happened so long before it was called as it allows, and a plain one not before.
    const shifted = history.map(({ maxStaleMs, ...operation }) => ({
      ...operation,
      start: operation.start - maxStaleMs,
    }));
    for (const verdict of [
      checkLinearizable(shifted, registerModel(null)),
      checkStaleness(history, { maxStale: this.#maxStaleMs }),
    ]) {
      if (verdict.verdict === 'illegal') return verdict.explanation.text;
      if (verdict.verdict === 'unknown') return verdict.reason;
    }
    return this.#goesBack();
  }

  /** A read is older than what its client had read or written before it was called. */
  #goesBack(): string | undefined {
    const decided = this.#calls.filter(({ call }) => outcomeOf(call) === 'ok');
    for (const { client, call, start } of decided.filter(({ kind }) => kind === 'read')) {
      const known = decided.filter((other) => other.client === client && (other.end ?? start) < start);
      const newer = known.find((other) => versionOf(other.call)! > versionOf(call)!);
      if (newer) return `A read at ${start} is older than what its client knew at ${newer.end}`;
    }
    return undefined;
  }

  #step(): void {
    const chance = below(this.#random, 20);
    if (chance < 4 && this.#calls.length < CALLS_MAX) this.#begin();
    else if (chance === 4 && below(this.#random, 8) === 0) this.#cluster.restart(below(this.#random, 3));
    else if (chance === 5 && this.#cluster.underWay > 0)
      this.#cluster.lose(below(this.#random, this.#cluster.underWay));
    else return this.#go();
    this.#note();
  }

  #go(): void {
    if (this.#cluster.underWay > 0) this.#cluster.deliver(below(this.#random, this.#cluster.underWay));
    else this.#cluster.pass(13);
    this.#note();
  }

  #begin(): void {
    const start = ++this.#cluster.nowMs;
    const client = below(this.#random, 2);
    const kind = below(this.#random, 4) === 0 ? 'write' : 'read';
    const maxStaleMs = kind === 'read' && below(this.#random, 5) > 0 ? this.#maxStaleMs : 0;
    const value = kind === 'read' ? undefined : `v${start}`;
    const call = this.#cluster.call(client, (core) => {
      if (kind === 'write') return core.put('k', value, undefined);
      return core.read('k', maxStaleMs > 0 ? { maxStaleMs } : undefined);
    });
    this.#calls.push({ kind, client, value, maxStaleMs, call, start, end: undefined });
  }

  #note(): void {
    for (const each of this.#calls) {
      if (each.end === undefined && (each.call.result ?? each.call.error) !== undefined)
        each.end = ++this.#cluster.nowMs;
    }
    this.#cluster.nowMs++;
  }
}

/** What a call says to checkers. */
function historyOf({ kind, client, value, maxStaleMs, call, start, end }: Recorded): readonly Stale[] {
  const outcome = outcomeOf(call);
  if (outcome === 'unavailable') return [];
  const isOpen = outcome !== 'ok' && kind === 'write';
  const of = { process: client, start, maxStaleMs, end: isOpen ? Number.POSITIVE_INFINITY : end! };
  if (kind === 'write') return [{ ...of, call: 'write', input: value, output: isOpen ? undefined : 'ok' }];
  const read = resultOf(call.result);
  return [{ ...of, call: 'read', input: null, output: read.outcome === 'ok' ? read.value : null }];
}

interface Stale extends Operation {
  readonly maxStaleMs: number;
}

function outcomeOf({ result }: CoreCall): string {
  return resultOf(result).outcome;
}

function versionOf({ result }: CoreCall): string | undefined {
  const read = resultOf(result);
  return read.outcome === 'ok' ? read.version : undefined;
}
