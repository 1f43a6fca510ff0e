// Siblings on clients and replicas in one thread: by hand, and in random schedules that a checker judges.
import { describe, expect, it } from 'vitest';
import { SIBLINGS_MAX } from '../../src/base/limits.ts';
import { checkSiblings } from '../../src/check/siblings.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { actorNames } from '../../src/store/actor-names.ts';
import { SiblingBucket } from '../../src/store/sibling-bucket.ts';
import type { SiblingEngine } from '../../src/store/sibling-bucket.ts';
import type { SiblingRead, SiblingsOk, SiblingWrite } from '../../src/store/siblings.ts';
import { CoreCluster } from '../replica/core-cluster.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { CoreEngine, settled } from './core-engine.ts';
import { siblingHistory } from './sibling-history.ts';
import type { MakeStore } from './sibling-history.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/store/sibling-bucket.test.ts', SEED);
const QUORUMS = registerQuorums({ replicas: 3 });

type Answer = SiblingRead | SiblingWrite;

/** A client with siblings, and a way to run its calls to their end. */
class Bench {
  readonly cluster = new CoreCluster({ quorums: QUORUMS, clients: 3 });
  readonly engines = [0, 1, 2].map((client) => new CoreEngine(this.cluster, client));
  readonly stores = this.engines.map((engine, client) => new SiblingBucket(engine, actorNames(`client-${client}`)));

  run<Result extends Answer>(make: (stores: readonly SiblingBucket[]) => Promise<Result>): Promise<Result> {
    return settled(this.cluster, this.engines, make(this.stores));
  }

  async ok(make: (stores: readonly SiblingBucket[]) => Promise<Answer>): Promise<SiblingsOk> {
    const result = await this.run(make);
    if (result.outcome !== 'ok') throw new Error(`Not ok, but ${result.outcome}`);
    return result;
  }
}

