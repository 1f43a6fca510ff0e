// Clusters whose deletions are collected, and what could go wrong there: each schedule ends in what a read finds.
import assert from 'node:assert/strict';
import { compareBallots, mutableBallot } from '../../src/protocol/ballot.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import { Collector } from '../../src/replica/collector.ts';
import { CoreCluster } from './core-cluster.ts';

const THREE = registerQuorums({ replicas: 3 });
/** How old deletions are that are collected. */
export const AFTER_MS = 100;
export const OPTIONS = { timeoutMs: 1_000_000 } as const;

/** A cluster and its collector. */
export interface World {
  readonly cluster: CoreCluster;
  readonly collector: Collector;
  /** Lets so many milliseconds pass for the collector, while everything that is sent arrives. */
  readonly collect: (ms: number) => void;
}

/** Three clients, of which the last one collects. */
export function worldOf(rules: Rules = RULES, quorums: RegisterQuorums = THREE): World {
  return worldOver(new CoreCluster({ quorums, clients: 3, rules }), rules);
}

/** The same of a cluster of three clients. */
export function worldOver(cluster: CoreCluster, rules: Rules = RULES): World {
  const { tags, erased, epochs } = cluster;
  const collector = new Collector({
    core: cluster.core(2),
    tags,
    erased,
    epochs,
    rules,
    afterMs: AFTER_MS,
  });
  const collect = (ms: number): void => {
    for (const end = cluster.nowMs + ms; cluster.nowMs < end;) {
      const waitMs = collector.turn(cluster.nowMs);
      cluster.flush(2);
      cluster.settleOf(2);
      cluster.pass(Math.min(waitMs, 20));
    }
  };
  return { cluster, collector, collect };
}

/** What could go wrong. `rule` is what keeps it from happening. */
export interface Danger {
  readonly title: string;
  readonly rule: keyof Rules;
  /** What a read finds in the end, by these rules. */
  readonly play: (rules: Rules) => unknown;
  /** What it must find. */
  readonly right: object;
  readonly wrong: object;
}

const OK = { outcome: 'ok' };
const ABSENT = { outcome: 'absent' };
/** A write and an increment were acknowledged, and only the increment is there. */
const LOST_UPDATE = { outcome: 'lost update' };

export const DANGERS: readonly Danger[] = [
  {
    title: 'A put that its client tries again comes back after its deletion',
    rule: 'heedsErased',
    play: (rules) => comeback('put', rules),
    right: ABSENT,
    wrong: OK,
  },
  {
    title: 'An increment that its client tries again comes back after its deletion',
    rule: 'heedsErased',
    play: (rules) => comeback('increment', rules),
    right: ABSENT,
    wrong: OK,
  },
  {
    title: 'An accept that arrives late brings back what was deleted',
    rule: 'refusesErased',
    play: (rules) => comeback('late', rules),
    right: ABSENT,
    wrong: OK,
  },
  {
    title: 'Replicas that lost their memory accept what the others have erased',
    rule: 'recoversErased',
    play: (rules) => comeback('late at the reborn', rules),
    right: ABSENT,
    wrong: OK,
  },
  {
    title: 'What has come since a deletion was confirmed is erased',
    rule: 'erasesExactly',
    play: overtake,
    right: OK,
    wrong: ABSENT,
  },
  {
    title: 'A session takes for deleted what one replica still has of its own write',
    rule: 'asksAllForErased',
    play: forget,
    right: { outcome: 'unavailable' },
    wrong: ABSENT,
  },
  {
    title: 'A session takes for deleted what one replica alone had of its own write, and has lost',
    rule: 'heedsLosses',
    play: (rules) => forget(rules, true),
    right: { outcome: 'unavailable' },
    wrong: ABSENT,
  },
  {
    title: 'A session that found nothing of a deleted key waits for something newer than was ever written',
    rule: 'keepsSeen',
    play: (rules) => goOn(rules),
    right: { outcome: 'ok', value: 'late' },
    wrong: { outcome: 'unavailable' },
  },
  {
    title: 'An increment under a ballot of before its own tag is tried again after a deletion between the two',
    rule: 'heedsErased',
    play: twice,
    right: OK,
    wrong: { outcome: 'twice' },
  },
  {
    title:
      'A replica recovers a deletion from one that has it still, and not the promise that another erased with its own',
    rule: 'coversUnreported',
    play: (rules) => forgetPromise('deletion', rules),
    right: OK,
    wrong: LOST_UPDATE,
  },
  {
    title: 'A promise is erased, of a key that nobody has written, while a replica recovers that has made it too',
    rule: 'coversUnreported',
    play: (rules) => forgetPromise('promise', rules),
    right: OK,
    wrong: LOST_UPDATE,
  },
];

