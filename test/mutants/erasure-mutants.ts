// Seeded bugs of erasing deletions.
import type { Rules } from '../../src/protocol/rules.ts';
import { DANGERS } from '../replica/erasures.ts';
import type { Danger } from '../replica/erasures.ts';
import { byRule } from './by-rule.ts';
import type { Catcher, Mutant } from './mutant.ts';
import { simulatedErasures } from './sim-catcher.ts';

const SEEDS = 1000;

const without = (rule: keyof Rules, bug: string, catcher: Catcher): Mutant => ({
  bug,
  layer: 'erasing',
  removed: `rule ${rule}`,
  source: 'register-schedules 7',
  catchers: [catcher],
});

export const ERASURE_MUTANTS: readonly Mutant[] = [
  without('refusesErased', 'A replica accepts again what it has erased', simulatedErasures('refusesErased', SEEDS)),
  without('heedsErased', 'A write is proposed again that was erased', simulatedErasures('heedsErased', SEEDS)),
  without('erasesConfirmed', 'What one replica has deleted is erased', simulatedErasures('erasesConfirmed', SEEDS)),
  without('recoversErased', 'A replica without memory accepts what others have erased', directed('recoversErased')),
  without('erasesExactly', 'What has come since a deletion was confirmed is erased', directed('erasesExactly')),
  without('asksAllForErased', 'A session takes its own write for deleted', directed('asksAllForErased')),
  without('heedsLosses', 'A session takes for deleted what was lost', directed('heedsLosses')),
  without('keepsSeen', 'A session waits for more than was ever written', directed('keepsSeen')),
  without('coversUnreported', 'A recovered replica lacks a promise that was erased', directed('coversUnreported')),
];

/** The schedules of erasing that a rule answers. */
function directed(rule: keyof Rules): Catcher {
  const dangers = DANGERS.filter((danger) => danger.rule === rule);
  return byRule(rule, (rules) => dangers.find((danger) => isWrong(danger, rules))?.title);
}

function isWrong({ play, right }: Danger, rules: Rules): boolean {
  const found = play(rules);
  return typeof found !== 'object' || found === null || !('outcome' in found) || !('outcome' in right)
    ? true
    : found.outcome !== right.outcome;
}
