// Buckets that merge, on clients and replicas in one thread.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { actorNames } from '../../src/store/actor-names.ts';
import type { MergeName } from '../../src/store/conflicts.ts';
import { MergeBucket } from '../../src/store/merge-bucket.ts';
import type { MergeEngine } from '../../src/store/merge-bucket.ts';
import type { MergingOptions } from '../../src/store/merging.ts';
import type { Value } from '../../src/store/store.ts';
import { CoreCluster } from '../replica/core-cluster.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { CoreEngine, settled } from './core-engine.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/store/merge-bucket.test.ts', SEED);
const CLIENTS = 2;

/** Clients of one cluster, with one bucket. */
class Stage {
  readonly cluster = new CoreCluster({ quorums: registerQuorums({ replicas: 3 }), clients: CLIENTS });
  readonly engines = Array.from({ length: CLIENTS }, (_, client) => new CoreEngine(this.cluster, client));
  readonly stores: readonly MergeBucket[];

  constructor(by: MergeName, options: MergingOptions = {}, at = 'here') {
    this.stores = this.engines.map((engine, client) => bucketOf(engine, by, { ...options, at: `${at}-${client}` }));
  }

  run<Result>(make: (store: MergeBucket, other: MergeBucket) => Promise<Result>): Promise<Result> {
    return settled(this.cluster, this.engines, make(this.stores[0]!, this.stores[1]!));
  }
}

function bucketOf(
  engine: MergeEngine,
  by: MergeName,
  { at, ...options }: MergingOptions & { at: string },
): MergeBucket {
  return new MergeBucket(engine, { ...options, bucket: 'b', by, newActor: actorNames(at) });
}

function longer(left: unknown, right: unknown): unknown {
  return String(left).length > String(right).length ? left : right;
}

/** A copy of a counter that one actor has counted as far as it goes. */
function largest(actor: string): Value {
  return {
    clock: new Map([[actor, 1]]),
    fields: new Map([['', new Map([[actor, [1, Number.MAX_SAFE_INTEGER]]])]]),
  };
}

/** What a get gives, to be put elsewhere. */
async function copyOf(stage: Stage): Promise<unknown> {
  const read = await stage.run((store) => store.get('k'));
  return read.outcome === 'ok' ? read.value : undefined;
}