/** What a read finds after a write whose client heard nothing, its deletion, and the collection of that. */
function comeback(what: 'put' | 'increment' | 'late' | 'late at the reborn', rules: Rules): unknown {
  const isLate = what === 'late' || what === 'late at the reborn';
  const { cluster, collect } = worldOf(rules);
  cluster.call(0, (core) => (what === 'increment' ? core.increment('k', 1, OPTIONS) : core.put('k', 'old', OPTIONS)));
  if (what === 'increment') cluster.exchange(0, 'prepare', [0, 1, 2]);
  cluster.asleep.add(0);
  if (!isLate) {
    cluster.reach(0, 'accept', [0, 1]);
    cluster.loseAllOf(0);
  }
  cluster.run(1, (core) =>
    what === 'increment' ? core.update('k', () => undefined, OPTIONS) : core.delete('k', OPTIONS),
  );
  collect(30 * AFTER_MS);
  assert.deepEqual(cluster.keys, [0, 0, 0], 'The deletion is erased');
  if (what === 'late at the reborn') for (const replica of [0, 1]) cluster.restart(replica);
  if (isLate) cluster.reach(0, 'accept', [0, 1, 2]);
  else cluster.asleep.clear();
  cluster.settle();
  return cluster.run(1, (core) => core.get('k', OPTIONS));
}

/** What a read finds where a put that has been under way all the time lands between a confirmation and its erasure. */
function overtake(rules: Rules): unknown {
  const { cluster, collector, collect } = worldOf(rules);
  cluster.run(0, (core) => core.delete('k', OPTIONS));
  const put = cluster.call(0, (core) => core.put('k', 'new', OPTIONS));
  cluster.asleep.add(0);
  collect(AFTER_MS - 40);
  for (let turn = 0; turn < 200 && collector.counters.collected === 0; turn++) {
    cluster.pass(Math.min(20, collector.turn(cluster.nowMs)));
    if (collector.counters.collected === 0) cluster.settleOf(2);
  }
  cluster.exchange(0, 'accept', [0, 1, 2]);
  assert(put.result !== undefined, 'The put has landed');
  collect(AFTER_MS / 2);
  return cluster.run(1, (core) => core.get('k', OPTIONS));
}

/** What a session reads whose write reached one replica that is silent, or restarts, once others erased deletions. */
function forget(rules: Rules, restarts = false): unknown {
  const { cluster, collect } = worldOf(rules);
  const session = cluster.core(0).session('test', { writeLevel: 'one' });
  cluster.call(0, () => session.put('k', 'own', OPTIONS));
  cluster.exchange(0, 'accept', [0]);
  cluster.loseAllOf(0);
  cluster.run(1, (core) => core.put('other', 1, OPTIONS));
  cluster.run(1, (core) => core.delete('other', OPTIONS));
  collect(30 * AFTER_MS);
  if (restarts) cluster.restart(0);
  const read = cluster.call(0, () => session.get('k', { timeoutMs: 500 }));
  cluster.settle(restarts ? [] : [0]);
  return read.result;
}

/** What a session reads that found nothing of a deleted key, once a put of before that has landed. */
function goOn(rules: Rules): unknown {
  const world = worldOf(rules);
  const { cluster } = world;
  const session = cluster.core(0).session('test', {});
  cluster.run(0, () => session.put('k', 'own', OPTIONS));
  const land = eraseAndHold(world);
  assert(
    is(
      cluster.run(0, () => session.get('k', OPTIONS)),
      ABSENT,
    ),
    'It is deleted',
  );
  land();
  return cluster.run(0, () => session.get('k', { timeoutMs: 500 }));
}

/**
 * Key k is deleted and collected, then a put of it is under way while the floor rises above that, on account of another
 * key. Clients 1 and 2 do it.
 *
 * @returns what lets the put land.
 */