describe('A key with siblings', () => {
  it('is absent until somebody puts, and then holds what was put', async () => {
    const bench = new Bench();
    expect(await bench.run(([a]) => a!.get('k'))).toEqual({ outcome: 'absent' });
    const put = await bench.ok(([a]) => a!.put('k', { tea: 1 }));
    expect(put).toMatchObject({ values: [{ tea: 1 }] });
    expect(await bench.run(([, b]) => b!.get('k'))).toEqual(put);
  });

  it('keeps what was written beside a writer, and lets go of what the writer has seen', async () => {
    const bench = new Bench();
    const { context } = await bench.ok(([a]) => a!.put('k', 'v1'));
    await bench.run(([a]) => a!.put('k', 'v2', { context }));
    const both = await bench.ok(([, b]) => b!.put('k', 'v3', { context }));
    expect(both.values).toEqual(['v3', 'v2']);
    expect(await bench.ok(([, , c]) => c!.put('k', 'v4', { context: both.context }))).toMatchObject({ values: ['v4'] });
  });

  it('keeps what was written beside a delete, and is absent without it', async () => {
    const bench = new Bench();
    const { context } = await bench.ok(([a]) => a!.put('k', 'v1'));
    const beside = await bench.ok(([, b]) => b!.put('k', 'v2'));
    expect(await bench.ok(([a]) => a!.delete('k', { context }))).toMatchObject({ values: ['v2'] });
    expect(await bench.ok(([a]) => a!.delete('k', { context: beside.context }))).toMatchObject({ values: [] });
    expect(await bench.run(([a]) => a!.get('k'))).toEqual({ outcome: 'absent' });
  });

  it('covers nothing new by a context of before it was deleted (kv679)', async () => {
    const bench = new Bench();
    const old = await bench.ok(([a]) => a!.put('k', 'v1'));
    await bench.run(([a]) => a!.delete('k', { context: old.context }));
    await bench.run(([a]) => a!.put('k', 'v2')); // The first event again, by the same client.
    const both = await bench.ok(([, b]) => b!.put('k', 'v3', { context: old.context }));
    expect(both.values).toEqual(['v3', 'v2']);
  });

  it('covers nothing by the context of another key', async () => {
    const bench = new Bench();
    const { context } = await bench.ok(([a]) => a!.put('other', 'v1'));
    await bench.run(([a]) => a!.put('k', 'v2'));
    expect(await bench.ok(([a]) => a!.put('k', 'v3', { context }))).toMatchObject({ values: ['v3', 'v2'] });
  });

  it('has a clock of one number, whoever writes', async () => {
    const bench = new Bench();
    for (let write = 0; write < 9; write++) await bench.run((stores) => stores[write % 3]!.put('k', write));
    const { context } = await bench.ok(([a]) => a!.get('k'));
    expect(context).toBe('qc1.client-0-0_9');
  });

  it(`is full with ${SIBLINGS_MAX} siblings: a conflict, until a writer has seen them`, async () => {
    const bench = new Bench();
    for (let write = 0; write < SIBLINGS_MAX; write++) await bench.ok(([a]) => a!.put('k', write));
    const held = await bench.ok(([a]) => a!.get('k'));
    const refused = await bench.run(([, b]) => b!.put('k', 'more'));
    expect(refused).toEqual({ outcome: 'conflict', values: held.values, context: held.context });
    expect(await bench.run(([a]) => a!.get('k'))).toEqual(held);
    expect(await bench.ok(([a]) => a!.put('k', 'one', { context: held.context }))).toMatchObject({ values: ['one'] });
  });

  it('holds a value as it was when it was put', async () => {
    const bench = new Bench();
    const cart = { items: ['tea'] };
    const putting = bench.run(([a]) => a!.put('k', cart));
    cart.items.push('milk');
    expect(await putting).toMatchObject({ values: [{ items: ['tea'] }] });
  });

  it('is written once by a put of unknown outcome that is resolved', async () => {
    const bench = new Bench();
    const { cluster } = bench;
    await bench.ok(([a]) => a!.put('k', 'v1'));
    const putting = bench.stores[1]!.put('k', 'v2', { timeoutMs: 50 });
    cluster.exchange(1, 'prepare', [0, 1]);
    cluster.reach(1, 'accept', [0, 1, 2]);
    cluster.loseAllOf(1);
    cluster.pass(60);
    await bench.engines[1]!.look();
    const lost = await putting;
    if (lost.outcome !== 'unknown') throw new Error(`Not unknown, but ${lost.outcome}`);
    const resolved = await bench.ok(([, b]) => b!.resolve(lost.operationId));
    expect(resolved.values).toEqual(['v2', 'v1']);
    expect(await bench.ok(([a]) => a!.get('k'))).toMatchObject({ values: ['v2', 'v1'] });
  });
});

describe('A call with siblings is refused', () => {
  it.each<[string, (store: SiblingBucket) => Promise<Answer>, string]>([
    ['to read below the quorum', (store) => store.get('k', { level: 'one' as 'all' }), 'Cannot use level "one"'],
    ['to put below the quorum', (store) => store.put('k', 1, { level: { w: 1 } as never }), 'it must be quorum or all'],
    ['with a context that is none', (store) => store.put('k', 1, { context: 'v1' }), "Cannot use context 'v1'"],
    ['to delete what was not read', (store) => store.delete('k', {} as never), 'Cannot use context undefined'],
    ['to put nothing', (store) => store.put('k', undefined), 'it must be a value, or a delete'],
    ['to put what is no value', (store) => store.put('k', () => 1), 'Cannot send a function'],
  ])('%s', async (_title, call, message) => {
    const { stores } = new Bench();
    await expect(call(stores[0]!)).rejects.toThrow(message);
  });
});

