// What a session is told by replicas of which some lag, as schedules.
import { describe, expect, it } from 'vitest';
import { versionOf } from '../../src/protocol/ballot.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import type { SessionMaker } from '../../src/replica/session-maker.ts';
import { decodeSession } from '../../src/replica/session-token.ts';
import type { SessionOptions } from '../../src/store/session.ts';
import { CoreCluster } from './core-cluster.ts';

const WEAKLY = { level: 'one' } as const;
const NONE = { outcome: 'absent' };

function clusterOf(rules: Partial<Rules> = {}): CoreCluster {
  return new CoreCluster({ quorums: registerQuorums({ replicas: 3 }), clients: 4, rules: { ...RULES, ...rules } });
}

function sessionOf(cluster: CoreCluster, client: number, options: SessionOptions = {}): SessionMaker {
  return cluster.core(client).session('here', options);
}

/** Writes at level one, so that replica 0 alone ever has it. */
function putAtOne(cluster: CoreCluster, session: SessionMaker, value: unknown): unknown {
  const put = cluster.call(0, () => session.put('k', value, WEAKLY));
  cluster.exchange(0, 'accept', [0]);
  cluster.loseAllOf(0);
  return put.result;
}

/** A read that asks all, and hears of replicas in this order. @returns what it came to after each. */
function readInOrder(cluster: CoreCluster, session: SessionMaker, replicas: readonly number[]): unknown[] {
  const read = cluster.call(1, () => session.get('k', undefined));
  cluster.pass(13); // It asks all.
  return replicas.map((replica) => {
    cluster.exchange(1, 'read', [replica]);
    return read.result;
  });
}

describe('A read of a session', () => {
  const found = { outcome: 'ok', value: 'new' };

  it.each<[string, Partial<Rules>, readonly unknown[]]>([
    ['waits for who has what it must not miss', {}, [undefined, undefined, found]],
    ['without that rule takes the first answer', { readsAsNewAsSession: false }, [NONE, NONE, NONE]],
  ])('%s', (_title, rules, results) => {
    const cluster = clusterOf(rules);
    const writer = sessionOf(cluster, 0);
    expect(putAtOne(cluster, writer, 'new')).toMatchObject({ outcome: 'ok' });
    const reader = sessionOf(cluster, 1, { token: writer.token });
    expect(readInOrder(cluster, reader, [2, 1, 0])).toMatchObject(results);
  });

  it('of a deleted key returns nothing that was there before', () => {
    const cluster = clusterOf();
    const writer = sessionOf(cluster, 0);
    cluster.run(0, () => writer.put('k', 'old', undefined));
    const deleted = cluster.call(0, () => writer.delete('k', WEAKLY));
    cluster.exchange(0, 'accept', [0]);
    cluster.loseAllOf(0);
    expect(deleted.result).toMatchObject({ outcome: 'ok' });
    // The first session is told of the absence; the second knows of it by nothing else.
    const witness = sessionOf(cluster, 1);
    expect(readInOrder(cluster, witness, [0])).toEqual([{ outcome: 'absent' }]);
    cluster.loseAllOf(1);
    const reader = sessionOf(cluster, 1, { token: witness.token });
    expect(readInOrder(cluster, reader, [2, 1, 0])).toEqual([undefined, undefined, { outcome: 'absent' }]);
  });

  it('of what is lost for ever is unavailable, until the key is written anew', () => {
    const cluster = clusterOf();
    const session = sessionOf(cluster, 0);
    cluster.call(2, (core) => core.put('k', 'old', undefined));
    cluster.reach(2, 'accept', [1, 2]);
    cluster.loseAllOf(2); // Nobody hears that it has landed.
    expect(putAtOne(cluster, session, 'new')).toMatchObject({ outcome: 'ok' });
    cluster.pass(13);
    cluster.exchange(2, 'accept', [0]); // Refused, so it prepares.
    cluster.loseAllOf(2);
    for (let step = 0; step < 20; step++) {
      cluster.pass(13);
      cluster.exchange(2, 'read', [1, 2]);
      cluster.exchange(2, 'prepare', [1, 2]); // Finds the old value, and makes it the newest.
      cluster.exchange(2, 'accept', [0, 1, 2]);
    }
    cluster.settle();
    expect(cluster.run(3, (core) => core.get('k', { level: 'all' }))).toMatchObject({ value: 'old' });
    for (const level of ['one', 'quorum', 'all'] as const) {
      expect(cluster.run(0, () => session.get('k', { level, timeoutMs: 500 }))).toMatchObject({
        outcome: 'unavailable',
      });
    }
    cluster.run(3, (core) => core.put('k', 'newer', undefined));
    expect(cluster.run(0, () => session.get('k', undefined))).toMatchObject({ value: 'newer' });
  });
});

describe('A change of a session', () => {
  it.each<[string, Partial<Rules>, unknown]>([
    ['finds what one replica has of it', {}, { outcome: 'ok', value: 6 }],
    ['without that rule overwrites it unseen', { settlesBeforeChanges: false }, { outcome: 'ok', value: 1 }],
  ])('%s', (_title, rules, result) => {
    const cluster = clusterOf(rules);
    const session = sessionOf(cluster, 0);
    putAtOne(cluster, session, 5);
    const change = cluster.call(0, () => session.increment('k', 1, undefined));
    cluster.exchange(0, 'prepare', [1, 2]);
    cluster.exchange(0, 'accept', [1, 2]);
    cluster.settle();
    expect(change.result).toMatchObject(result as object);
  });

  it('that finds nothing has the session note of which version that is', () => {
    const cluster = clusterOf();
    const session = sessionOf(cluster, 0);
    cluster.run(0, () => session.put('k', 'old', undefined));
    const deleted = cluster.run(1, (core) => core.delete('k', undefined));
    const change = cluster.run(0, () => session.compareAndSet('k', 'old', 'new', undefined));
    expect(change).toEqual({ outcome: 'conflict', value: undefined, version: undefined });
    const seen = decodeSession('here', session.token, RULES).of('k');
    expect({ outcome: 'ok', version: versionOf(seen!.version) }).toEqual(deleted);
  });
});