export function eraseAndHold({ cluster, collector, collect }: World): () => void {
  cluster.run(1, (core) => core.delete('k', OPTIONS));
  collect(30 * AFTER_MS);
  assert.deepEqual(cluster.keys, [0, 0, 0], 'The deletion is erased');
  const put = cluster.call(1, (core) => core.put('k', 'late', OPTIONS));
  cluster.asleep.add(1);
  cluster.run(2, (core) => core.compareAndSet('other', 'something', 1, OPTIONS)); // It leaves promises behind.
  const [before, floor] = [mutableBallot(), mutableBallot()];
  cluster.erased.read(before);
  for (let turn = 0; turn < 200 && compareBallots(floor, before) <= 0; turn++) {
    cluster.pass(Math.min(20, collector.turn(cluster.nowMs)));
    cluster.settleOf(2);
    cluster.erased.read(floor);
  }
  return () => {
    cluster.exchange(1, 'accept', [0, 1, 2]);
    assert(is(put.result, OK), 'The put has landed');
    cluster.asleep.delete(1);
  };
}

/**
 * An increment uses a promise of before, and a reader sees it. A deletion whose tag lies between the promise and its
 * own is collected; the client of the increment, which has heard nothing, tries again.
 */
function twice(rules: Rules): unknown {
  const { cluster, collector, collect } = worldOf(rules);
  cluster.run(0, (core) => core.increment('k', 1, OPTIONS));
  cluster.begin(0, (core) => core.increment('k', 1, OPTIONS)); // It takes the promise, and no tag yet.
  cluster.call(1, (core) => core.delete('k', OPTIONS));
  cluster.asleep.add(1);
  collector.turn(cluster.nowMs); // It takes a tag, too.
  cluster.flush(0);
  cluster.asleep.add(0);
  cluster.reach(0, 'accept', [0]);
  cluster.loseAllOf(0);
  // It writes back what replica 0 alone has.
  const read = cluster.call(2, (core) => core.get('k', { ...OPTIONS, level: 'all' }));
  cluster.settleOf(2);
  cluster.restart(0); // It alone had promised the ballot of the next increment, which was behind its tag.
  cluster.asleep.delete(1);
  cluster.settle();
  collect(30 * AFTER_MS);
  assert.deepEqual(cluster.keys, [0, 0, 0], 'The deletion is erased');
  cluster.asleep.clear();
  cluster.settle();
  const isTwice =
    is(read.result, { value: 2 }) &&
    is(
      cluster.run(1, (core) => core.get('k', OPTIONS)),
      { value: 1 },
    );
  return isTwice ? { outcome: 'twice' } : OK;
}

/**
 * Replicas 1 and 2 have promised an increment its ballot. Then 1 erases that, with the deletion of the key or alone,
 * and 2 loses its memory. A write of before, with a lower ballot, and the increment are what is under way.
 */
function forgetPromise(what: 'deletion' | 'promise', rules: Rules): unknown {
  const { cluster, collector, collect } = worldOf(rules);
  if (what === 'deletion') cluster.run(1, (core) => core.delete('k', OPTIONS));
  const put = cluster.call(0, (core) => core.put('k', 10, OPTIONS));
  const increment = cluster.call(1, (core) => core.increment('k', 1, OPTIONS));
  cluster.exchange(1, 'prepare', [1, 2]);
  cluster.asleep.add(0).add(1);
  const eraseAtOne = (): void => {
    collect(AFTER_MS - 40);
    for (let turn = 0; turn < 200 && cluster.replicaAt(1).table.size > 0; turn++) {
      cluster.pass(Math.min(20, collector.turn(cluster.nowMs)));
      if (collector.counters.collected === 0) cluster.settleOf(2);
      else cluster.exchange(2, 'inquire', [1]);
    }
    cluster.loseAllOf(2);
    assert.equal(cluster.replicaAt(1).table.size, 0, 'It is erased there');
  };
  if (what === 'deletion') eraseAtOne();
  cluster.restart(2, what === 'promise' ? eraseAtOne : undefined);
  cluster.exchange(0, 'accept', [0, 2]);
  cluster.exchange(1, 'accept', [0, 2]);
  cluster.asleep.clear();
  cluster.settle();
  const read = cluster.run(2, (core) => core.get('k', OPTIONS));
  const isLost = is(put.result, OK) && is(increment.result, OK) && is(read, { value: 1 });
  return isLost ? LOST_UPDATE : OK;
}

/** Whether a result has these fields. */
function is(result: unknown, fields: object): boolean {
  return Object.entries(fields).every(([name, value]) => Reflect.get(Object(result), name) === value);
}
