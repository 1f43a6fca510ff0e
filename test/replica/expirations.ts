// Clusters whose values expire, and what could go wrong there: each schedule ends in what its callers are told.
import assert from 'node:assert/strict';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { ClientCore } from '../../src/replica/client-core.ts';
import { CoreCluster } from './core-cluster.ts';

/** After which time values expire here. */
export const TTL_MS = 50;
export const OPTIONS = { timeoutMs: 1_000_000 } as const;
export const EXPIRING = { ...OPTIONS, ttlMs: TTL_MS } as const;

/** Three clients on three replicas; all rules but for some. */
export function expiringCluster(rules: Rules = RULES): CoreCluster {
  return new CoreCluster({ quorums: registerQuorums({ replicas: 3 }), clients: 3, rules });
}

/** What could go wrong. */
export interface Danger {
  readonly title: string;
  /** What its callers are told, by these rules. */
  readonly play: (rules: Rules) => unknown;
  readonly right: unknown;
  readonly wrong: unknown;
}

/** All of them are kept from happening by the rule `deletesExpired`. */
export const DANGERS: readonly Danger[] = [
  {
    title: 'An increment of an expired counter lands after a read that found it absent',
    play: (rules) => lateIncrement(rules, (core) => core.get('k', OPTIONS)),
    right: [{ outcome: 'absent' }, 1, 1],
    wrong: [{ outcome: 'absent' }, 6, 6],
  },
  {
    title: 'An increment of an expired counter lands after a scan that left it out',
    play: (rules) => lateIncrement(rules, (core) => core.scan('', OPTIONS)),
    right: [{ outcome: 'ok', entries: [] }, 1, 1],
    wrong: [{ outcome: 'ok', entries: [] }, 6, 6],
  },
  {
    title: 'An increment of an expired counter lands after a session that found it absent',
    play: (rules) => lateIncrement(rules, (core) => core.session('test', { readLevel: 'quorum' }).get('k', OPTIONS)),
    right: [{ outcome: 'absent' }, 1, 1],
    wrong: [{ outcome: 'absent' }, 6, 6],
  },
];

/**
 * What somebody is told of a counter that has expired; then what an increment comes to that was computed before, and
 * lets it live longer; then what everybody reads: the schedule of expired-reads.ts.
 */
export function lateIncrement(rules: Rules, ask: (core: ClientCore) => Parameters<ClientCore['submit']>[0]): unknown {
  const cluster = expiringCluster(rules);
  cluster.run(1, (core) => core.put('k', 5, EXPIRING));
  const increment = cluster.call(0, (core) => core.increment('k', 1, { ...OPTIONS, ttlMs: 100 * TTL_MS }));
  cluster.exchange(0, 'prepare', [0, 1, 2]); // It has computed 6, and its accepts are under way.
  cluster.asleep.add(0);
  cluster.pass(TTL_MS);
  const told = cluster.run(1, ask);
  assert.equal(increment.result, undefined);
  cluster.asleep.clear();
  cluster.settle();
  const read = cluster.run(2, (core) => core.get('k', OPTIONS));
  return [told, ...[increment.result, read].map((result) => (result as { readonly value: unknown }).value)];
}