describe('A bucket that merges', () => {
  it('counts, whoever adds', async () => {
    const stage = new Stage('counter');
    expect(await stage.run((store) => store.counter('k').get())).toEqual({ outcome: 'absent' });
    expect(await stage.run((store) => store.counter('k').add())).toMatchObject({ outcome: 'ok', value: 1 });
    expect(await stage.run((_, other) => other.counter('k').add(-3))).toMatchObject({ value: -2 });
    expect(await stage.run((store) => store.counter('k').get())).toMatchObject({ outcome: 'ok', value: -2 });
    await expect(stage.run((store) => store.counter('k').add(0.5))).rejects.toThrow('Cannot count 0.5');
  });

  it('holds sets', async () => {
    const stage = new Stage('set');
    await stage.run((store) => store.set('k').add('tea'));
    expect(await stage.run((_, other) => other.set('k').add('milk'))).toMatchObject({
      value: new Set(['tea', 'milk']),
    });
    expect(await stage.run((store) => store.set('k').remove('tea'))).toMatchObject({ value: new Set(['milk']) });
    expect(await stage.run((store) => store.set('k').get())).toMatchObject({ value: new Set(['milk']) });
  });

  it('holds maps', async () => {
    const stage = new Stage('map');
    const colours = ['red'];
    const writing = stage.run((store) => store.map('k').set('colours', colours));
    colours.push('altered');
    await writing;
    await stage.run((_, other) => other.map('k').add('visits', 2));
    await stage.run((store) => store.map('k').include('tags', 'a'));
    await stage.run((store) => store.map('k').include('tags', 'b'));
    await stage.run((store) => store.map('k').exclude('tags', 'a'));
    const [counters, sets] = [new Map([['visits', 2]]), new Map([['tags', new Set(['b'])]])];
    const value = { counters, sets, registers: new Map([['colours', ['red']]]) };
    expect(await stage.run((store) => store.map('k').get())).toMatchObject({ outcome: 'ok', value });
    expect(await stage.run((store) => store.map('k').remove('tags'))).toMatchObject({
      value: { ...value, sets: new Map() },
    });
  });

  it.each<[MergeName, unknown, unknown, unknown]>([
    ['max', 3, 5, 5],
    ['max', 5, 3, 5],
    ['min', 5, 3, 3],
    ['union', new Set([1]), new Set(['1']), new Set([1, '1'])],
  ])('by %s makes of %j and %j %j', async (by, first, second, merged) => {
    const stage = new Stage(by);
    expect(await stage.run((store) => store.put('k', first))).toMatchObject({ outcome: 'ok', value: first });
    expect(await stage.run((_, other) => other.put('k', second))).toMatchObject({ outcome: 'ok', value: merged });
    expect(await stage.run((store) => store.get('k'))).toMatchObject({ outcome: 'ok', value: merged });
  });

  it('merges by the function of its clients', async () => {
    const stage = new Stage('custom', { merge: longer });
    await stage.run((store) => store.put('k', 'bb'));
    expect(await stage.run((_, other) => other.put('k', 'c'))).toMatchObject({ value: 'bb' });
  });

  it('deletes a key, which begins anew then', async () => {
    const stage = new Stage('counter');
    await stage.run((store) => store.counter('k').add(5));
    expect(await stage.run((store) => store.delete('k'))).toEqual({ outcome: 'ok', version: expect.any(String) });
    expect(await stage.run((store) => store.counter('k').get())).toEqual({ outcome: 'absent' });
    expect(await stage.run((store) => store.counter('k').add(1))).toMatchObject({ value: 1 });
  });

  it('adds once what ended as unknown and is resolved', async () => {
    const stage = new Stage('counter');
    const { cluster, engines, stores } = stage;
    await stage.run((store) => store.counter('k').add(1));
    const adding = stores[1]!.counter('k').add(10, { timeoutMs: 50 });
    cluster.exchange(1, 'prepare', [0, 1]);
    cluster.reach(1, 'accept', [0, 1, 2]);
    cluster.loseAllOf(1);
    cluster.pass(60);
    await engines[1]!.look();
    const lost = await adding;
    if (lost.outcome !== 'unknown') throw new Error(`Not unknown, but ${lost.outcome}`);
    expect(await stage.run((_, other) => other.resolve(lost.operationId))).toMatchObject({ outcome: 'ok' });
    expect(await stage.run((store) => store.counter('k').get())).toMatchObject({ value: 11 });
  });
});

describe('Copies of one key in two clusters', () => {
  it('come to the same, whenever they are put into each other', async () => {
    const random = seededRandom(SEED);
    const stages = [new Stage('counter', {}, 'here'), new Stage('counter', {}, 'there')];
    let sum = 0;
    for (let step = 0; step < 60; step++) {
      const [from, to] = [stages[step % 2]!, stages[(step + 1) % 2]!];
      const copy = below(random, 3) === 0 ? await copyOf(from) : undefined;
      if (copy !== undefined) await to.run((store) => store.put('k', copy));
      const by = below(random, 9) - 4;
      sum += by;
      await from.run((store, other) => (step % 3 === 0 ? other : store).counter('k').add(by));
    }
    const [here, there] = [await copyOf(stages[0]!), await copyOf(stages[1]!)];
    await stages[0]!.run((store) => store.put('k', there));
    await stages[1]!.run((store) => store.put('k', here));
    for (const stage of stages) {
      expect(await stage.run((store) => store.counter('k').get()), REPLAY).toMatchObject({ value: sum });
    }
  });

  it('count apart, also where the first that was put was a copy, or was deleted before', async () => {
    const [here, there] = [new Stage('counter', {}, 'here'), new Stage('counter', {}, 'there')];
    await here.run((store) => store.counter('k').add(1));
    const copy = await copyOf(here);
    await there.run((store) => store.put('k', copy));
    await there.run((store) => store.counter('k').add(10));
    await here.run((store) => store.delete('k'));
    await here.run((store) => store.put('k', copy));
    await here.run((store) => store.counter('k').add(100));
    const beside = await copyOf(there);
    expect(await here.run((store) => store.put('k', beside))).toMatchObject({ outcome: 'ok' });
    expect(await here.run((store) => store.counter('k').get())).toMatchObject({ value: 111 });
  });
});

