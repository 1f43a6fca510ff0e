// Whether the replicas of a healed core agree, once nobody writes any more.
import type { Operation as HistoryOperation } from '../../check/history.ts';
import { checkConvergence } from '../../check/staleness-convergence.ts';
import { hashOf } from '../../replica/key-bytes.ts';
import { keyInState } from './client.ts';
import type { Call } from './client.ts';
import { historyOf, withoutExchanges } from './judge-history.ts';
import type { Finding } from './judge-history.ts';
import { keysOf } from './plan.ts';
import { heldNumber, keyText } from './probe.ts';
import type { SimCluster } from './sim-cluster.ts';

/** What one replica holds: the number of the value by key, 0 where it was deleted. */
export interface Holding {
  readonly name: string;
  readonly values: ReadonlyMap<string, number>;
  /** Whether the replica is to hold a key of the history; where it is left out, it is to hold all of them. */
  readonly isHome?: (key: string) => boolean;
}

/** What the replicas of a mask hold. */
export function holdingsOf({ replicas, engine, life, electorate, plan }: SimCluster, core: number): Holding[] {
  const homes = new Map(
    keysOf(plan).map((key) => [keyInState(key, life.resets), electorate.homesOf(hashOf(key))] as const),
  );
  return replicas.flatMap(({ replica }, index) => {
    if (((core >>> index) & 1) === 0 || replica === undefined) return [];
    const values = new Map<string, number>();
    for (const entry of replica.table.entries()) {
      values.set(keyInState(keyText(entry.key, entry.keyBytes), life.resets), heldNumber(entry));
    }
    const isHome = (key: string): boolean => ((homes.get(key)! >>> index) & 1) === 1;
    return [{ name: engine.trace.nodes[index]!.name, values, isHome }];
  });
}

/** What is wrong when no call is open and no message under way any more; `undefined` when all hold the same. */
export function judgeConvergence(calls: readonly Call[], holdings: readonly Holding[]): Finding | undefined {
  // Deletes write the same and are told apart by when they were called: a key ends with a value, so nobody reads them.
  const writes = historyOf(calls, [])
    .map(withoutExchanges)
    .filter(({ call }) => call === 'write')
    .map((write): HistoryOperation =>
      write.input === null ? Object.assign({}, write, { input: `deleted at ${write.start}` }) : write,
    );
  const end = 1 + calls.reduce((last, { start, end: returned = 0 }) => Math.max(last, start, returned), 0);
  const keys = new Set(calls.filter(({ kind }) => kind !== 'scan').map(({ key }) => key));
  const reads = holdings.flatMap(({ name, values, isHome = () => true }) =>
    [...keys].filter(isHome).map((key): HistoryOperation => {
      const value = values.get(key) ?? 0;
      const output = value === 0 ? null : value;
      return { process: name, key, call: 'read', input: undefined, output, start: end, end: end + 1 };
    }),
  );
  const verdict = checkConvergence([...writes, ...reads]);
  if (verdict.verdict === 'ok') return undefined;
  if (verdict.verdict === 'unknown') return { key: undefined, text: `Not decided: ${verdict.reason}` };
  return verdict.explanation;
}
