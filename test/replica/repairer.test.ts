// Repairs of whole clusters, in which nothing arrives by itself: what replicas missed is what nobody delivered.
import { describe, expect, it, vi } from 'vitest';
import { QuorateError } from '../../src/base/errors.ts';
import { REPAIR_LEAVES_AT_ONCE } from '../../src/base/limits.ts';
import { CLUSTER_STATE_LOST } from '../../src/replica/environment.ts';
import { writeKey, writtenKey } from '../../src/replica/key-bytes.ts';
import { FrameBuffer } from '../../src/replica/operation.ts';
import { Failure } from '../../src/replica/results.ts';
import { RepairFixture } from './repair-fixture.ts';

const LEAF_MASK = 4095;

function expectAlike(fixture: RepairFixture, replicas: readonly number[]): void {
  for (const replica of replicas) expect(fixture.holdingOf(replica)).toEqual(fixture.holdingOf(replicas[0]!));
}

const SCRATCH = new FrameBuffer(1100);

function hashOf(key: string): number {
  writeKey(key, SCRATCH, 0);
  return writtenKey.hash;
}

/** Keys of one leaf of the tree of digests. */
function keysOfOneLeaf(count: number, suffix: string): string[] {
  const keys: string[] = [];
  for (let index = 0; keys.length < count; index++) {
    const key = `${index}${suffix}`;
    if ((hashOf(key) & LEAF_MASK) === 7) keys.push(key);
  }
  return keys;
}

/** Two keys with the same hash, as any 30 bits have. */
function twins(): readonly [string, string] {
  const known = new Map<number, string>();
  for (let index = 0; ; index++) {
    const key = `t${index}`;
    const hash = hashOf(key);
    const twin = known.get(hash);
    if (twin !== undefined) return [twin, key];
    known.set(hash, key);
  }
}

