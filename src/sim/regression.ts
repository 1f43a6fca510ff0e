// A failure as a file: the plan that fails, and how. It is run for ever, and says what was wrong when it was found.
import { QuorateError } from '../base/errors.ts';
import { RULES } from '../protocol/rules.ts';
import type { Rules } from '../protocol/rules.ts';
import type { SimPlan } from './cluster/plan.ts';

/** What a regression file holds. */
export interface Regression {
  readonly format: 'quorate-sim-1';
  /** What was wrong, for people. */
  readonly violation: string;
  /** Rules of the protocol that were taken away, by name; empty for a failure of production. */
  readonly without: readonly string[];
  readonly plan: SimPlan;
}

/** The text of a regression file. */
export function regressionText(regression: Omit<Regression, 'format'>): string {
  return `${JSON.stringify({ format: 'quorate-sim-1', ...regression }, undefined, 1)}\n`;
}

/**
 * Reads the text of a regression file.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` when it is none.
 */
export function parseRegression(text: string): Regression {
  const parsed = parseJson(text);
  if (!isRegression(parsed)) {
    throw new QuorateError('ERR_QUORATE_TRACE', 'Cannot replay the file: it is no regression of quorate sim');
  }
  return parsed;
}

/**
 * The rules of production without those named.
 *
 * @throws {QuorateError} `ERR_QUORATE_CONFIGURATION` when there is no such rule.
 */
export function rulesWithout(names: readonly string[]): Rules {
  const rules: Record<string, boolean> = { ...RULES };
  for (const name of names) {
    if (!Object.hasOwn(RULES, name)) {
      const known = Object.keys(RULES).join(', ');
      throw new QuorateError('ERR_QUORATE_CONFIGURATION', `Cannot take away the rule ${name}: the rules are ${known}`);
    }
    rules[name] = false;
  }
  return { ...RULES, ...rules };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new QuorateError('ERR_QUORATE_TRACE', 'Cannot replay the file: it is no JSON', { cause });
  }
}

function isRegression(value: unknown): value is Regression {
  if (!isRecord(value) || value['format'] !== 'quorate-sim-1' || !Array.isArray(value['without'])) return false;
  const { plan } = value;
  if (!isRecord(plan) || plan['version'] !== 1) return false;
  const isWhole = Array.isArray(plan['operations']) && Array.isArray(plan['faults']);
  return isWhole && isRecord(plan['cluster']) && isRecord(plan['network']) && typeof plan['seed'] === 'number';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
