// The explorer as a catcher: three replicas, in every order of frames, votes, crashes and recovery, until a history is
// wrong. What it finds is found for certain, and the trace is a shortest one.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import { explore } from '../../src/sim/explorer/explore.ts';
import { ClusterModel } from '../sim/explorer/cluster-model.ts';
import type { ClusterOptions } from '../sim/explorer/cluster-model.ts';
import type { Catch, Catcher } from './mutant.ts';

/** What clients do, and who may die. */
export type Scenario = Pick<ClusterOptions, 'scripts' | 'crashesMax'>;

/** A put and a get at the same time, in which nobody dies; a put, while any replica dies and recovers. */
export const PUT_AND_GET: Scenario = { scripts: [['v0'], ['get']] };
export const PUT_AND_CRASH: Scenario = { scripts: [['v0']], crashesMax: 1 };

const QUORUMS = registerQuorums({ replicas: 3 });
const STATES_MAX = 20_000;

/** Every schedule of a scenario, without one rule, until the first wrong one. */
export function explored(rule: keyof Rules, scenario: Scenario): Catcher {
  const search = (rules: Rules): Catch | undefined => {
    const { verdict, reason, path } = explore(new ClusterModel({ quorums: QUORUMS, rules, ...scenario }), {
      statesMax: STATES_MAX,
    });
    return verdict === 'wrong' ? { seeds: 0, events: path.length - 1, what: reason } : undefined;
  };
  return {
    name: 'explorer',
    catches: () => search({ ...RULES, [rule]: false }),
    flagsProduction: () => search(RULES)?.what,
  };
}