describe('A call of a bucket that merges is refused', () => {
  it.each<[string, MergeName, (store: MergeBucket) => unknown, string]>([
    [
      'of another kind',
      'set',
      (store) => store.counter('k'),
      "Cannot use a counter of bucket 'b': its values merge by 'set'",
    ],
    ['of a kind that it has not', 'max', (store) => store.map('k'), "its values merge by 'max'"],
    ['to put what is no copy', 'counter', (store) => store.put('k', 5), 'that is no copy of a counter'],
    ['to put what cannot be compared', 'max', (store) => store.put('k', 'five'), 'Cannot merge string by max'],
    ['to put no set', 'union', (store) => store.put('k', [1]), 'it must be a Set'],
    ['to put nothing', 'max', (store) => store.put('k', undefined), 'Cannot write undefined'],
    [
      'to read below the quorum',
      'set',
      (store) => store.set('k').get({ level: 'one' as 'all' }),
      'Cannot use level "one"',
    ],
    [
      'to write below the quorum',
      'max',
      (store) => store.put('k', 1, { level: 'two' as 'all' }),
      'Cannot use level "two"',
    ],
    ['to add what is no element', 'set', (store) => store.set('k').add([] as never), 'Cannot use a object as element'],
    [
      'to name by a number',
      'map',
      (store) => store.map('k').set(1 as never, 1),
      'Cannot use a number as name in a map',
    ],
  ])('%s', async (_title, by, call, message) => {
    const stage = new Stage(by);
    // oxlint-disable-next-line typescript/require-await -- what throws at once is refused as what rejects is
    await expect(stage.run(async (store) => call(store))).rejects.toThrow(message);
  });

  it('to put a copy after which nobody could read the count', async () => {
    const stage = new Stage('counter');
    await stage.run((store) => store.put('k', largest('a')));
    await expect(stage.run((store) => store.put('k', largest('b')))).rejects.toThrow('Cannot count');
    expect(await stage.run((store) => store.counter('k').add(-1))).toMatchObject({
      value: Number.MAX_SAFE_INTEGER - 1,
    });
  });

  it.each([
    ['events', new Map([['a', 2 ** 53 - 1]])],
    ['no event', new Map([['a', 0]])],
  ])('to put a copy of %s that nobody could count on from', async (_, clock) => {
    const put = new Stage('set').run((store) => store.put('k', { clock, fields: new Map() }));
    await expect(put).rejects.toThrow('that is no copy of a set');
  });

  it.each<[MergeName, MergingOptions, string]>([
    ['custom', {}, "Cannot merge in bucket 'b' with a function of type undefined: it must bring a function, merge"],
    ['max', { merge: Math.max as never }, "with a function of type function: its values merge by 'max', without one"],
  ])('by %s with the options %j', (by, options, message) => {
    expect(() => new Stage(by, options)).toThrow(message);
  });

  it('by a function that makes nothing of them', async () => {
    const stage = new Stage('custom', { merge: () => undefined });
    await expect(stage.run((store) => store.put('k', 1))).rejects.toThrow('must return a value');
  });
});