describe('A repair', () => {
  it('of replicas that hold the same lists no key', () => {
    const fixture = new RepairFixture();
    for (const key of ['a', 'b', 'c']) fixture.put(key, key, [0, 1, 2]);
    const frames = fixture.cluster.frames;
    expect(fixture.repair()).toMatchObject({
      isConverged: true,
      rounds: 1,
      keysCompared: 0,
      replicas: [0, 1, 2].map((replica) => ({ replica, state: 'compared', keysBehind: 0, leavesLeft: 0 })),
    });
    expect(fixture.cluster.frames - frames).toBe(3);
  });

  it('hands on what a replica has missed: values, overwrites and deletions', () => {
    const fixture = new RepairFixture();
    for (let index = 0; index < 40; index++) fixture.put(`k${index}`, 'old', [0, 1, 2]);
    for (let index = 0; index < 10; index++) fixture.put(`k${index}`, 'new', [0, 1]);
    for (let index = 10; index < 20; index++) fixture.put(`k${index}`, undefined, [1, 2]);
    for (let index = 40; index < 50; index++) fixture.put(`k${index}`, 'late', [2, 0]);
    const report = fixture.repair();
    expect(report).toMatchObject({ isConverged: true, rounds: 2, keysDiffering: 30, keysRepaired: 30, keysLeft: 0 });
    expect(report.replicas.map(({ keysBehind }) => keysBehind)).toEqual([10, 10, 10]);
    expectAlike(fixture, [0, 1, 2]);
    expect(fixture.cluster.run(0, (core) => core.get('k12', { level: 'one' }))).toEqual({ outcome: 'absent' });
    expect(fixture.cluster.core(1).coordinator.counters).toMatchObject({ repairedKeys: 30, gets: 0, puts: 0 });
  });

  it('finds a tombstone that one replica alone lacks', () => {
    const fixture = new RepairFixture();
    fixture.put('k', undefined, [0, 1]);
    expect(fixture.repair()).toMatchObject({ isConverged: true, keysRepaired: 1 });
    expectAlike(fixture, [0, 1, 2]);
  });

  it('goes through a leaf that no answer holds, page by page', () => {
    const fixture = new RepairFixture();
    const keys = keysOfOneLeaf(15, 'x'.repeat(990));
    keys.forEach((key, index) => fixture.put(key, 'v', index % 3 === 0 ? [0, 1, 2] : [index % 2, 2]));
    expect(fixture.repair()).toMatchObject({ isConverged: true, keysDiffering: 10, keysRepaired: 10 });
    expectAlike(fixture, [0, 1, 2]);
  });

  it('tells keys apart whose hashes are the same', () => {
    const fixture = new RepairFixture();
    const [one, other] = twins();
    fixture.put(one, 'one', [0, 1]);
    fixture.put(other, 'other', [1, 2]);
    expect(fixture.repair()).toMatchObject({ isConverged: true, keysRepaired: 2 });
    expectAlike(fixture, [0, 1, 2]);
  });

  it('of a prefix leaves other keys as they are', () => {
    const fixture = new RepairFixture();
    fixture.put('a/1', 'v', [0, 1]);
    fixture.put('b/1', 'v', [0, 1]);
    expect(fixture.repair({ prefix: 'a/' })).toMatchObject({ isConverged: true, keysDiffering: 1, keysRepaired: 1 });
    expect([...fixture.entriesOf(2).keys()]).toEqual(['a/1']);
  });

  it('goes on without a replica that says nothing, and does not call that agreement', () => {
    const fixture = new RepairFixture(5);
    fixture.put('k', 'v', [0, 1, 2]);
    const report = fixture.repair({}, [4]);
    expect(report).toMatchObject({ isConverged: false, keysRepaired: 1 });
    expect(report.replicas.map(({ state }) => state)).toEqual([
      'compared',
      'compared',
      'compared',
      'compared',
      'silent',
    ]);
    expectAlike(fixture, [0, 1, 2, 3]);
  });

  it('calls nobody silent who was never asked, because others have filled the rings meanwhile', () => {
    const fixture = new RepairFixture(3, { ringBytes: 8192 });
    const { cluster } = fixture;
    fixture.put('k', 'v', [0, 1]);
    const filling = cluster.call(1, (core) => core.get('other', { level: 'all', timeoutMs: 1500 }));
    const begun = fixture.begin();
    while (filling.result === undefined) cluster.pass(50);
    expect([filling.result, begun.result]).toEqual([expect.objectContaining({ outcome: 'unavailable' }), undefined]);
    cluster.settle();
    expect(begun.result).toMatchObject({ isConverged: true, keysRepaired: 1 });
  });

  it('ends at its deadline with what it has done', () => {
    const fixture = new RepairFixture();
    fixture.put('k', 'v', [0, 1]);
    const begun = fixture.begin({ timeoutMs: 50 });
    fixture.cluster.loseAllOf(1);
    for (let step = 0; step < 5; step++) fixture.cluster.pass(13);
    expect(begun.result).toMatchObject({ isConverged: false });
    expect(fixture.cluster.core(1).pending).toBe(0);
  });

  it('in the background rests between two leaves, and then too ends at its deadline', () => {
    for (const isPatient of [true, false]) {
      const fixture = new RepairFixture();
      const { cluster } = fixture;
      for (const key of ['a', 'b', 'c']) fixture.put(key, 'v', [0, 1]);
      const begun = fixture.begin({ timeoutMs: 1_000 }, 50);
      let rests = 0;
      cluster.settle();
      for (; begun.result === undefined; cluster.settle()) {
        const startMs = cluster.nowMs;
        expect(begun.repairer.turn(startMs)).toBe(startMs + 50);
        expect(begun.repairer.turn(startMs + 49)).toBe(startMs + 50);
        begun.repairer.turn(startMs + (isPatient ? 50 : 1_000));
        cluster.flush(1);
        rests++;
      }
      expect([rests, begun.result]).toEqual([isPatient ? 2 : 1, expect.objectContaining({ isConverged: isPatient })]);
      expect(begun.repairer.turn(cluster.nowMs)).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it.each([
    ['at once asks about several leaves at a time', 0, 3 * REPAIR_LEAVES_AT_ONCE],
    ['in the background asks about one', 50, 3],
  ])('%s', (_, paceMs, most) => {
    const fixture = new RepairFixture();
    const { cluster } = fixture;
    for (let index = 0; index < 40; index++) fixture.put(`k${index}`, 'v', [0, 1]);
    const core = cluster.core(1);
    const submit = core.submit.bind(core);
    let pending = 0;
    vi.spyOn(core, 'submit').mockImplementation((made) => {
      submit(made);
      pending = Math.max(pending, core.pending);
    });
    const begun = fixture.begin({}, paceMs);
    while (begun.result === undefined) {
      cluster.settle();
      begun.repairer.turn(cluster.nowMs);
      begun.repairer.turn(cluster.nowMs + paceMs);
      cluster.flush(1);
    }
    expect(begun.result).toMatchObject({ isConverged: true, keysRepaired: 40 });
    expect(pending).toBe(most);
  });

  it('compares no more often than it is asked to', () => {
    const fixture = new RepairFixture();
    fixture.put('k', 'v', [0, 1]);
    const results: unknown[] = [];
    const end = (result: unknown): void => void results.push(result);
    const repairer = fixture.cluster.core(1).repairer({ deadlineMs: 1e6, roundsMax: 1, end });
    repairer.start();
    fixture.cluster.flush(1);
    fixture.cluster.settle();
    expect(results).toMatchObject([{ rounds: 1, keysRepaired: 1, isConverged: false }]);
    expect(repairer.covered).toBe(0b111);
    expectAlike(fixture, [0, 1, 2]);
  });

  it('that is given up leaves nothing behind', () => {
    const fixture = new RepairFixture();
    const begun = fixture.begin();
    const reason = new Error('enough');
    begun.repairer.cancel(reason);
    expect(begun.result).toMatchObject({ error: reason });
    expect(fixture.cluster.core(1).pending).toBe(0);
  });

  it('fails with the state that it was repairing', () => {
    const fixture = new RepairFixture();
    const begun = fixture.begin();
    fixture.cluster.life.state = CLUSTER_STATE_LOST;
    fixture.cluster.settle();
    expect(begun.result).toBeInstanceOf(Failure);
    expect((begun.result as Failure).error).toMatchObject({ code: 'ERR_QUORATE_STATE_LOST' });
    expect((begun.result as Failure).error).toBeInstanceOf(QuorateError);
  });

  it('fails before anything of it has left, once, with all that waits beside it', () => {
    const { cluster } = new RepairFixture();
    const core = cluster.core(1);
    const box: { results: unknown[] } = { results: [] };
    core.repairer({ prefix: '', isDeep: false, deadlineMs: 1000, end: (result) => box.results.push(result) }).start();
    const others = [
      cluster.begin(1, (each) => each.increment('n', 1, undefined)),
      cluster.begin(1, (each) => each.scan('', undefined)),
    ];
    cluster.life.state = CLUSTER_STATE_LOST;
    cluster.flush(1); // Its first question that ends ends it, while the others are about to.
    expect(box.results).toEqual([expect.any(Failure)]);
    const lost = { error: { code: 'ERR_QUORATE_STATE_LOST' } };
    expect([others, core.pending]).toMatchObject([[lost, lost], 0]);
  });
});

describe('A deep repair', () => {
  it('finds a byte that has changed at one replica, which another does not, and writes what most hold', () => {
    const fixture = new RepairFixture();
    for (const key of ['a', 'b', 'c']) fixture.put(key, `the value of ${key}`, [0, 1, 2]);
    const before = fixture.holdingOf(1)[1]!.split(' ').at(-1);
    fixture.corrupt(0, 'b');
    expect(fixture.repair()).toMatchObject({ isConverged: true, keysCompared: 0 });
    const report = fixture.repair({ deep: true });
    expect(report).toMatchObject({
      isConverged: true,
      rounds: 2,
      keysCompared: 3,
      keysCorrupt: 1,
      corrupt: [{ key: 'b', replicas: [0], isRepaired: true }],
    });
    expectAlike(fixture, [0, 1, 2]);
    expect(fixture.holdingOf(0)[1]!.split(' ').at(-1)).toBe(before);
    expect(fixture.cluster.run(0, (core) => core.get('b', undefined))).toMatchObject({ value: 'the value of b' });
  });

  it('takes the word of who held it, not of who answers first', () => {
    for (const wrong of [0, 1, 2, 3, 4]) {
      const fixture = new RepairFixture(5);
      fixture.put('k', 'before', [0, 1, 2, 3, 4]);
      const holders = [0, 1, 2, 3, 4].filter((replica) => replica !== (wrong + 1) % 5);
      fixture.put('k', 'a value', holders);
      fixture.corrupt(wrong, 'k');
      expect(fixture.repair({ deep: true })).toMatchObject({ isConverged: true, keysCorrupt: 1, keysLeft: 0 });
      expectAlike(fixture, [0, 1, 2, 3, 4]);
      expect(fixture.cluster.run(0, (core) => core.get('k', undefined))).toMatchObject({ value: 'a value' });
    }
  });

  it('touches nothing where no more than half hold the same, and says so', () => {
    const fixture = new RepairFixture();
    fixture.put('k', 'a value', [0, 1]);
    fixture.corrupt(0, 'k');
    const before = [0, 1, 2].map((replica) => fixture.holdingOf(replica));
    expect(fixture.repair({ deep: true })).toMatchObject({
      isConverged: false,
      keysRepaired: 0,
      keysLeft: 1,
      corrupt: [{ key: 'k', replicas: [0, 1], isRepaired: false }],
    });
    expect([0, 1, 2].map((replica) => fixture.holdingOf(replica))).toEqual(before);
  });
});
