// Seeded bugs of changes of members.
import { registerQuorums } from '../../src/quorum/index.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { CoreCluster } from '../replica/core-cluster.ts';
import { AFTER_MS, worldOver } from '../replica/erasures.ts';
import {
  changedBetween,
  heardOfByWhoCompares,
  storedByNobodyElse,
  storedByWhoIsNoHome,
} from '../replica/member-schedules.ts';
import { byRule } from './by-rule.ts';
import type { Catcher, Mutant } from './mutant.ts';
import { simulatedMembers } from './sim-catcher.ts';

const SEEDS = 400;

const without = (rule: keyof Rules, bug: string, catcher: Catcher = simulatedMembers(rule, SEEDS)): Mutant => ({
  bug,
  layer: 'members',
  removed: `rule ${rule}`,
  catchers: [catcher],
});

export const MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  without('decidesJointly', 'New members decide alone while old ones still do'),
  without('rescansRegisters', 'New members decide alone before they hold what the old ones had decided'),
  without('forgetsMovedKeys', 'A replica keeps keys that have moved away'),
  without(
    'refusesOldFrames',
    'A replica stores what was asked of the members of before',
    byRule('refusesOldFrames', storedByWhoIsNoHome),
  ),
  without('voidsOldVotes', 'Answers of the members of before count among those of now'),
  without(
    'erasesWhenStable',
    'A deletion is erased while a newcomer holds what it had overwritten',
    byRule('erasesWhenStable', erasedMeanwhile, 'directed, newcomer'),
  ),
  without(
    'comparesPromised',
    'Who compares meets nobody who knows what an entry was to follow',
    byRule('comparesPromised', (rules) => changedBetween(heardOfByWhoCompares(rules))),
  ),
  without(
    'barsOldBallots',
    'Only new members have heard of an entry, and only old ones of what is newer',
    byRule('barsOldBallots', (rules) => changedBetween(storedByNobodyElse(rules))),
  ),
];

/** A newcomer takes over a value, which is deleted then; its deletion is erased where that is, and only there. */
function erasedMeanwhile(rules: Rules): string | undefined {
  const cluster = new CoreCluster({ quorums: registerQuorums({ replicas: 3 }), clients: 3, places: 4, rules });
  const { collect } = worldOver(cluster, rules);
  cluster.run(0, (core) => core.put('k', 'deleted', undefined));
  const change = cluster.change({ members: 0b1110, quorums: registerQuorums({ replicas: 3 }) });
  cluster.look();
  change.turn();
  cluster.recoverAll();
  cluster.run(0, (core) => core.delete('k', undefined));
  collect(20 * AFTER_MS);
  cluster.proceed(change);
  cluster.compare(change, 1);
  cluster.proceed(change);
  const read = cluster.run(1, (core) => core.get('k', undefined));
  const isBack = typeof read === 'object' && read !== null && 'value' in read && read.value === 'deleted';
  return isBack ? 'A deleted value is back once members have changed' : undefined;
}
