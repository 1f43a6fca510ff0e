// A catcher that plays the same under all rules, and without one of them.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { Catcher } from './mutant.ts';

/** Catches that `rule` is missing by what `wrongUnder` sees wrong under the rules that it is given. */
export function byRule(
  rule: keyof Rules,
  wrongUnder: (rules: Rules) => string | undefined,
  name = 'directed',
): Catcher {
  return {
    name,
    catches: () => {
      const what = wrongUnder({ ...RULES, [rule]: false });
      return what === undefined ? undefined : { seeds: 0, events: undefined, what };
    },
    flagsProduction: () => wrongUnder(RULES),
  };
}
