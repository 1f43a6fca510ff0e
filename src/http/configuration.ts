// The environment variables of the service. A pure function: who calls it reads the environment, and prints the error.
import { QuorateError } from '../base/errors.ts';
import { REPLICAS_MAX } from '../base/limits.ts';

/** What the environment says of the service. */
export interface ServiceConfiguration {
  /** `PORT`, from 0 to 65535; default 3000. */
  readonly port: number;
  /** `NODE_COUNT`, from 1 to 15; default 5. */
  readonly replicas: number;
  /** `READ_QUORUM`, from 1 to `replicas`; default 3 of 5, else a majority. */
  readonly read: number;
  /** `WRITE_QUORUM`, from 1 to `replicas`; default 4 of 5, else a majority. */
  readonly write: number;
}

const REPLICAS_DEFAULT = 5;
const WRITE_DEFAULT = 4; // With 5 replicas; the majority is 3.

/**
 * Reads `PORT`, `NODE_COUNT`, `READ_QUORUM` and `WRITE_QUORUM`; a variable that is empty counts as unset. Pure.
 *
 * @throws {QuorateError} `ERR_QUORATE_CONFIGURATION`, which names the variable in its message and fields.
 * @example
 * ```ts
 * import { readConfiguration } from 'quorate/http';
 *
 * console.log(readConfiguration({ NODE_COUNT: '7' })); // { port: 3000, replicas: 7, read: 4, write: 4 }
 * ```
 */
export function readConfiguration(env: Readonly<Record<string, string | undefined>>): ServiceConfiguration {
  const port = integerOf(env, 'PORT', { min: 0, max: 65_535, whenUnset: 3000 });
  const replicas = integerOf(env, 'NODE_COUNT', { min: 1, max: REPLICAS_MAX, whenUnset: REPLICAS_DEFAULT });
  const majority = Math.floor(replicas / 2) + 1;
  const read = integerOf(env, 'READ_QUORUM', { min: 1, max: replicas, whenUnset: majority });
  const whenUnset = replicas === REPLICAS_DEFAULT ? WRITE_DEFAULT : majority;
  const write = integerOf(env, 'WRITE_QUORUM', { min: 1, max: replicas, whenUnset });
  if (read + write <= replicas) {
    const given = `READ_QUORUM ${read} with WRITE_QUORUM ${write}`;
    const message = `Cannot use ${given}: their sum must exceed NODE_COUNT ${replicas}, or reads may miss writes`;
    throw refused('WRITE_QUORUM', String(write), message);
  }
  return { port, replicas, read, write };
}

interface IntegerRule {
  readonly min: number;
  readonly max: number;
  readonly whenUnset: number;
}

function integerOf(env: Readonly<Record<string, string | undefined>>, variable: string, rule: IntegerRule): number {
  const text = env[variable];
  if (text === undefined || text === '') return rule.whenUnset;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= rule.min && value <= rule.max) return value;
  const allowed = `an integer from ${rule.min} to ${rule.max}`;
  throw refused(variable, text, `Cannot use ${variable} ${JSON.stringify(text)}: it must be ${allowed}`);
}

function refused(variable: string, value: string, message: string): QuorateError {
  return new QuorateError('ERR_QUORATE_CONFIGURATION', message, { fields: { variable, value } });
}