describe('Why siblings are not read below the quorum', () => {
  it('a context would cover what never came to be, and then what came instead', async () => {
    const { cluster, engines, stores } = new Bench();
    const reading: SiblingEngine = {
      get: (key) => engines[2]!.get(key, { level: 'one' }),
      update: (key, fn) => engines[2]!.update(key, fn),
      resolve: (id) => engines[2]!.resolve(id),
    };
    const careless = new SiblingBucket(reading, actorNames('careless'));
    await settled(cluster, engines, stores[0]!.put('k', 'a'));
    void stores[0]!.put('k', 'never');
    cluster.exchange(0, 'accept', [0]); // By the promise that came with the first put.
    cluster.loseAllOf(0);
    const looking = careless.get('k');
    cluster.exchange(2, 'read', [0]);
    await engines[2]!.look();
    const seen = await looking;
    if (seen.outcome !== 'ok') throw new Error('One replica is enough');
    expect(seen.values).toEqual(['never', 'a']);
    const putting = stores[1]!.put('k', 'instead');
    cluster.exchange(1, 'prepare', [1, 2]);
    cluster.exchange(1, 'accept', [1, 2]);
    await engines[1]!.look();
    expect(await putting).toMatchObject({ outcome: 'ok', values: ['instead', 'a'] });
    cluster.loseAllOf(0);
    const replacing = careless.put('k', 'over', { context: seen.context });
    cluster.settle([0]);
    await engines[2]!.look();
    expect(await replacing).toMatchObject({ values: ['over'] }); // Nobody had seen "instead".
  });
});

const RUNS = 60;

describe('Siblings in random schedules with losses', () => {
  it('vanish only where a writer had seen them, and stay away then', async () => {
    let operations = 0;
    for (let run = 0; run < RUNS; run++) {
      const history = await siblingHistory(SEED + run);
      const found = checkSiblings(history);
      operations += history.length;
      expect(found.verdict === 'illegal' ? found.explanation.text : found.verdict, `run ${run}: ${REPLAY}`).toBe('ok');
    }
    expect(operations).toBeGreaterThan(RUNS * 20);
  });

  it.each<[string, MakeStore]>([
    ['takes the last writer for the only one', (engine) => new SiblingBucket(overwriting(engine), () => 'a')],
    ['takes no heed of contexts', (engine, newActor) => new Heedless(engine, newActor)],
    ['uses the name of an actor again (kv679)', (engine) => new SiblingBucket(engine, () => 'a')],
    ['updates by a read and a write', (engine, newActor) => new SiblingBucket(racing(engine), newActor)],
  ])('are lost or come back where a store %s, and the checker says so', async (_title, make) => {
    const verdicts = new Set<string>();
    for (let run = 0; run < RUNS && !verdicts.has('illegal'); run++) {
      verdicts.add(checkSiblings(await siblingHistory(SEED + run, make)).verdict);
    }
    expect(verdicts, REPLAY).toContain('illegal');
  });
});

/** Writes on nothing, whatever the key holds. */
function overwriting(engine: SiblingEngine): SiblingEngine {
  return {
    get: (key, options) => engine.get(key, options),
    update: (key, fn, options) => engine.update(key, () => fn(undefined), options),
    resolve: (id, options) => engine.resolve(id, options),
  };
}

/** Writes on what it read a while ago. */
function racing(engine: SiblingEngine): SiblingEngine {
  return {
    get: (key, options) => engine.get(key, options),
    update: async (key, fn, options) => {
      const read = await engine.get(key, options);
      if (read.outcome === 'unavailable') return read;
      return engine.update(key, () => fn(read.outcome === 'ok' ? read.value : undefined), options);
    },
    resolve: (id, options) => engine.resolve(id, options),
  };
}

class Heedless extends SiblingBucket {
  override put(...[key, value, options]: Parameters<SiblingBucket['put']>): Promise<SiblingWrite> {
    const { timeoutMs } = options ?? {};
    return super.put(key, value, timeoutMs === undefined ? {} : { timeoutMs });
  }
}
