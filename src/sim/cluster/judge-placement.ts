// Whether every replica holds only keys that it is a home of, whatever was lost, repeated or late.
import { keyText } from './probe.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { Violation } from './judge.ts';

/** A key that lies where it does not belong; `undefined` when there is none. */
export function judgePlacement({ replicas, electorate, engine }: SimCluster): Violation | undefined {
  for (const [index, { replica }] of replicas.entries()) {
    for (const { hash, key, keyBytes } of replica?.table.entries() ?? []) {
      if (((electorate.homesOf(hash) >>> index) & 1) === 1) continue;
      const name = keyText(key, keyBytes);
      return {
        kind: 'placement',
        key: name,
        text: `${engine.trace.nodes[index]!.name} holds ${name}, no key of its own`,
      };
    }
  }
  return undefined;
}
