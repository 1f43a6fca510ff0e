// Seeded bugs of repair: what it hands on, to whom, and when it says that it is done.
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { Director } from '../replica/director.ts';
import { runSchedule } from '../replica/scheduler.ts';
import { RepairFixture } from '../replica/repair-fixture.ts';
import type { World } from '../replica/world.ts';
import { byRule } from './by-rule.ts';
import type { Catch, Catcher, Mutant } from './mutant.ts';
import { byDirection } from './world-catchers.ts';

const SEEDS_MAX = 4000;
const PRODUCTION_SEEDS = 150;

/** Random schedules with repairs among the operations, and one of every key at the end: all then hold the same. */
function repaired(rule: keyof Rules): Catcher {
  return {
    name: 'scheduler, repairs',
    catches: () => search({ ...RULES, [rule]: false }, SEEDS_MAX),
    flagsProduction: () => search(RULES, PRODUCTION_SEEDS)?.what,
  };
}

function search(rules: Rules, seedsMax: number): Catch | undefined {
  const options = { quorums: registerQuorums({ replicas: 3 }), repairs: 0.4, exchanges: 0.1, rules };
  for (let seed = 1; seed <= seedsMax; seed++) {
    const violation = runSchedule(seed, options);
    if (violation === undefined) continue;
    return { seeds: seed, events: undefined, what: violation.report.split('\n')[0]! };
  }
  return undefined;
}

/**
 * A put at level one is at A0 alone; A1 and A2 have promised more, so that they refuse it at its own ballot. The repair
 * has to propose it again, and only A0 can tell it what.
 */
function repairWeakPut(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v0' });
  director.exchange(0, 'accept', [0, 1, 2]);
  world.start(0, { kind: 'put', value: 'v1', level: 'one' });
  director.exchange(0, 'accept', [0]);
  director.loseAllOf(0);
  world.start(1, { kind: 'exchange', value: 'never' });
  director.exchange(1, 'prepare', [1, 2]);
  director.loseAllOf(1);
  world.endClient(1);
  world.start(2, { kind: 'get', isRepair: true });
  director.exchange(2, 'read', [0, 1, 2]);
  director.exchange(2, 'accept', [0, 1, 2]);
  director.exchange(2, 'read', [0, 1, 2]);
  director.exchange(2, 'prepare', [1, 2, 0]);
  director.exchange(2, 'accept', [0, 1, 2]);
  director.readAt(3, [1, 2]);
}

/** What nobody has overwritten is gone after a repair. */
function judgeWeakPut(world: World): string | undefined {
  const repair = world.calls.find(({ isRepair }) => isRepair);
  const late = world.calls.find(({ kind, start }) => kind === 'get' && start > (repair?.end ?? Infinity));
  return late?.value === 'v0' ? 'A repair has put an older value in the place of a newer one' : undefined;
}

/** One replica has missed a put, another a delete; they are compared and repaired. */
function diverged(rules: Rules): string | undefined {
  const fixture = new RepairFixture(3, { rules });
  fixture.put('deleted', 'v', [0, 1, 2]);
  fixture.put('deleted', undefined, [0, 1, 2]);
  fixture.put('missed', undefined, [0, 1]);
  const { isConverged } = fixture.repair();
  const holdings = new Set([0, 1, 2].map((replica) => fixture.holdingOf(replica).join('; ')));
  return isConverged && holdings.size > 1
    ? `Replicas are said to agree that hold ${[...holdings].join(' | ')}`
    : undefined;
}

/** A put does not fit the ring of one replica, which has room again later. */
function forgotten(rules: Rules): string | undefined {
  const fixture = new RepairFixture(3, { rules });
  const { cluster } = fixture;
  cluster.full.add(2);
  cluster.call(0, (core) => core.put('k', 'v', undefined));
  for (let step = 0; step < 4; step++) cluster.pass(13);
  cluster.exchange(0, 'accept', [0, 1]);
  cluster.full.clear();
  cluster.pass(13);
  cluster.settle();
  return fixture.holdingOf(2).length === 0 ? 'What a ring had no room for never reaches its replica' : undefined;
}

const without = (rule: keyof Rules, bug: string, ...catchers: readonly Catcher[]): Mutant => ({
  bug,
  layer: 'repair',
  removed: `rule ${rule}`,
  catchers: catchers.length > 0 ? catchers : [repaired(rule)],
});

export const REPAIR_MUTANTS: readonly Mutant[] = [
  without('repairsAll', 'A repair ends once anybody holds what it hands on'),
  without('repairsNewest', 'A repair hands on the older of two entries'),
  without('repairsTombstones', 'A repair takes a tombstone for nothing, and brings back what was deleted'),
  without(
    'keepsOmissions',
    'A write that a ring had no room for is never handed on',
    byRule('keepsOmissions', forgotten, 'directed, omission'),
  ),
  without(
    'digestsTombstones',
    'Digests leave tombstones out',
    byRule('digestsTombstones', diverged, 'directed, whole repair'),
  ),
  without(
    'repairsHeedAll',
    'A repair proposes what a quorum holds over what one replica holds newer',
    byDirection(repairWeakPut, { broken: { rules: { ...RULES, repairsHeedAll: false } }, wrong: judgeWeakPut }),
  ),
];
