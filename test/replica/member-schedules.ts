// Schedules of what a few old members were asked to store while members change. Each ends with two reads, one after
// the other, of which each hears some of the members only.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { Membership } from '../../src/quorum/configuration.ts';
import { registerQuorums, votersIn } from '../../src/quorum/index.ts';
import type { RegisterOptions } from '../../src/quorum/index.ts';
import { Electorate } from '../../src/replica/electorate.ts';
import { CoreCluster } from './core-cluster.ts';

/** Those members, as a mask, and quorums of them. */
export function membership(members: number, options: Partial<RegisterOptions> = {}): Membership {
  const threads = votersIn(members).length;
  return { members, quorums: registerQuorums({ replicas: threads, threads, ...options }) };
}

/** A cluster of three clients that has so many places for members. */
export function openedWith(options: RegisterOptions, places: number, rules: Rules = RULES): CoreCluster {
  return new CoreCluster({ quorums: registerQuorums(options), clients: 3, places, rules });
}

/** A client's put or change comes no further than this, and nobody hears of the client again. */
export function ended(cluster: CoreCluster, client: number): void {
  cluster.loseAllOf(client);
  cluster.asleep.add(client);
}

function readOf(cluster: CoreCluster, silent: readonly number[]): unknown {
  const read = cluster.call(2, (core) => core.get('k', undefined));
  cluster.settle(silent);
  return read.result;
}

/** Two reads, one after the other, of which each hears some members only. */
function readTwice(cluster: CoreCluster, first: readonly number[], second: readonly number[]): readonly unknown[] {
  return [readOf(cluster, first), readOf(cluster, second)];
}

/** What is wrong where the second of two reads is another than the first; `undefined` where it is not. */
export function changedBetween([first, second]: readonly unknown[]): string | undefined {
  return isDeepStrictEqual(first, second) ? undefined : 'A read that came later has not seen what an earlier one had';
}

/** A put that two replicas hold, then a change that the two others have promised, and one of them holds. */
export function heardOfByWhoCompares(rules: Rules): readonly unknown[] {
  const cluster = openedWith({ replicas: 4, read: 2, write: 3, prepare: 2 }, 4, rules);
  cluster.run(0, (core) => core.put('k', 'old', undefined));
  cluster.call(0, (core) => core.put('k', 'put', undefined));
  cluster.exchange(0, 'accept', [2, 3]);
  ended(cluster, 0);
  cluster.call(1, (core) => core.update('k', (value) => `${String(value)} changed`, undefined));
  cluster.exchange(1, 'prepare', [0, 1]);
  cluster.exchange(1, 'accept', [0]);
  ended(cluster, 1);
  const change = cluster.change(membership(0b1101));
  cluster.proceed(change);
  cluster.compare(change, 2, [0, 1]); // Two of four are who reads, but not who promises.
  if (change.step === 'comparing') cluster.compare(change, 2);
  cluster.proceed(change);
  return readTwice(cluster, [0], [3]);
}

/** A put that only a newcomer has heard of, and a change that has not, held by one who stays; neither is compared. */
export function storedByNobodyElse(rules: Rules): readonly unknown[] {
  const cluster = openedWith({ replicas: 3 }, 7, rules);
  cluster.run(0, (core) => core.put('k', 'old', undefined));
  cluster.call(0, (core) => core.put('k', 'put', undefined));
  cluster.exchange(0, 'accept', [0]);
  ended(cluster, 0);
  const change = cluster.change(membership(0b111_1001));
  cluster.look();
  change.turn();
  for (const newcomer of [3, 4, 6]) cluster.recoverWithout(newcomer, 0);
  cluster.recoverWithout(5, 2);
  cluster.call(1, (core) => core.update('k', (value) => `${String(value)} changed`, undefined));
  cluster.exchange(1, 'prepare', [1, 2]);
  cluster.exchange(1, 'accept', [0]); // It forgets the put for the change.
  ended(cluster, 1);
  cluster.proceed(change);
  cluster.compare(change, 2, [0, 5]);
  cluster.proceed(change);
  assert.equal(change.step, 'done');
  return readTwice(cluster, [0], [3, 4]);
}

/**
 * A put of many keys reaches the members of before only when keys have moved: whoever stored one that is no longer his
 * would bring it back as one of his later, whatever became of it meanwhile.
 */
export function storedByWhoIsNoHome(rules: Rules): string | undefined {
  const cluster = openedWith({ replicas: 2, threads: 4 }, 5, rules);
  for (let key = 0; key < 20; key++) cluster.call(0, (core) => core.put(`k${key}`, key, undefined));
  cluster.asleep.add(0);
  cluster.reconfigure(membership(0b1_1110, { replicas: 2 }), 1);
  for (let frame = 0; frame < 20; frame++) cluster.reach(0, 'accept', [1, 2, 3]);
  const electorate = new Electorate(cluster.configuration, rules);
  for (const replica of [1, 2, 3, 4]) {
    for (const { hash } of cluster.replicaAt(replica).table.entries()) {
      if (((electorate.homesOf(hash) >>> replica) & 1) === 0) return `Replica ${replica} holds no key of its own`;
    }
  }
  return undefined;
}
